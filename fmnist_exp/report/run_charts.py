"""Figures of one run: its curves and its confusion matrix."""

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.ticker import MaxNLocator

from fmnist_exp import records
from fmnist_exp.report import drawing


def draw_run(run_dir: Path) -> None:
    """Draw `figures/curves.png` and `figures/confusion_matrix.png` of one run directory."""
    with mpl.rc_context(drawing.STYLE):
        draw_curves(run_dir)
        draw_confusion_matrix(run_dir)


def draw_curves(run_dir: Path) -> None:
    """Loss and accuracy over the epochs, training against validation."""
    history = pd.read_csv(run_dir / records.HISTORY)
    figure = drawing.new_figure(8, 3.2)
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for index, split in enumerate(("train", "validation")):
            values = history[f"{split}_{metric}"]
            axes.plot(
                history["epoch"],
                values,
                color=drawing.colour(index),
                marker=drawing.marker(index) if len(history) < 30 else None,
                markersize=3,
                label=split if split == "validation" else "train, while learning",
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(metric)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    drawing.save(figure, run_dir / records.FIGURES, "curves", kinds=("png",))


def draw_confusion_matrix(run_dir: Path) -> None:
    """Counts of true and predicted classes on the test split, coloured by share of the true."""
    counts = pd.read_csv(run_dir / records.CONFUSION_MATRIX, index_col=0)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    drawing.draw_confusion(
        axes, drawing.shares_of(counts.to_numpy()), list(counts.columns), counts.to_numpy(str)
    )
    axes.set_title("Test images by true and predicted class")
    drawing.save(figure, run_dir / records.FIGURES, "confusion_matrix", kinds=("png",))
