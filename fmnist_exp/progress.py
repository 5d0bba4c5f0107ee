"""How a run shows that it is alive: a live bar on a terminal, one line per epoch elsewhere."""

import logging
import sys
import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

log = logging.getLogger(__name__)


class EpochProgress:
    """Shows each epoch of one run as it ends; the log file gets a line per epoch in any case.

    Args:
        num_epochs: the most epochs that the run may take.
    """

    def __init__(self, num_epochs: int) -> None:
        self.num_epochs = num_epochs
        self.level = logging.INFO
        self.bar: Progress | None = None
        if sys.stdout is not None and sys.stdout.isatty() and (console := Console()).is_interactive:
            self.level = logging.DEBUG  # for the log file only
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
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()

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
