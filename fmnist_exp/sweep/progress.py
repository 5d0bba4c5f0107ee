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
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from fmnist_exp.files import read_regular

log = logging.getLogger(__name__)
FILE = ".progress.json"
MAX_FILE_BYTES = 1000
FILE_SECONDS = 1.0  # least time between two writings of the file


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


def live_console() -> Console | None:
    """The terminal, if standard output is one that can show a bar."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    console = Console()
    return console if console.is_interactive else None


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
        self.level = logging.INFO
        self.bar: Progress | None = None
        if sweep_file is not None:
            self.level = logging.DEBUG  # for the log file only
        elif (console := live_console()) is not None:
            self.level = logging.DEBUG
            self.bar = Progress(
                TextColumn("epoch"),
                MofNCompleteColumn(),
                BarColumn(bar_width=None),
                TextColumn("{task.description}"),
                console=console,
                transient=True,
            )

    def __enter__(self) -> "EpochProgress":
        """Start the clock, and the bar on a terminal."""
        self.first_end = time.perf_counter()
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task("preparing", total=self.num_epochs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar, or the file, away."""
        if self.bar is not None:
            self.bar.stop()
        if self.sweep_file is not None:
            with contextlib.suppress(OSError):
                self.sweep_file.unlink(missing_ok=True)

    def show(self, row: Mapping[str, float]) -> None:
        """Show one epoch; keys as in `records.HISTORY_COLUMNS`."""
        epoch = int(row["epoch"])
        now = time.perf_counter()
        # The first epoch may hold the compilation, and says little of the others.
        each = (now - self.first_end) / (epoch - 1) if epoch > 1 else row["seconds"]
        self.first_end = now if epoch == 1 else self.first_end
        left = each * (self.num_epochs - epoch)
        log.log(
            self.level,
            "epoch %*d/%d  loss %.4f  validation loss %.4f  validation accuracy %.4f  "
            "%.2f s, at most %.0f s left",
            len(str(self.num_epochs)),
            epoch,
            self.num_epochs,
            row["train_loss"],
            row["validation_loss"],
            row["validation_accuracy"],
            row["seconds"],
            left,
        )
        if self.bar is not None:  # short, so that 80 columns hold it
            summary = (
                f"loss {row['train_loss']:.4f}  "
                f"validation accuracy {row['validation_accuracy']:.4f}  at most {left:.0f} s left"
            )
            self.bar.update(self.task, completed=epoch, description=summary)
        if self.sweep_file is not None and now - self.told >= FILE_SECONDS:
            self.told = now
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
