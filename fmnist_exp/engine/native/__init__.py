"""Training by C code: optional, and behind one question, `why_not`.

Nothing here imports TensorFlow, but for `build_trainer`.
"""

from typing import TYPE_CHECKING

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine.keras_private import moments_moved
from fmnist_exp.engine.native import c_library

if TYPE_CHECKING:
    from fmnist_exp.data.loading import DataSplits
    from fmnist_exp.engine.backend import keras
    from fmnist_exp.engine.native.trainer import NativeTrainer

ADAM_ARGUMENTS = {"learning_rate", "beta_1", "beta_2", "epsilon"}  # that epoch.c knows of


def why_not(config: RunConfig) -> str | None:
    """Why C code cannot train a config here; None if it can."""
    return unknown(config) or missing()


def unknown(config: RunConfig) -> str | None:
    """The half of `why_not` that holds on every machine: what the C code does not know."""
    if config.model.activation != "relu":
        return f"the C code does not know model.activation={config.model.activation}"
    if config.optimizer.class_name != "Adam":
        return f"the C code does not know optimizer.class_name={config.optimizer.class_name}"
    for name, value in config.optimizer.config.items():
        if name not in ADAM_ARGUMENTS:
            return f"the C code does not know optimizer.config.{name}={value}"
    return None


def missing() -> str | None:
    """The half of `why_not` that holds for every config: why this machine has no C code."""
    library = c_library.load("float32")
    return library if isinstance(library, str) else moments_moved()


def build_trainer(model: "keras.Model", splits: "DataSplits", batch_size: int) -> "NativeTrainer":
    """The trainer of a config that C code can train; arguments as `EpochTrainer`."""
    from fmnist_exp.engine.native.trainer import NativeTrainer

    return NativeTrainer(model, splits, batch_size)
