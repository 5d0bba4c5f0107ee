"""The state of a run between two epochs, saved and put back to the last bit.

Saved are the weights, the optimizer's variables (with its learning rate and step count, from
which dropout draws its masks), what every callback has learned, and the history. The visiting
order follows from the seed and the number of epochs; a run that goes on draws it anew.
"""

import json
import logging
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp import records
from fmnist_exp.backend import keras
from fmnist_exp.keras_classes import keras_classes

log = logging.getLogger(__name__)

Rows = list[dict[str, float]]
PLAIN = (bool, int, float, str, type(None))
# Set by Keras itself when `fit` begins; `monitor_op` follows from the metric's name.
SET_BY_KERAS = {"params", "_params", "model", "_model", "monitor_op", "validation_data"}


class Checkpointer(keras.callbacks.Callback):
    """Saves the state of a run after an epoch, at most once in so many seconds.

    It must be the last of the callbacks: what it saves is what all others have made of the epoch.

    Args:
        path: the file.
        seconds: least time between two saves; an epoch is never slowed down more often.
        callbacks: the callbacks whose state belongs to the run.
        rows: the history so far; grows with every epoch.
    """

    def __init__(
        self, path: Path, seconds: float, callbacks: Sequence[keras.callbacks.Callback], rows: Rows
    ) -> None:
        super().__init__()
        self.path = path
        self.seconds = seconds
        self.callbacks = callbacks
        self.rows = rows
        self.found = _read(path)
        self.saved = time.monotonic()

    @property
    def num_epochs(self) -> int:
        """How many epochs the run had when its state was saved; 0 without one."""
        return 0 if self.found is None else len(self.found[0]["rows"])

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put a saved state back, after the other callbacks have begun anew."""
        if self.found is None:
            return
        state, arrays = self.found
        for variable, name in zip(_variables(self.model), sorted(_of(arrays, "variable")), strict=True):
            variable.assign(arrays[name])
        for index, (callback, values) in enumerate(
            zip(self.callbacks, state["callbacks"], strict=True)
        ):
            for name, value in values.items():
                setattr(callback, name, value)
            lists = {name.split("/")[2] for name in _of(arrays, f"callback/{index}")}
            for name in lists:
                parts = sorted(_of(arrays, f"callback/{index}/{name}"))
                setattr(callback, name, [arrays[part] for part in parts])
        self.rows[:] = state["rows"]

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save, unless the run ends here or was saved a moment ago."""
        if self.model.stop_training or time.monotonic() - self.saved < self.seconds:
            return
        write(self.path, self.model, self.callbacks, self.rows)
        self.saved = time.monotonic()


def write(
    path: Path, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], rows: Rows
) -> None:
    """Save the state of a run, atomically.

    Args:
        path: the file, one for each run.
        model: the trainer, with its optimizer.
        callbacks: callbacks whose state belongs to the run.
        rows: the history so far.
    """
    arrays = {
        f"variable/{index:04}": variable.numpy() for index, variable in enumerate(_variables(model))
    }
    states = []
    for index, callback in enumerate(callbacks):
        plain = {}
        for name, value in learned(callback).items():
            if isinstance(value, list):
                arrays |= {f"callback/{index}/{name}/{i:04}": part for i, part in enumerate(value)}
            else:
                plain[name] = value
        states.append(plain)
    arrays["state"] = np.array(json.dumps({"rows": rows, "callbacks": states}))
    records.write_atomically(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def learned(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """What a callback has found out during training: neither its arguments nor Keras's links.

    Raises:
        TypeError: it holds something that is neither plain nor a list of arrays.
    """
    given = keras_classes("callbacks")[type(callback).__name__].arguments
    found = {}
    for name, value in vars(callback).items():
        if name in given or name in SET_BY_KERAS:
            continue
        if isinstance(value, np.generic):
            value = value.item()
        is_arrays = isinstance(value, list) and all(isinstance(v, np.ndarray) for v in value)
        if not isinstance(value, PLAIN) and not is_arrays:
            raise TypeError(f"{type(callback).__name__}.{name} holds a {type(value).__name__}")
        found[name] = value
    return found


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """State and arrays of a saved file; None if there is none that can be read."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(str(arrays.pop("state"))), arrays
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("the saved state %s is damaged; the run begins anew: %s", path, error)
        return None


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def _of(arrays: dict[str, np.ndarray], start: str) -> list[str]:
    return [name for name in arrays if name.startswith(f"{start}/")]
