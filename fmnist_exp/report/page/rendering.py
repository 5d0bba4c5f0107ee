"""A page as HTML and Markdown; its tables as Markdown, LaTeX and CSV."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.formatting import MINUS
from fmnist_exp.report.page.answers import Answer
from fmnist_exp.report.page.checks import Fired
from fmnist_exp.rundir.records import FIGURES

TEMPLATES = Path(__file__).resolve().parent / "templates"
CSS_PIXELS = 100  # for each inch of a figure: it reads as large as the text
MIME_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
# A number with its unit, interval or total; an interval alone; or none at all.
NUMBER = re.compile(
    f"[<+{MINUS}]?\\d[\\d.,]*(e-?\\d+)?( ?%| pp| s| of \\d+)?( \\[[^]]*\\])?|\\[[^]]*\\]|-|never"
)
PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
UNKNOWN_LETTER = "[^\0-\u017f]"  # LaTeX knows the others without a package
LATEX_HINT = "% needs \\usepackage{booktabs}, with pdflatex also \\usepackage[T1]{fontenc}\n"
LATEX: dict[int, str] = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
        MINUS: "$-$",  # unknown to pdflatex
    }
)


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


@dataclass(frozen=True)
class Section:
    """One part of a page.

    Attributes:
        name: its anchor.
        title: its heading.
        paragraphs: what it says.
        figures: its charts.
        folded: charts that the HTML page shows only when asked.
        tables: its tables.
        pictures: small images, data addresses with captions; not in Markdown.
        lead: the sentence that says how to read it.
        command: words to copy into a terminal.
    """

    name: str
    title: str
    paragraphs: Sequence[str] = ()
    figures: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[tuple[str, str]] = ()
    folded: Sequence[Chart] = ()
    lead: str = ""
    command: str | None = None


@dataclass(frozen=True)
class Page:
    """A whole report: the answer with its chart, checks that fired, then the sections."""

    title: str
    answer: Answer
    checks: Sequence[Fired]
    sections: Sequence[Section] = ()
    chart: Chart | None = None

    @property
    def figures(self) -> list[Chart]:
        """All its charts."""
        beside = [] if self.chart is None else [self.chart]
        return [
            *beside,
            *(figure for each in self.sections for figure in (*each.figures, *each.folded)),
        ]


def to_html(page: Page, figures: Mapping[str, bytes]) -> str:
    """The page as one HTML file that needs no other file and no network.

    Args:
        page: what to show; every text is escaped.
        figures: file name -> content of each figure; the SVG is embedded.
    """
    images = {figure.name: _embedded(figures, figure) for figure in page.figures}
    return rendered("index.html.j2", page=page, images=images)


def to_markdown(page: Page) -> str:
    """The page as Markdown, with links to the figures beside it."""
    return rendered("report.md.j2", page=page, folder=FIGURES)


def rendered(template: str, **values: object) -> str:
    """A template of this folder, filled in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown, "text": escape_markdown}
    return environment.get_template(template).render(values)


def data_address(kind: str, content: bytes) -> str:
    """The address under which a page holds a file itself; `kind` is `svg` or `png`."""
    return f"data:{MIME_TYPES[kind]};base64,{base64.b64encode(content).decode()}"


def _embedded(files: Mapping[str, bytes], chart: Chart) -> dict[str, str | int]:
    """Attributes of the image of a figure: its SVG file, and its size in CSS pixels."""
    width, height = CSS_PIXELS * chart.figure.get_size_inches()
    return {
        "src": data_address("svg", files[f"{chart.name}.svg"]),
        "width": round(width),
        "height": round(height),
    }


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
    """A row as LaTeX takes it; a code such as [U+91CD] for a letter that pdflatex may not know."""
    texts = (" ".join(cell.splitlines()).translate(LATEX) for cell in cells)
    row = re.sub(UNKNOWN_LETTER, lambda found: f"[U+{ord(found[0]):04X}]", " & ".join(texts))
    # The line end before it would take [64] for its argument.
    return f"{'{}' if row.startswith(('[', '*')) else ''}{row} \\\\\n"


def _not_a_formula(value: Any) -> Any:
    """The value, with a quote before a text that a spreadsheet would run."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@"))
    return f"'{value}" if is_formula and not PLAIN_NUMBER.fullmatch(value) else value


def unquoted(text: str) -> str:
    """A cell of such a CSV file as it was, without the quote before what could be a formula."""
    return text[1:] if re.match("'[=+@-]", text) else text
