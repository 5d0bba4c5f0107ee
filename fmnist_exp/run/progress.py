"""How a run shows that it is alive.

A single run has a live bar on a terminal, and a line per epoch elsewhere. A run of a sweep may
train in another process or on another machine: it tells of itself in a small file, from which
`sweep_progress` shows all runs together.
"""

import contextlib
import json
import logging
import math
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from fmnist_exp.files import read_regular
from fmnist_exp.run.display import Display, in_words, live_console

log = logging.getLogger(__name__)
FILE = ".progress.json"
MAX_FILE_BYTES = 1000
FILE_SECONDS = 1.0  # least time between two writings of the file
BAR_SECONDS = 0.1  # least time between two drawings of the bar


@dataclass(frozen=True)
class Epochs:
    """How far a run has come, as its file says.

    Attributes:
        epoch: epochs trained.
        num_epochs: the most epochs that the run may take.
        validation_accuracy: of the last epoch, a fraction.
    """

    epoch: int
    num_epochs: int
    validation_accuracy: float


class EpochProgress:
    """Shows each epoch of one run as it ends; the log file gets a line per epoch in any case.

    Args:
        num_epochs: the most epochs that the run may take.
        sweep_file: where a run of a sweep tells of itself, instead of showing anything.
    """

    def __init__(self, num_epochs: int, sweep_file: Path | None = None) -> None:
        self.num_epochs = num_epochs
        self.sweep_file = sweep_file
        self.told = -math.inf
        self.seconds = 0.0  # of all epochs but the first
        self.level = logging.INFO
        self.display: Display | None = None
        if sweep_file is not None:
            self.level = logging.DEBUG  # for the log file only
        elif (console := live_console()) is not None:
            self.level = logging.DEBUG
            self.display = Display(console, len("epoch"))

    def __enter__(self) -> "EpochProgress":
        """Show the bar on a terminal."""
        if self.display is not None:
            self.display.start()
            self.bar = self.display.add("epoch")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar, or the file, away."""
        if self.display is not None:
            self.display.stop()
        if self.sweep_file is not None:
            with contextlib.suppress(OSError):
                self.sweep_file.unlink(missing_ok=True)

    def show(self, row: Mapping[str, float]) -> None:
        """Show one epoch; keys as in `records.HISTORY_COLUMNS`."""
        epoch = int(row["epoch"])
        accuracy = f"validation accuracy {row['validation_accuracy']:.4f}"
        left = []
        if epoch > 1:  # the first holds the compilation, and says little of the others
            self.seconds += row["seconds"]
            seconds = self.seconds / (epoch - 1) * (self.num_epochs - epoch)
            left = [f"at most {in_words(seconds)} left"] if seconds >= 1 else []
        log.log(
            self.level,
            "epoch %*d/%d  loss %.4f  validation loss %.4f  %s  %s",
            len(str(self.num_epochs)),
            epoch,
            self.num_epochs,
            row["train_loss"],
            row["validation_loss"],
            accuracy,
            ", ".join([f"{row['seconds']:.2f} s", *left]),
        )
        now = time.perf_counter()
        least = BAR_SECONDS if self.sweep_file is None else FILE_SECONDS
        if now - self.told < least:
            return
        self.told = now
        if self.display is not None:
            parts = [accuracy, *left, f"loss {row['train_loss']:.4f}"]
            self.display.show(self.bar, "epoch", (epoch, self.num_epochs), parts)
        if self.sweep_file is not None:
            _write(self.sweep_file, Epochs(epoch, self.num_epochs, row["validation_accuracy"]))


def read_epochs(path: Path) -> Epochs | None:
    """How far a run has come; None if it says nothing."""
    try:
        values = Epochs(**json.loads(read_regular(path, MAX_FILE_BYTES)))
        return Epochs(int(values.epoch), int(values.num_epochs), float(values.validation_accuracy))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, epochs: Epochs) -> None:
    """Replace the file at once, without waiting for the disk: a lost one says too little.

    A full disk is left to be found out by what matters.
    """
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".tmp")
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(epochs), file)
        os.replace(name, path)
