"""One page, two forms: a self-contained HTML file and Markdown with links to the figures."""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fmnist_exp.report.charts.drawing import DPI, Chart
from fmnist_exp.report.page.tables import Table, escape_markdown, markdown, unbroken
from fmnist_exp.rundir.records import FIGURES

TEMPLATES = Path(__file__).resolve().parent / "templates"
CSS_PIXELS = 110 / DPI  # for each pixel of a PNG file: figures read as large as the text
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
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    images = {
        figure.name: _embedded(figures, figure.name)
        for section in page.sections
        for figure in section.figures
    }
    return environment.get_template("index.html.j2").render(page=page, images=images)


def to_markdown(page: Page) -> str:
    """The page as Markdown, with links to the figures beside it."""
    parts = [f"# {escape_markdown(page.title)}\n"]
    parts.append("".join(f"- {escape_markdown(sentence)}\n" for sentence in page.answers))
    parts += [f"> Warning: {escape_markdown(sentence)}\n" for sentence in page.warnings]
    for section in page.sections:
        parts.append(f"## {escape_markdown(section.title)}\n")
        parts += [f"{escape_markdown(paragraph)}\n" for paragraph in section.paragraphs]
        parts += [
            f"![{escape_markdown(figure.caption)}]({FIGURES}/{figure.name}.png)\n\n"
            f"{escape_markdown(figure.text)}\n"
            for figure in section.figures
        ]
        for table in section.tables:
            if table.caption:
                parts.append(f"{escape_markdown(table.caption)}:\n")
            parts.append(markdown(table))
    stated = "; ".join(f"{name} {value}" for name, value in page.provenance)
    parts.append(f"{escape_markdown(stated)}.\n")
    return "\n".join(parts)


def data_address(kind: str, content: bytes) -> str:
    """The address under which a page holds a file itself; `kind` is `svg` or `png`."""
    return f"data:{MIME_TYPES[kind]};base64,{base64.b64encode(content).decode()}"


def _embedded(files: Mapping[str, bytes], name: str) -> dict[str, str | int]:
    """Attributes of the image of a figure: the smaller of its files, and its size in CSS pixels."""
    kind = min(MIME_TYPES, key=lambda kind: len(files[f"{name}.{kind}"]))
    width, height = struct.unpack(">II", files[f"{name}.png"][16:24])  # where PNG has its size
    return {
        "src": data_address(kind, files[f"{name}.{kind}"]),
        "width": round(width * CSS_PIXELS),
        "height": round(height * CSS_PIXELS),
    }
