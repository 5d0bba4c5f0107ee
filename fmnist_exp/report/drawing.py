"""What all figures share: size, colours, and files that are the same for the same input."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmnist_exp.records import atomic_path

# Okabe and Ito (2008), Color Universal Design, without black and yellow: told apart by readers
# with any common form of colour blindness, and dark enough for thin lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": 100,
    "font.size": 9,
    "savefig.dpi": 200,
    "svg.hashsalt": "fmnist_exp",  # identifiers that do not change from call to call
}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    with mpl.rc_context(STYLE):
        return Figure(figsize=(width, height), layout="constrained")


def colour(index: int) -> str:
    """The colour of a condition, the same in every figure."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """The marker of a condition; where colours repeat, markers differ."""
    return MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]


def save(
    figure: Figure, folder: Path, name: str, *, kinds: tuple[str, ...] = ("png", "svg")
) -> None:
    """Write a figure as NAME.png and NAME.svg, without a date."""
    for kind in kinds:
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        with mpl.rc_context(STYLE), atomic_path(folder / f"{name}.{kind}") as path:
            figure.savefig(path, format=kind, metadata=metadata)


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
        ink = "black" if shares[row, column] > 0.5 else "white"
        axes.text(
            column, row, str(cells[row, column]), ha="center", va="center", color=ink, fontsize=7
        )
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, class_names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Counts (..., num_classes, num_classes) divided by their row sums; 0 for an empty row."""
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
