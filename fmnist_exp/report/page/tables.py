"""Tables as CSV, Markdown, LaTeX and plain text, and the summary as people read it."""

import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fmnist_exp.report.page.formatting import INFINITY, MINUS, summary_cells

ACCURACY = "test accuracy, % [95 % CI]"
NO_BREAK = "\N{NO-BREAK SPACE}"
LAST_LATIN = 0x17F  # the last letter that LaTeX knows without a package
LATEX_HINT = (
    "% needs \\usepackage{booktabs}, with pdflatex also \\usepackage[T1]{fontenc};\n"
    "% too wide: \\usepackage{graphicx} and \\resizebox{\\linewidth}{!}{\\input{this file}}\n"
)


def for_reading(summary: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """The summary as text: accuracies in percent, mean with its interval, SD in points."""
    table = summary[[*factors]].replace("", "-")
    table["n"] = summary["num_runs"].map(str)
    for status in ("diverged", "pruned", "failed"):
        if summary[f"num_{status}"].any():
            table[status] = summary[f"num_{status}"].map(str)
    cells = map(summary_cells, summary.to_dict("records"))
    return table.join(pd.DataFrame(cells, index=table.index))


def csv(table: pd.DataFrame) -> str:
    """A table in full precision, as CSV that a spreadsheet reads as values, never as formulas."""
    safe = table.rename(columns=_not_a_formula).map(_not_a_formula)
    return safe.to_csv(index=False, lineterminator="\n")


def markdown(table: pd.DataFrame) -> str:
    """A table of texts in Markdown."""
    return markdown_rows([list(table.columns), *table.to_numpy().tolist()])


def markdown_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts, the first of them the headings, as a table in Markdown."""
    head, *body = (f"| {' | '.join(map(escape_markdown, row))} |\n" for row in rows)
    return head + "| " + " | ".join(["---"] * len(rows[0])) + " |\n" + "".join(body)


def latex(table: pd.DataFrame) -> str:
    """A table of texts in LaTeX, for the package booktabs; it compiles whatever letters it has."""
    head, *body = (
        f"{_after_line_end(' & '.join(map(_escape_latex, row)))} \\\\\n"
        for row in [list(table.columns), *table.to_numpy().tolist()]
    )
    columns = "l" * len(table.columns)
    return (
        f"{LATEX_HINT}{_stand_ins(head + ''.join(body))}"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\\midrule\n{''.join(body)}"
        "\\bottomrule\n\\end{tabular}\n"
    )


def plain(summary: pd.DataFrame, width: int = sys.maxsize) -> str:
    """The summary for a terminal of so many columns; no cell is broken.

    Where it is too wide, its headings take several lines; then it goes without its last columns,
    and says so; where not even test accuracies have room, every row becomes a list of its cells.
    """
    columns = list(summary.columns)
    if (found := _grid(summary, width, narrow=False)) is not None:
        return found
    for kept in range(len(columns), columns.index(ACCURACY), -1):
        if (found := _grid(summary[columns[:kept]], width, narrow=True)) is not None:
            num_left_out = len(columns) - kept
            more = f"{num_left_out} more column{'' if num_left_out == 1 else 's'} in summary.csv"
            return f"{found}\n({more})" if num_left_out else found
    listed = "\n".join(
        filled(f"{'  ' if place else ''}{unbroken(name)}: {cell}", width, indent="    ")
        for row in summary.to_numpy().tolist()
        for place, (name, cell) in enumerate(zip(columns, row, strict=True))
    )
    return listed.replace(NO_BREAK, " ")


def _grid(table: pd.DataFrame, width: int, *, narrow: bool) -> str | None:
    """A table in columns of equal width; None if these are more than `width`."""
    heads = [_heading(str(name), table[name], narrow) for name in table.columns]
    depth = max(map(len, heads))
    above = zip(*([""] * (depth - len(head)) + head for head in heads), strict=True)
    rows = [*above, *table.to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        return None
    return "\n".join(_padded(row, widths) for row in rows)


def filled(text: str, width: int, indent: str = "") -> str:
    """Text in lines of so many columns, broken between words only; later lines are indented."""
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _heading(name: str, cells: Iterable[str], narrow: bool) -> list[str]:
    """The lines of a heading: one, or as many as keep it from widening its column."""
    if not narrow:
        return [name]
    whole = unbroken(name)
    lines = filled(whole, max(map(len, [*cells, *whole.split(" ")])))
    return lines.replace(NO_BREAK, " ").split("\n")


def unbroken(heading: str) -> str:
    """A heading whose brackets no line breaks: [95 % CI] stays in one piece."""
    return re.sub(r"\[[^]]*\]", lambda found: found[0].replace(" ", NO_BREAK), heading)


def _padded(row: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it is, in one line."""
    return re.sub(r"([\\|*_<>\[\]`&~$])", r"\\\1", " ".join(text.splitlines()))


def _escape_latex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    special |= {MINUS: "$-$", INFINITY: r"$\infty$"}  # unknown to pdflatex
    return "".join(
        special.get(character, f"\\{character}" if character in "&%$#_{}" else character)
        for character in " ".join(text.splitlines())
    )


def _stand_ins(text: str) -> str:
    """A code such as [U+91CD] for each letter that pdflatex may not know, unless it does.

    Engines that read Unicode, known by Umathchar, have the letters themselves.
    """
    letters = sorted({letter for letter in text if ord(letter) > LAST_LATIN})
    return "".join(
        f"\\ifdefined\\Umathchar\\else\\expandafter\\providecommand\\csname u8:"
        f"\\detokenize{{{letter}}}\\endcsname{{[U+{ord(letter):04X}]}}\\fi\n"
        for letter in letters
    )


def _after_line_end(row: str) -> str:
    """A row whose first cell the line end before it cannot take for its argument, such as [64]."""
    return "{}" + row if row.startswith(("[", "*")) else row


def _not_a_formula(value: Any) -> Any:
    """The value, with a quote before a text that a spreadsheet would run."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return value if _is_number(value) else f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False
