"""A config-driven laboratory for dense neural networks on Fashion-MNIST.

In a notebook: `load` reads what was trained, `compose` and `run_config` train one more run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmnist_exp.api import compose, load, run_config

__version__ = "0.1.0"
__all__ = ["__version__", "compose", "load", "run_config"]


def __getattr__(name: str) -> Any:
    """What `__all__` names, imported when it is first used: pandas and Hydra take a second."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.api"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
