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
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fmnist_exp.files import cannot_write
from fmnist_exp.report.runs.conditions import short_names

# Okabe and Ito (2008), Color Universal Design, without black and yellow: told apart by readers
# with any common form of colour blindness, and dark enough for thin lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
KINDS = ("png", "svg")
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


def draw_confusion(
    axes: Axes, shares: np.ndarray, class_names: list[str], cells: np.ndarray
) -> None:
    """A labelled heatmap on the scale 0 to 1.

    Args:
        axes: where to draw.
        shares: float (num_classes, num_classes); each row sums to 1; row is the true class.
        class_names: name of each class.
        cells: str (num_classes, num_classes); what each cell says.
    """
    axes.figure.colorbar(
        axes.imshow(shares, cmap="cividis", vmin=0, vmax=1),
        ax=axes,
        label="share of the images of the true class",
        shrink=0.8,
    )
    for row, column in np.ndindex(*shares.shape):
        is_dark = bool(shares[row, column] <= 0.5)
        write_cell(axes, row, column, str(cells[row, column]), dark=is_dark)
    label_classes(axes, class_names)


def label_classes(axes: Axes, class_names: Sequence[str]) -> None:
    """Name the rows and columns of a confusion heatmap."""
    ticks, names = range(len(class_names)), short_names(class_names)
    axes.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)


def write_cell(axes: Axes, row: int, column: int, text: str, *, dark: bool) -> None:
    """Write into one cell of a heatmap, in white on a dark cell."""
    ink = "white" if dark else "black"
    cell = axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=7)
    cell.set_in_layout(False)  # it lies within the axes: a hundred need not be measured thrice


def frame_cell(axes: Axes, row: int, column: int) -> None:
    """Draw a frame around one cell of a heatmap."""
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, linewidth=1.2))
