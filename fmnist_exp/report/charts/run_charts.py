"""Figures of one run: its curves and its confusion matrix."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp import files
from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.class_charts import draw_shares
from fmnist_exp.report.charts.drawing import colour, marker
from fmnist_exp.report.formatting import POINTS
from fmnist_exp.report.runs.setting import network
from fmnist_exp.rundir import records
from fmnist_exp.rundir.tables import read_confusion_matrix, read_history, shares_of

LEARNING = {"train": "train, while learning", "validation": "validation"}  # as in the legend


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
    figure = drawing.new_figure(drawing.WIDTH, 3.7, "Learning curves", _about(run_dir))
    scales = {"loss": ("loss", 1), "accuracy": ("accuracy, %", POINTS)}
    for axes, (metric, (name, scale)) in zip(figure.subplots(1, 2), scales.items(), strict=True):
        for index, (split, label) in enumerate(LEARNING.items()):
            axes.plot(
                history["epoch"],
                scale * history[f"{split}_{metric}"],
                color=colour(index),
                marker=marker(index) if len(history["epoch"]) < 30 else None,
                markersize=3,
                label=label,
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    return figure


def confusion_of(run_dir: Path) -> Figure:
    """Counts of true and predicted classes on the test split, coloured by share of the true."""
    names, counts = read_confusion_matrix(run_dir / records.CONFUSION_MATRIX)
    title = ("Test images by true and predicted class", _about(run_dir))
    return draw_shares(shares_of(counts), np.char.mod("%d", counts), names, title)


def _about(run_dir: Path) -> str:
    """Data, network, initializer and seed of a run, as the second line of a title."""
    record = records.read_record(run_dir)
    initializer = record.config["initializer"]["name"]
    return f"{record.data_name}; {network(record.config)}; {initializer}; seed {record.seed}"
