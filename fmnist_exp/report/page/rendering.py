"""One page, two forms: a self-contained HTML file and Markdown with links to the figures."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.page.tables import Table, escape_markdown, markdown
from fmnist_exp.rundir.records import FIGURES

TEMPLATES = Path(__file__).resolve().parent / "templates"
CSS_PIXELS = 110  # for each inch of a figure: it reads as large as the text
MIME_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Strip:
    """Small images in a row, HTML only: the data address of each, and what it shows."""

    caption: str
    images: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Section:
    """One part of a page; figures are as wide as the page unless they stand side by side."""

    name: str
    title: str
    paragraphs: Sequence[str] = ()
    figures: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    thumbnails: Sequence[Strip] = ()
    side_by_side: bool = False


@dataclass(frozen=True)
class Page:
    """A whole report: the answer first, what a reader must know, then the sections."""

    title: str
    answers: Sequence[str]
    warnings: Sequence[str]
    provenance: Sequence[tuple[str, str]]
    sections: Sequence[Section] = field(default_factory=tuple)


def to_html(page: Page, figures: Mapping[str, bytes]) -> str:
    """The page as one HTML file that needs no other file and no network.

    Args:
        page: what to show; every text is escaped.
        figures: file name -> content of each figure as PNG and SVG; the smaller is embedded.
    """
    images = {
        figure.name: _embedded(figures, figure)
        for section in page.sections
        for figure in section.figures
    }
    return _rendered("index.html.j2", page=page, images=images)


def to_markdown(page: Page) -> str:
    """The page as Markdown, with links to the figures beside it."""
    return _rendered("report.md.j2", page=page, folder=FIGURES)


def _rendered(template: str, **values: object) -> str:
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
    """Attributes of the image of a figure: the smaller of its files, and its size in CSS pixels."""
    kind = min(MIME_TYPES, key=lambda kind: len(files[f"{chart.name}.{kind}"]))
    width, height = CSS_PIXELS * chart.figure.get_size_inches()
    return {
        "src": data_address(kind, files[f"{chart.name}.{kind}"]),
        "width": round(width),
        "height": round(height),
    }
