"""What all figures share: size, colours, and files that are the same for the same input."""

import io
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fmnist_exp.files import cannot_write

# Okabe and Ito (2008), Color Universal Design, without black and yellow: told apart by readers
# with any common form of colour blindness, and dark enough for thin lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
KINDS = ("png", "svg")
MAX_SEEDS = 100  # runs of a condition that are drawn one by one
POINTS = 100  # percentage points in a fraction
MINUS = "\N{MINUS SIGN}"
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
        caption: what it shows.
        figure: the drawing.
        note: what it leaves out, as a sentence; empty if nothing.
    """

    name: str
    caption: str
    figure: Figure
    note: str = ""

    @property
    def text(self) -> str:
        """What stands below it."""
        return f"{self.caption}. {self.note}".strip()


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
    """Every chart in every kind of file, with its mark: file name -> content."""
    return {
        f"{chart.name}.{kind}": render(chart.figure, kind, mark=mark_of(chart.name))
        for chart in charts
        for kind in KINDS
    }


def render(figure: Figure, kind: str, *, mark: str | None = None) -> bytes:
    """A figure as a PNG or SVG file, without a date.

    Its first file lays it out; any other takes that over, since layout is half of the time.

    Args:
        figure: what to draw.
        kind: "png" or "svg".
        mark: a text to find the file by, hidden in its metadata.
    """
    file = io.BytesIO()
    with house_style(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the tables hold it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        if kind == "png":
            _write_png(figure, file, mark)
        else:
            FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": mark})
    figure.set_layout_engine("none")
    return file.getvalue()


def _write_png(figure: Figure, file: IO[bytes], mark: str | None) -> None:
    """The picture with at most 256 colours, in about a third of the bytes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    about = PngInfo()
    if mark is not None:
        about.add_text("Software", mark)
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    # Of Pillow's ways to choose colours the one that keeps thin coloured lines truest.
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        file, "PNG", compress_level=8, pnginfo=about
    )


def mark_of(name: str) -> str:
    """The mark of a report's figure: what made it, and the name that it was given."""
    return f"fmnist_exp report: {name}."


def remove_former(folder: Path, kept: Sequence[str]) -> None:
    """Remove the figures of a former report in the same place that this one does not have.

    Only files that bear their own name's mark are removed, so nothing that somebody else made.

    Args:
        folder: where the figures lie.
        kept: names of this report's figures, without suffix.

    Raises:
        RecordError: a figure cannot be removed.
    """
    for path in sorted(folder.glob("*.*")):
        former = path.suffix[1:] in KINDS and path.stem not in kept and path.is_file()
        try:
            if former and mark_of(path.stem).encode() in path.read_bytes():
                path.unlink()
        except OSError as error:
            raise cannot_write(path, error) from error
