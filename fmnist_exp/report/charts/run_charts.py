"""Figures of one run: its curves and its confusion matrix."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp import files
from fmnist_exp.report.charts import drawing, heatmaps
from fmnist_exp.report.charts.drawing import colour, marker
from fmnist_exp.rundir import records
from fmnist_exp.rundir.tables import History, read_confusion_matrix, read_history, shares_of


def draw_run(run_dir: Path, name: str) -> None:
    """Draw one of `records.RUN_FIGURES` of a run directory, into its folder `figures`.

    Raises:
        RecordError: a table of the run cannot be read, or the figure cannot be written.
    """
    with drawing.house_style():
        if name == "curves.png":
            figure = draw_curves(read_history(run_dir / records.HISTORY))
        else:
            names, counts = read_confusion_matrix(run_dir / records.CONFUSION_MATRIX)
            title = "Test images by true and predicted class"
            cells = np.char.mod("%d", counts)
            figure = heatmaps.draw_confusion(shares_of(counts), cells, names, title)
    files.write_bytes(run_dir / records.FIGURES / name, drawing.render(figure, "png"))


def draw_curves(history: History) -> Figure:
    """Loss and accuracy over the epochs, training against validation."""
    figure = drawing.new_figure(8, 3.2)
    for axes, metric in zip(figure.subplots(1, 2), records.METRICS, strict=True):
        for index, split in enumerate(("train", "validation")):
            axes.plot(
                history["epoch"],
                history[f"{split}_{metric}"],
                color=colour(index),
                marker=marker(index) if len(history["epoch"]) < 30 else None,
                markersize=3,
                label=split if split == "validation" else "train, while learning",
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(metric)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    return figure
