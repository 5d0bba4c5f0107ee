"""How a run shows that it is alive: a live bar on a terminal, a line per epoch elsewhere.

A run of a sweep may train in another process or on another machine: it writes its history as it
grows, from which `sweep_progress` shows all runs together.
"""

import logging
import math
import time
from contextlib import suppress
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.run.display import in_words, live_display
from fmnist_exp.rundir.tables import Epoch, write_history

log = logging.getLogger(__name__)
FILE_SECONDS = 1.0  # least time between two writings of the history
BAR_SECONDS = 0.1  # least time between two drawings of the bar


class EpochProgress:
    """Shows each epoch of one run as it ends; the log file gets a line per epoch in any case.

    Args:
        num_epochs: the most epochs that the run may take.
        run_dir: where a run of a sweep writes its history, instead of showing anything.
    """

    def __init__(self, num_epochs: int, run_dir: Path | None = None) -> None:
        self.num_epochs = num_epochs
        self.run_dir = run_dir
        self.rows: list[Epoch] = []
        self.shown_at = -math.inf
        self.seconds = 0.0  # of all epochs but the first
        self.display = live_display() if run_dir is None else None
        is_plain = self.display is None and run_dir is None
        self.level = logging.INFO if is_plain else logging.DEBUG  # for the log file alone

    def __enter__(self) -> "EpochProgress":
        """Show the bar on a terminal."""
        if self.display is not None:
            self.display.start()
            self.bar = self.display.add("epoch")
            self.display.refresh()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away."""
        if self.display is not None:
            self.display.stop()

    def show(self, row: Epoch) -> None:
        """Show one epoch."""
        accuracy, left = f"validation accuracy {row.validation_accuracy:.4f}", self._time_left(row)
        log.log(
            self.level,
            f"epoch {row.epoch:{len(str(self.num_epochs))}}/{self.num_epochs}  "
            f"loss {row.train_loss:.4f}  validation loss {row.validation_loss:.4f}  "
            f"{accuracy}  {', '.join([f'{row.seconds:.2f} s', *left])}",
        )
        self.rows.append(row)
        now = time.perf_counter()
        if now - self.shown_at < (BAR_SECONDS if self.run_dir is None else FILE_SECONDS):
            return
        self.shown_at = now
        if self.display is not None:
            parts = [accuracy, *left, f"loss {row.train_loss:.4f}"]
            self.display.show(self.bar, (row.epoch, self.num_epochs), parts)
        if self.run_dir is not None:
            with suppress(RecordError):  # a disk that is full now may have space at the end
                write_history(self.run_dir, self.rows)

    def _time_left(self, row: Epoch) -> list[str]:
        """The most time that is left, in words; nothing below a second."""
        if row.epoch == 1:  # it holds the compilation, and says little of the others
            return []
        self.seconds += row.seconds
        seconds = self.seconds / (row.epoch - 1) * (self.num_epochs - row.epoch)
        return [f"at most {in_words(seconds)} left"] if seconds >= 1 else []
