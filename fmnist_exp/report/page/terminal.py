"""Tables and sentences of a page in a terminal."""

import io

from rich import table as rich_table
from rich.console import Console
from rich.text import Text

from fmnist_exp.report.formatting import MINUS
from fmnist_exp.report.page.rendering import Table


def in_columns(table: Table, num_shown: int | None = None) -> rich_table.Table:
    """The first columns of a table, by default all, as wide as their texts."""
    grid = rich_table.Table(box=None, pad_edge=False)
    for name in table.columns[:num_shown]:
        grid.add_column(Text(name), overflow="fold")
    for row in table.rows:
        grid.add_row(*map(Text, row[:num_shown]))
    return grid


def printed(*parts: rich_table.Table | Text, width: int) -> str:
    """Parts below one another, in lines of at most so many characters that every terminal has."""
    shown = io.StringIO()
    Console(file=shown, width=width).print(*parts, sep="\n")
    plain = shown.getvalue().replace(MINUS, "-")  # which not every terminal has
    return "\n".join(line.rstrip() for line in plain.splitlines())
