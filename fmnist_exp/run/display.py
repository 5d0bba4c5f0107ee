"""Live bars on a terminal of any width, each on one line of it."""

import contextlib
import logging
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

MIN_BAR = 4  # columns, as rich draws it
WIDE = 72  # columns, from which on there is room for bars
MAX_NAME = 30  # characters, with room for the rest in 80 columns


def live_console() -> Console | None:
    """The terminal, if standard output is one that can show a bar."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    console = Console()
    return console if console.is_interactive else None


def in_words(seconds: float) -> str:
    """A time as people say it: `80 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Display(Progress):
    """Bars with what is known of each: a name, how far it is, and what else there is room for.

    Nothing is drawn but by `show`. Log lines of this process appear above the bars. A terminal
    that is closed stops no run.

    Args:
        console: the terminal.
        name_width: characters of the longest name.
    """

    def __init__(self, console: Console, name_width: int) -> None:
        self.is_wide = console.width >= WIDE
        self.name_width = min(name_width, MAX_NAME if self.is_wide else console.width * 3 // 8)
        name, count, said = (
            TextColumn(f"{{{key}}}", markup=False, table_column=Column(no_wrap=True))
            for key in ("task.description", "task.fields[count]", "task.fields[said]")
        )
        columns = (name, count, BarColumn(bar_width=None), said)
        super().__init__(
            *(columns if self.is_wide else (name, count, said)),
            console=console,
            transient=True,
            auto_refresh=False,
        )
        self.handlers: list[logging.StreamHandler] = []

    def start(self) -> None:
        """Begin to draw."""
        plain = sys.stdout
        with contextlib.suppress(OSError):
            super().start()
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is plain:
                self.handlers.append(handler)
                handler.setStream(sys.stdout)  # which draws the bars again below the line

    def stop(self) -> None:
        """Take the bars away."""
        with contextlib.suppress(OSError):
            super().stop()
        for handler in self.handlers:
            handler.setStream(sys.stdout)

    def add(self, name: str) -> TaskID:
        """A new bar of something that is starting."""
        return self.add_task(self._short(name), count="", said="starting")

    def show(
        self, bar: TaskID, name: str, progress: tuple[int, int], parts: Sequence[str] = ()
    ) -> None:
        """Draw a bar anew, with as many of the parts as there is room for, the first ones first."""
        count = "{}/{}".format(*progress)
        width = max(len(count), *(len(task.fields["count"]) for task in self.tasks))
        room = self.console.width - self.name_width - width - 2
        if self.is_wide:
            room -= MIN_BAR + 1
        said = ""
        for part in parts:
            longer = f"{said}, {part}" if said else part
            said = longer if len(longer) <= room else said
        self.update(
            bar,
            description=self._short(name),
            completed=progress[0],
            total=progress[1],
            count=count,
            said=said,
        )
        self.refresh()

    def refresh(self) -> None:
        """Draw all bars anew."""
        with contextlib.suppress(OSError):
            super().refresh()

    def _short(self, name: str) -> str:
        """A name without its beginning, if it is too long; the seed stands at the end."""
        return name if len(name) <= self.name_width else f"..{name[2 - self.name_width :]}"
