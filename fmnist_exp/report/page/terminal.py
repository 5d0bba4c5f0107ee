"""The summary as a terminal shows it, however narrow it is."""

import sys
import textwrap
from collections.abc import Sequence

from fmnist_exp.report.page.condition_tables import ACCURACY
from fmnist_exp.report.page.tables import NO_BREAK, Table, unbroken


def plain(summary: Table, width: int = sys.maxsize) -> str:
    """The summary for a terminal of so many columns; no cell is broken.

    Where it is too wide, its headings take several lines; then it goes without its last columns,
    and says so; where not even test accuracies have room, every row becomes a list of its cells.
    """
    columns, rows = summary.columns, summary.rows
    if (found := _grid([[name] for name in columns], rows, width)) is not None:
        return found
    for kept in range(len(columns), columns.index(ACCURACY), -1):
        bodies = zip(*(row[:kept] for row in rows), strict=True)
        heads = [_heading(name, body) for name, body in zip(columns, bodies, strict=False)]
        if (found := _grid(heads, [row[:kept] for row in rows], width)) is not None:
            num_left_out = len(columns) - kept
            more = f"{num_left_out} more column{'' if num_left_out == 1 else 's'} in summary.csv"
            return f"{found}\n({more})" if num_left_out else found
    return "\n".join(
        filled(f"{'  ' if place else ''}{unbroken(name)}: {cell}", width, indent="    ")
        for row in rows
        for place, (name, cell) in enumerate(zip(columns, row, strict=True))
    ).replace(NO_BREAK, " ")


def filled(text: str, width: int, indent: str = "") -> str:
    """Text in lines of so many columns, broken between words only; later lines are indented."""
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _heading(name: str, cells: Sequence[str]) -> list[str]:
    """The lines of a heading, as many as keep it from widening its column."""
    whole = unbroken(name)
    lines = filled(whole, max(map(len, [*cells, *whole.split(" ")])))
    return lines.replace(NO_BREAK, " ").split("\n")


def _grid(heads: Sequence[list[str]], rows: Sequence[Sequence[str]], width: int) -> str | None:
    """Headings, of a line or more, and cells in columns; None if these are wider than `width`."""
    depth = max(map(len, heads))
    above = zip(*([""] * (depth - len(head)) + head for head in heads), strict=True)
    lines = [*above, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        return None
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
