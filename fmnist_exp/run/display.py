"""Live bars on a terminal of any width, each on one line of it."""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

WIDE = 72  # columns, from which on there is room for bars
MAX_NAME = 30  # characters, with room for the rest in 80 columns


def in_words(seconds: float) -> str:
    """A time as people say it: `80 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class _PartsColumn(ProgressColumn):
    """What there is room for, the first parts first."""

    def render(self, task: Task) -> Text:
        said = ", ".join(task.fields["parts"]) or " "  # rich knows no empty column
        return Text(said, no_wrap=True, overflow="ellipsis")


class Display(Progress):
    """Bars with what is known of each: a name, how far it is, and what else there is room for.

    Nothing is drawn but by `show`. Log lines of this process appear above the bars. A terminal
    that is closed stops no run.
    """

    def __init__(self, console: Console) -> None:
        is_wide = console.width >= WIDE
        self.max_name = MAX_NAME if is_wide else console.width * 3 // 8
        name, count = (
            TextColumn(f"{{task.{field}}}", markup=False, table_column=Column(no_wrap=True))
            for field in ("description", "fields[count]")
        )
        # The parts give way first, then the bar, which takes all the room that is left.
        bar = BarColumn(bar_width=None, table_column=Column(width=4, ratio=1, no_wrap=True))
        columns = (name, count, bar, _PartsColumn()) if is_wide else (name, count, _PartsColumn())
        super().__init__(
            *columns, console=console, expand=is_wide, transient=True, auto_refresh=False
        )
        self.handlers: list[logging.StreamHandler] = []

    def start(self) -> None:
        """Begin to draw."""
        plain = sys.stdout
        with suppress(OSError):
            super().start()
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is plain:
                self.handlers.append(handler)
                handler.setStream(sys.stdout)  # which draws the bars again below the line

    def stop(self) -> None:
        """Take the bars away."""
        with suppress(OSError):
            super().stop()
        for handler in self.handlers:
            handler.setStream(sys.stdout)

    def refresh(self) -> None:
        """Draw all bars anew."""
        with suppress(OSError):
            super().refresh()

    def add(self, name: str) -> TaskID:
        """A new bar of something that is starting."""
        if len(name) > self.max_name:  # the seed stands at the end
            name = f"..{name[2 - self.max_name :]}"
        return self.add_task(name, count="", parts=["starting"])

    def show(self, bar: TaskID, progress: tuple[int, int], parts: Sequence[str] = ()) -> None:
        """Draw a bar anew; the parts are said as far as there is room, the first ones first."""
        completed, total = progress
        count = f"{completed}/{total}"
        self.update(bar, completed=completed, total=total, count=count, parts=parts, refresh=True)


def live_display() -> Display | None:
    """A display on standard output, if that is a terminal that can show bars."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    console = Console()
    return Display(console) if console.is_interactive else None
