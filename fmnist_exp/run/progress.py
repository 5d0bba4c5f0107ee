"""How a run shows that it is alive: a live bar on a terminal, a line per epoch elsewhere.

A run of a sweep may train in another process or on another machine: it writes its history as it
grows, from which `sweep.progress` shows all runs together.
"""

import logging
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn
from rich.table import Column
from rich.text import Text

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir.tables import Epoch, write_history

log = logging.getLogger(__name__)
FILE_SECONDS = 1.0  # least time between two writings of the history
BAR_SECONDS = 0.1  # least time between two drawings of the bar


def time_left(seconds: float) -> list[str]:
    """The time left in words: `about 80 s left`, `12 min`, `3.5 h`; nothing below a second."""
    if seconds < 90:
        return [f"about {seconds:.0f} s left"] if seconds >= 1 else []
    number = f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
    return [f"about {number} left"]


class _LineColumn(TextColumn):
    """A text that is cut off where there is no more room."""

    def render(self, task: Task) -> Text:
        text = self.text_format.format(task=task)
        return Text(text or " ", no_wrap=True, overflow="crop")  # rich knows no empty column


class Bars(Progress):
    """Live bars on a terminal, each on one line: a name, how far it is, and what is `said` of it.

    Elsewhere they are disabled. Nothing is drawn but by `refresh`. Log lines of this process appear
    above the bars. A terminal that is closed stops no run.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console()
        super().__init__(
            _LineColumn("{task.description}", table_column=Column()),
            MofNCompleteColumn(),
            BarColumn(None, table_column=Column(width=4, ratio=1)),  # all the room that is left
            _LineColumn("{task.fields[said]}", table_column=Column()),
            console=console,
            expand=True,
            transient=True,
            auto_refresh=False,
            disable=not (console.file.isatty() and console.is_interactive),
        )

    def start(self) -> None:
        """Begin to draw."""
        with _on_terminal():
            super().start()

    def stop(self) -> None:
        """Take the bars away."""
        with _on_terminal():
            super().stop()

    def refresh(self) -> None:
        """Draw all bars anew."""
        with _on_terminal():
            super().refresh()


@contextmanager
def _on_terminal() -> Iterator[None]:
    """Draw, if there still is a terminal; log lines go where rich sends standard output."""
    former = sys.stdout
    with suppress(OSError):
        yield
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is former:
            handler.setStream(sys.stdout)


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
        self.bars = Bars()
        is_plain = self.bars.disable and run_dir is None
        self.level = logging.INFO if is_plain else logging.DEBUG  # for the log file alone

    def __enter__(self) -> "EpochProgress":
        """Show the bar on a terminal."""
        if self.run_dir is None:
            self.bars.start()
        self.bar = self.bars.add_task("epoch", total=self.num_epochs, said="starting")
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away."""
        self.bars.stop()

    def show(self, row: Epoch, num_saved: int = 0) -> None:
        """Show one epoch; of the first `num_saved`, which a saved state holds, the last alone."""
        self.rows.append(row)
        if row.epoch < num_saved:
            return
        later = [each.seconds for each in self.rows[1:]]  # the first one holds the compilation
        left = time_left(fmean(later) * (self.num_epochs - row.epoch)) if later else []
        accuracy = f"validation accuracy {row.validation_accuracy:.4f}"
        line = (
            f"epoch {row.epoch:{len(str(self.num_epochs))}}/{self.num_epochs}  "
            f"loss {row.train_loss:.4f}  validation loss {row.validation_loss:.4f}  "
            f"{accuracy}  {', '.join([f'{row.seconds:.2f} s', *left])}"
        )
        if row.epoch == num_saved:
            line = f"continues after epoch {num_saved} of {self.num_epochs}"
        log.log(self.level, line)
        now = time.perf_counter()
        if now - self.shown_at < (BAR_SECONDS if self.run_dir is None else FILE_SECONDS):
            return
        self.shown_at = now
        if self.run_dir is not None:
            with suppress(RecordError):  # a disk that is full now may have space at the end
                write_history(self.run_dir, self.rows)
            return
        said = ", ".join([accuracy, *left, f"loss {row.train_loss:.4f}"])
        self.bars.update(self.bar, completed=row.epoch, said=said, refresh=True)
