"""What all figures share: size, colours, and files that are the same for the same input."""

import io
import re
import textwrap
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

# Okabe and Ito (2008), Color Universal Design, without black and yellow: told apart by readers
# with any common form of colour blindness, and dark enough for thin lines on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
INK, FAINT, PAPER = "#1c1e21", "#5b616a", "#ffffff"
SAME = "#00775a"  # a statement of no difference
# What takes the place of each colour in an SVG file on a dark screen: as far from the dark paper
# as the colour is from white, of the same hue. The page has the same ink and paper.
DARK = {
    INK: "#e6e8eb",
    FAINT: "#a5acb5",
    PAPER: "#16181b",
    SAME: "#35c79b",
    "#0072b2": "#4a9ede",
    "#d55e00": "#f0783a",
    "#009e73": "#2fc296",
    "#cc79a7": "#e39cc4",
    "#56b4e9": "#9fd8fb",
    "#e69f00": "#f5b83d",
}
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
KINDS = ("png", "svg")
MAX_SEEDS = 100  # runs of a condition that are drawn one by one
MAX_ROWS = 20  # conditions that are drawn in a row or a column each
MAX_COMPARISONS = 28  # rows of differences: all pairs of eight conditions
DPI = 150  # pixels of a PNG file to the inch
WIDTH = 8.5  # inches of most figures; the widest that a slide shows at full size has 10
HALF = 6  # inches of figures that stand side by side on a wide page
LETTERS = 10  # of a title to the inch
LINE_HEIGHT = 0.17  # inches of a line of the smallest type, with its space
ROW_LETTERS = 16  # of a heading beside a small panel
SMALL = 9  # points: the smallest type
_STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": DPI,
    "figure.facecolor": PAPER,
    "figure.titlesize": 11,
    "font.size": SMALL,
    "grid.alpha": 0.25,
    "grid.color": FAINT,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text that can be searched and changed
    "svg.hashsalt": "fmnist_exp",  # identifiers that do not change from call to call
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
}
FAMILY = "DejaVu Sans, Verdana, sans-serif"  # Verdana is as wide, where there is no DejaVu


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


def caption_of(what: str, shown: Sequence, every: Sequence, noun: str = "conditions") -> str:
    """What a chart shows, and of how many."""
    if len(shown) == len(every):
        return f"{what}."
    return f"{what}. Shown: {len(shown)} of {len(every)} {noun}; the tables hold the rest."


def house_style() -> AbstractContextManager[None]:
    """Drawing as everyone draws: by our settings over Matplotlib's own, none of the user's."""
    return style.context(_STYLE, after_reset=True)


def new_figure(width: float, height: float, *title: str) -> Figure:
    """An empty figure of that many inches, with lines of a title."""
    with house_style():
        figure = Figure(figsize=(width, height), layout="constrained")
        if title:
            lines = [textwrap.fill(" ".join(line.split()), int(LETTERS * width)) for line in title]
            figure.suptitle("\n".join(lines), x=0.01, ha="left", linespacing=1.3)
        return figure


def row_height(names: Sequence[str], least: float) -> float:
    """Inches of a row that has room for each of these names."""
    return max(least, LINE_HEIGHT * (1 + max(name.count("\n") for name in names)))


def beside(heading: str) -> str:
    """A heading in as many lines as stand beside a small panel; the end of a longer one is left."""
    lines = textwrap.wrap(heading, ROW_LETTERS)
    return "\n".join([*lines[:2], f"…{heading[-ROW_LETTERS:]}"] if lines[3:] else lines)


def colour(index: int) -> str:
    """The colour of a level, the same in every figure."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """The marker of a level; six colours and seven markers tell 42 of them apart."""
    return MARKERS[index % len(MARKERS)]


def render_all(charts: Sequence[Chart]) -> dict[str, bytes]:
    """Every chart in every kind of file: file name -> content."""
    return {
        f"{chart.name}.{kind}": render(chart.figure, kind) for chart in charts for kind in KINDS
    }


def render(figure: Figure, kind: str) -> bytes:
    """A figure as a PNG file, or as an SVG file for light and dark screens; without a date.

    Its first file lays it out, while it is drawn; any other takes that over. `Figure.savefig`
    would draw it twice.
    """
    with house_style(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the tables hold it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        if kind == "png":
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            content = _palette_png(bytes(canvas.buffer_rgba()), canvas.get_width_height())
        else:
            file = io.StringIO()
            FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": None})
            content = _adaptive(file.getvalue()).encode()
    figure.set_layout_engine("none")
    return content


def _palette_png(rgba: bytes, size: tuple[int, int]) -> bytes:
    """The picture with at most 256 colours, in about a third of the bytes."""
    file = io.BytesIO()
    picture = Image.frombytes("RGBA", size, rgba).convert("RGB")
    # Of Pillow's ways to choose colours the one that keeps thin coloured lines truest.
    picture = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    picture.save(file, "PNG", compress_level=8, dpi=(DPI, DPI))
    return file.getvalue()


def _adaptive(svg: str) -> str:
    """An SVG file that turns dark with its reader's screen, in half of the bytes.

    Colours stay where Matplotlib wrote them, for programs that know no style sheets; rules
    of the file replace them. A hundredth of a point is finer than any screen.
    """
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    sheet = f"@media screen and (prefers-color-scheme:dark){{{rules}}}"
    head, style_tag, body = svg.partition("</style>")
    return head + sheet + style_tag + re.sub("<[^>]*>", _short, body)


def _short(tag: re.Match[str]) -> str:
    """A tag with numbers to a hundredth of a point, and few names of fonts."""
    text = re.sub(r"'DejaVu Sans',[^;\"]*sans-serif", FAMILY, tag[0])
    return re.sub(r"(\d\.\d\d)\d+", r"\1", text).replace(" \n", "\n")
