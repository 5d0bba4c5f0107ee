"""What is used of Keras beyond its public interface, with the reasons; TensorFlow is not imported.

All of it was tried with Keras `TRIED`, and pyproject.toml admits no later one. Besides this module
only `config/keras_classes.py` looks into Keras: it reads the text of keras/src.
`tests/engine/test_keras_private.py` and `tests/config/test_keras_classes.py` hold both against the
version that is installed.
"""

from importlib import metadata
from pathlib import Path
from typing import Any

TRIED = "3.15"
# Adam's two moments, each a list in the order of the variables: C code goes on with them.
MOMENTS = ("_momentums", "_velocities")
# What Keras itself sets on a callback when `fit` begins, and no part of what the callback learns;
# `monitor_op` follows from the metric's name.
SET_ON_CALLBACKS = {"params", "_params", "model", "_model", "monitor_op", "validation_data"}


def moments_moved() -> str | None:
    """Why C code cannot go on with the moments of the Keras that is installed; None if it can."""
    adam = Path(str(metadata.distribution("keras").locate_file("keras/src/optimizers/adam.py")))
    if adam.is_file() and all(f"self.{name}" in adam.read_text("utf-8") for name in MOMENTS):
        return None
    return f"Keras {metadata.version('keras')} keeps Adam's moments elsewhere than Keras {TRIED}"


def moments(adam: Any, variables: list[Any]) -> dict[int, list[Any]]:
    """Both moments of each of the variables that an Adam was built for, by the variable's `id`."""
    first, second = (getattr(adam, name) for name in MOMENTS)
    return {id(each): pair for each, *pair in zip(variables, first, second, strict=True)}
