"""Figures that hold conditions against each other: seeds, differences, answers, confidence."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fmnist_exp.report import drawing
from fmnist_exp.report.predictions import Predictions
from fmnist_exp.report.statistics import t_interval
from fmnist_exp.report.verdicts import Comparison

POINTS = 100  # percentage points in a fraction


def draw_seeds(values: Mapping[str, Mapping[int, float]]) -> Figure:
    """Accuracy of every run, a row per condition; a thin line joins the runs of one seed.

    Args:
        values: condition -> seed -> accuracy as a fraction; at least one run each.
    """
    figure = drawing.new_figure(8, 1.4 + 0.5 * len(values))
    axes = figure.subplots()
    names = list(values)
    for seed in sorted({seed for runs in values.values() for seed in runs}):
        rows = [row for row, name in enumerate(names) if seed in values[name]]
        axes.plot(
            [POINTS * values[names[row]][seed] for row in rows],
            rows,
            color="grey",
            linewidth=0.5,
            alpha=0.5,
            zorder=1,
        )
    for row, runs in enumerate(values.values()):
        numbers = POINTS * np.array(list(runs.values()))
        colour = drawing.colour(row)
        axes.plot(numbers, np.full(len(numbers), row), "o", color=colour, markersize=4, alpha=0.8)
        low, high = t_interval(numbers)
        axes.plot([low, high], [row + 0.25] * 2, color="black", linewidth=1.5)
        axes.plot(numbers.mean(), row + 0.25, "D", color="black", markersize=4)
    axes.set_yticks(range(len(names)), [drawing.short_label(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("test accuracy, %; the axis does not start at 0")
    axes.grid(axis="x", alpha=0.3)
    return figure


def draw_forest(comparisons: Sequence[Comparison]) -> Figure:
    """Differences in percentage points with simultaneous intervals, and the band of equality."""
    figure = drawing.new_figure(8.5, 1.6 + 0.42 * len(comparisons))
    axes = figure.subplots()
    sesoi = comparisons[0].sesoi
    if np.isfinite(sesoi):
        axes.axvspan(-POINTS * sesoi, POINTS * sesoi, color="#56B4E9", alpha=0.2, linewidth=0)
    axes.axvline(0, color="black", linewidth=0.8)
    for row, each in enumerate(comparisons):
        bounds = [POINTS * each.ci_low, POINTS * each.ci_high]
        axes.plot(bounds, [row, row], color="black", linewidth=1.5)
        axes.plot(POINTS * each.difference_mean, row, "s", color="black", markersize=6)
        axes.text(
            1.01,
            row,
            f"{each.verdict} (n = {each.num_pairs})",
            transform=axes.get_yaxis_transform(),
            va="center",
        )
    labels = [
        f"{drawing.short_label(each.condition_a)} \N{MINUS SIGN} "
        f"{drawing.short_label(each.condition_b)}"
        for each in comparisons
    ]
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    band = f"; band: \N{PLUS-MINUS SIGN}{POINTS * sesoi:g} points" if np.isfinite(sesoi) else ""
    axes.set_xlabel(f"difference in test accuracy, percentage points{band}")
    axes.grid(axis="x", alpha=0.3)
    return figure


def draw_confusion_difference(
    shares_a: np.ndarray, shares_b: np.ndarray, class_names: Sequence[str], title: str
) -> Figure:
    """Where two conditions confuse classes differently, in percentage points.

    Args:
        shares_a: float (num_runs, num_classes, num_classes); rows sum to 1; a true class each.
        shares_b: float (num_runs, num_classes, num_classes), of the other condition.
        class_names: name of each class.
        title: what is subtracted from what.
    """
    difference = POINTS * (shares_a.mean(axis=0) - shares_b.mean(axis=0))
    limit = max(float(np.abs(difference).max()), 0.1)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    image = axes.imshow(difference, cmap="PuOr", vmin=-limit, vmax=limit)
    figure.colorbar(image, ax=axes, label="percentage points of the true class", shrink=0.8)
    for row, column in np.ndindex(*difference.shape):
        value = difference[row, column]
        if abs(value) >= 0.05:
            axes.text(
                column,
                row,
                f"{value:+.1f}".replace("-", "\N{MINUS SIGN}"),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if abs(value) > 0.65 * limit else "black",
            )
    drawing.label_classes(axes, class_names)
    axes.set_title(title)
    return figure


def draw_reliability(predictions: Mapping[str, Predictions]) -> Figure:
    """Accuracy against stated confidence, in bins of equal mass; below the diagonal: too sure."""
    figure = drawing.new_figure(6, 5)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.text(0.42, 0.44, "as sure as right", rotation=45, color="grey", fontsize=7, rotation_mode="anchor")
    for index, (name, each) in enumerate(predictions.items()):
        axes.plot(
            each.curve.confidence,
            each.curve.accuracy,
            color=drawing.colour(index),
            marker=drawing.marker(index),
            markersize=4,
            linewidth=1,
            label=f"{drawing.short_label(name)}, ECE {each.ece.mean():.3f}",
        )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("stated probability of the predicted class")
    axes.set_ylabel("share of right predictions")
    axes.set_xlim(0.2, 1.01)
    axes.set_ylim(0.2, 1.01)
    axes.legend(frameon=False, loc="upper left")
    axes.grid(alpha=0.3)
    return figure
