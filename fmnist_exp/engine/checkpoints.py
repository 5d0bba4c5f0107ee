"""The state of a run between two epochs, saved and put back to the last bit.

Saved are the weights, the optimizer's variables (with its learning rate and step count, from
which dropout draws its masks), what every callback has learned, and the history. The visiting
order follows from the seed and the number of epochs; a run that goes on draws it anew.
"""

import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp import files
from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.engine.backend import keras
from fmnist_exp.engine.keras_private import SET_ON_CALLBACKS
from fmnist_exp.errors import RecordError
from fmnist_exp.files import read_arrays
from fmnist_exp.rundir.tables import Epoch

log = logging.getLogger(__name__)

# The history; of each callback attribute -> value; the variables of model and optimizer, and more.
Saved = tuple[list[Epoch], list[dict[str, Any]], list[np.ndarray]]
MAX_BYTES = 4_000_000_000  # of a saved state; a few MB are usual
PLACE = "array"  # the key that names an array of the file, by its name in it


class Checkpointer(keras.callbacks.Callback):
    """Saves the state of a run between epochs, and puts a saved one back before the first.

    It must be the last of the callbacks: what it saves is what all others have made of the epoch.

    Args:
        path: the file, one for each run.
        seconds: least time between two saves, so that none slows down many epochs.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__()
        self.path = path
        self.seconds = seconds

    def begin(self, callbacks: Sequence[keras.callbacks.Callback], rows: list[Epoch]) -> None:
        """Read the saved state, if there is one.

        Args:
            callbacks: the callbacks whose state belongs to the run.
            rows: the history; filled with the saved one at once.
        """
        self.callbacks = callbacks
        self.rows = rows
        self.found = None
        try:
            self.found = _read(self.path)
        except OSError as error:
            reason = error.strerror or error
            self._give_up(f"the saved state {self.path} cannot be read: {reason}")
        if self.found is not None:
            rows[:] = self.found[0]
        self.saved = time.monotonic()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put the saved state back, after the other callbacks have begun anew."""
        if self.found is None:
            return
        _, states, arrays = self.found
        for variable, value in zip(self._variables(), arrays, strict=False):
            variable.assign(value)
        for callback, state in zip(self.callbacks, states, strict=True):
            vars(callback).update(state)
        self.found = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save, unless the run ends here or was saved a moment ago."""
        ends = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if not ends and time.monotonic() - self.saved >= self.seconds:
            try:
                self.write()
            except (RecordError, TypeError) as error:
                self._give_up(str(error))
            self.saved = time.monotonic()

    def write(self) -> None:
        """Save the state of the run, atomically.

        Raises:
            RecordError: it cannot be written.
            TypeError: a callback holds what is neither plain nor an array.
        """
        arrays = [variable.numpy() for variable in self._variables()]
        rows, states = map(asdict, self.rows), map(learned, self.callbacks)
        text = json.dumps([[*rows], [*states]], default=partial(_place_of, arrays))
        with files.atomic_path(self.path) as temporary:
            np.savez(temporary, *arrays, state=np.array(text))

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _give_up(self, reason: str) -> None:
        """Train on without saving: a state is a help, and its loss none to the run."""
        log.warning("no state of this run is saved any more: %s", reason)
        self.seconds = math.inf


def learned(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """What a callback has found out during training: neither its arguments nor Keras's links."""
    arguments = keras_classes("callbacks").get(type(callback).__name__, {})  # or one of ours
    others = SET_ON_CALLBACKS | arguments.keys()
    return {name: value for name, value in vars(callback).items() if name not in others}


def _place_of(arrays: list[np.ndarray], value: Any) -> Any:
    """What stands in the text for a value that JSON does not know; an array goes to the others."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a callback holds a {type(value).__name__}")
    arrays.append(value)
    return {PLACE: f"arr_{len(arrays) - 1}"}


def _read(path: Path) -> Saved | None:
    """A saved state; None without one that is intact.

    Raises:
        OSError: there is one that cannot be read.
    """
    try:
        found = read_arrays(path, MAX_BYTES)
        text = str(found.pop("state"))
        rows, states = json.loads(
            text, object_hook=lambda each: found[each[PLACE]] if PLACE in each else each
        )
        arrays = [found[f"arr_{place}"] for place in range(len(found))]
        return [Epoch(**row) for row in rows], states, arrays
    except FileNotFoundError:
        return None
    except files.DAMAGES as error:
        log.warning("the saved state %s is damaged; the run begins anew: %s", path, error)
        return None
