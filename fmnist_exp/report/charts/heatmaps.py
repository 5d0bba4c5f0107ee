"""Heatmaps of which classes are taken for which: of a run, of a condition, between two."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.formatting import fixed
from fmnist_exp.report.runs.conditions import short_names

DARK = 0.65  # share of the scale of differences beyond which a cell is dark


def draw_confusion(
    shares: np.ndarray, cells: np.ndarray, class_names: Sequence[str], title: str
) -> Figure:
    """A heatmap on the scale 0 to 1.

    Args:
        shares: float (num_classes, num_classes); row is the true class.
        cells: str (num_classes, num_classes); what each cell says.
        class_names: name of each class.
        title: above the heatmap.
    """
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the images of the true class", shrink=0.8)
    _fill(axes, cells, shares <= 0.5, class_names)
    axes.set_title(title)
    return figure


def draw_difference(
    points: np.ndarray, clear: np.ndarray, class_names: Sequence[str], title: str
) -> Figure:
    """Where two conditions confuse classes differently.

    Args:
        points: float (num_classes, num_classes); difference in percentage points.
        clear: bool (num_classes, num_classes); the cells to frame.
        class_names: name of each class.
        title: above the heatmap.
    """
    limit = max(float(np.abs(points).max()), 0.1)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    image = axes.imshow(points, cmap="PuOr", vmin=-limit, vmax=limit)
    figure.colorbar(image, ax=axes, label="percentage points of the true class", shrink=0.8)
    signed = np.vectorize(lambda value: fixed(value, 1, signed=True))(points)
    cells = np.where(np.abs(points) >= 0.05, signed, "")
    _fill(axes, cells, np.abs(points) > DARK * limit, class_names)
    for row, column in np.argwhere(clear):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, linewidth=1.2))
    axes.set_title(title)
    return figure


def _fill(axes: Axes, cells: np.ndarray, dark: np.ndarray, class_names: Sequence[str]) -> None:
    """Write into the cells of a heatmap, in white on dark ones, and name rows and columns."""
    for row, column in np.argwhere(cells != ""):
        ink = "white" if dark[row, column] else "black"
        text = str(cells[row, column])
        cell = axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=7)
        cell.set_in_layout(False)  # it lies within the axes: a hundred need not be measured thrice
    ticks, names = range(len(class_names)), short_names(class_names)
    axes.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)
