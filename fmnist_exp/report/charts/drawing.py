"""What all figures share: size, colours, and files that are the same for the same input."""

import io
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito (2008), Color Universal Design, without black and yellow: told apart by readers
# with any common form of colour blindness, and dark enough for thin lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
LEARNING = {"train": "train, while learning", "validation": "validation"}  # curves, as in legends
KINDS = ("png", "svg")
ANSWER = "answer"  # name of the chart that stands beside the answer
MAX_SEEDS = 100  # runs of a condition that are drawn one by one
DPI = 150  # pixels of a PNG file to the inch
_STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": DPI,
    "font.size": 9,
    "svg.hashsalt": "fmnist_exp",  # identifiers that do not change from call to call
    "text.parse_math": False,  # a name may hold dollar signs
}


@dataclass(frozen=True)
class Chart:
    """A figure of a report.

    Attributes:
        name: name of its files, without suffix: ASCII letters, digits and underscores.
        caption: what it shows and what it leaves out, in sentences.
        figure: the drawing.
    """

    name: str
    caption: str
    figure: Figure


def house_style() -> AbstractContextManager[None]:
    """Drawing as everyone draws: by our settings over Matplotlib's own, none of the user's."""
    return style.context(_STYLE, after_reset=True)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    with house_style():
        return Figure(figsize=(width, height), layout="constrained")


def colour(index: int) -> str:
    """The colour of a condition, the same in every figure."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """The marker of a condition; six colours and seven markers tell 42 conditions apart."""
    return MARKERS[index % len(MARKERS)]


def render_all(charts: Sequence[Chart]) -> dict[str, bytes]:
    """Every chart in every kind of file: file name -> content."""
    return {
        f"{chart.name}.{kind}": render(chart.figure, kind) for chart in charts for kind in KINDS
    }


def render(figure: Figure, kind: str) -> bytes:
    """A figure as a PNG or SVG file, without a date.

    Its first file lays it out; any other takes that over, since layout is half of the time.
    """
    file = io.BytesIO()
    with house_style(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the tables hold it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        if kind == "png":
            figure.savefig(file, format="rgba")
            file = _palette_png(file.getvalue(), figure.canvas.get_width_height())
        else:
            figure.savefig(file, format=kind, metadata={"Date": None, "Creator": None})
    figure.set_layout_engine("none")
    return file.getvalue()


def _palette_png(rgba: bytes, size: tuple[int, int]) -> io.BytesIO:
    """The picture with at most 256 colours, in about a third of the bytes."""
    file = io.BytesIO()
    picture = Image.frombytes("RGBA", size, rgba).convert("RGB")
    # Of Pillow's ways to choose colours the one that keeps thin coloured lines truest.
    picture = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(file, "PNG", compress_level=8)
    return file
