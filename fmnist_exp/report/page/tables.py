"""Tables of texts, and how they stand in files: Markdown, LaTeX, and CSV in full precision."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fmnist_exp.report.formatting import INFINITY, MINUS

# A number with its unit, interval or total; an interval alone; or none at all.
NUMBER = re.compile(
    f"[<+{MINUS}]?(\\d[\\d.,]*|{INFINITY})(e-\\d+)?( ?%| pp| s| of \\d+)?( \\[[^]]*\\])?"
    "|\\[[^]]*\\]|-|never"
)
PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
LAST_LATIN = 0x17F  # the last letter that LaTeX knows without a package
LATEX_HINT = (
    "% needs \\usepackage{booktabs}, with pdflatex also \\usepackage[T1]{fontenc};\n"
    "% too wide: \\usepackage{graphicx} and \\resizebox{\\linewidth}{!}{\\input{this file}}\n"
)
LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    **{MINUS: "$-$", INFINITY: r"$\infty$"},  # unknown to pdflatex
}


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        columns: headings.
        rows: cells, as many in each row as there are columns.
        caption: what the table holds.
        folded: whether the HTML page shows it only when asked.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    folded: bool = False

    @property
    def numeric(self) -> list[bool]:
        """For each column, whether all its cells are numbers, or say that there is none."""
        cells = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return [all(map(NUMBER.fullmatch, column)) for column in cells]


def table_of(rows: Sequence[Mapping[str, str]], caption: str = "", **options: bool) -> Table:
    """A table of rows that give each cell under its heading; options as the attributes."""
    columns = list(rows[0]) if rows else []
    return Table(columns, [list(row.values()) for row in rows], caption, **options)


def csv(table: pd.DataFrame) -> str:
    """A table in full precision, as CSV that a spreadsheet reads as values, never as formulas."""
    safe = table.rename(columns=_not_a_formula).map(_not_a_formula)
    return safe.to_csv(index=False, lineterminator="\n")


def markdown(table: Table) -> str:
    """A table in Markdown."""
    head, *body = (
        f"| {' | '.join(map(escape_markdown, row))} |\n" for row in (table.columns, *table.rows)
    )
    return head + "| " + " | ".join(["---"] * len(table.columns)) + " |\n" + "".join(body)


def latex(table: Table) -> str:
    """A table in LaTeX, for the package booktabs; it compiles whatever letters it has."""
    head, *body = map(_latex_row, (table.columns, *table.rows))
    columns = "l" * len(table.columns)
    return (
        f"{LATEX_HINT}\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\\midrule\n{''.join(body)}"
        "\\bottomrule\n\\end{tabular}\n"
    )


def escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it is, in one line."""
    return re.sub(r"([\\|*_<>\[\]`&~$])", r"\\\1", " ".join(text.splitlines()))


def _latex_row(cells: Sequence[str]) -> str:
    texts = (" ".join(cell.splitlines()) for cell in cells)
    row = " & ".join("".join(map(_latex_letter, text)) for text in texts)
    # The line end before it would take [64] for its argument.
    return f"{'{}' if row.startswith(('[', '*')) else ''}{row} \\\\\n"


def _latex_letter(letter: str) -> str:
    """The letter as LaTeX takes it; a code such as [U+91CD] for one that pdflatex may not know."""
    return LATEX.get(letter) or (letter if ord(letter) <= LAST_LATIN else f"[U+{ord(letter):04X}]")


def _not_a_formula(value: Any) -> Any:
    """The value, with a quote before a text that a spreadsheet would run."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@"))
    return f"'{value}" if is_formula and not PLAIN_NUMBER.fullmatch(value) else value
