"""Figures of one run, its curves and its confusion matrix; heatmaps of any confusion."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp import files
from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import colour, marker
from fmnist_exp.report.runs.conditions import short_names
from fmnist_exp.rundir import records
from fmnist_exp.rundir.tables import read_confusion_matrix, read_history, shares_of


def draw_run(run_dir: Path, name: str) -> None:
    """Draw one of `records.RUN_FIGURES` of a run directory, into its folder `figures`.

    Raises:
        RecordError: a table of the run cannot be read, or the figure cannot be written.
    """
    with drawing.house_style():
        figure = {"curves.png": curves_of, "confusion_matrix.png": confusion_of}[name](run_dir)
    files.write_bytes(run_dir / records.FIGURES / name, drawing.render(figure, "png"))


def curves_of(run_dir: Path) -> Figure:
    """Loss and accuracy over the epochs, training against validation."""
    history = read_history(run_dir / records.HISTORY)
    figure = drawing.new_figure(8, 3.2)
    for axes, metric in zip(figure.subplots(1, 2), records.METRICS, strict=True):
        for index, (split, label) in enumerate(drawing.LEARNING.items()):
            axes.plot(
                history["epoch"],
                history[f"{split}_{metric}"],
                color=colour(index),
                marker=marker(index) if len(history["epoch"]) < 30 else None,
                markersize=3,
                label=label,
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(metric)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    return figure


def confusion_of(run_dir: Path) -> Figure:
    """Counts of true and predicted classes on the test split, coloured by share of the true."""
    names, counts = read_confusion_matrix(run_dir / records.CONFUSION_MATRIX)
    title = "Test images by true and predicted class"
    return draw_shares(shares_of(counts), np.char.mod("%d", counts), names, title)


def draw_shares(
    shares: np.ndarray, cells: np.ndarray, class_names: Sequence[str], title: str
) -> Figure:
    """A heatmap on the scale 0 to 1 of what the images of each class are taken for.

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
    ticks, names = range(len(class_names)), short_names(class_names)
    axes.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    for (row, column), text in np.ndenumerate(cells):
        ink = "white" if shares[row, column] <= 0.5 else "black"
        cell = axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=7)
        cell.set_in_layout(False)  # it lies within the axes: a hundred need not be measured thrice
    return figure
