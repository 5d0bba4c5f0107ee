"""Figures of conditions: a row each, with every seed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.comparison_charts import name_rows
from fmnist_exp.report.charts.drawing import INK, MAX_SEEDS, colour
from fmnist_exp.report.formatting import POINTS
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir import records
from fmnist_exp.statistics.seeds import ANY, SHARE, t_interval


def draw_bars(
    conditions: Sequence[Condition],
    metric: str,
    looks: Mapping[str, int],
    title: Sequence[str] = (),
) -> Figure:
    """Means as bars from zero with every seed as a dot.

    Args:
        conditions: a row each.
        metric: of the test split, loss or accuracy.
        looks: label of a condition -> number of its colour and marker.
        title: lines above.
    """
    is_share = metric == "accuracy"
    scale, digits = (POINTS, 2) if is_share else (1, 4)
    names = [condition.name for condition in conditions]
    height = 1.3 + drawing.row_height(names, 0.33) * len(names)
    figure = drawing.new_figure(drawing.HALF, height, *title)
    axes = figure.subplots()
    for row, condition in enumerate(conditions):
        numbers, ink = condition.values(f"test_{metric}"), colour(looks[condition.label])
        mean = scale * numbers.mean()
        axes.barh(row, mean, height=0.74, color=ink, alpha=0.3)
        seeds = scale * numbers[:MAX_SEEDS]
        places = row - 0.1 + np.linspace(-0.18, 0.18, len(seeds)) * (len(seeds) > 1)
        axes.plot(seeds, places, ".", color=ink, markersize=4)
        interval = scale * np.array(t_interval(numbers, SHARE if is_share else ANY))
        axes.plot(interval, [row + 0.24] * 2, color=INK, linewidth=1.2)
        axes.plot(mean, row + 0.24, "|", color=INK, markersize=7)
        # Beside the axes, where no dot or interval can be.
        place = axes.get_yaxis_transform()
        axes.text(1.02, row, f"{mean:.{digits}f}", transform=place, va="center")
    name_rows(axes, names, 0.4)
    axes.text(1.02, 1, "mean", transform=axes.transAxes, va="bottom")
    axes.set_xlim(left=0)
    axes.set_xlabel(f"test {metric}{', %' if is_share else ''}")
    return figure


def draw_splits(
    conditions: Sequence[Condition], looks: Mapping[str, int], title: Sequence[str] = ()
) -> Figure:
    """Train, validation and test accuracy of each condition and seed, one below the other."""
    names = [condition.name for condition in conditions]
    height = 1.7 + drawing.row_height(names, 0.4) * len(names)
    figure = drawing.new_figure(drawing.WIDTH, height, *title)
    axes = figure.subplots()
    for split, shape, offset in zip(
        records.SPLITS, drawing.MARKERS, (-0.28, 0, 0.28), strict=False
    ):
        axes.plot([], [], shape, color=drawing.FAINT, label=split)
        for row, condition in enumerate(conditions):
            numbers, place = POINTS * condition.values(f"{split}_accuracy"), row + offset
            ink = colour(looks[condition.label])
            interval = POINTS * np.array(t_interval(numbers / POINTS, SHARE))
            seeds = numbers[:MAX_SEEDS]
            axes.plot(seeds, np.full(len(seeds), place), ".", color=ink, alpha=0.4, markersize=4)
            axes.plot(interval, [place, place], color=ink, linewidth=2)
            axes.plot(numbers.mean(), place, shape, color=ink, markersize=5)
    name_rows(axes, names)
    axes.set_xlabel("accuracy of the saved weights, %; the axis does not start at 0")
    figure.legend(loc="outside lower center", ncols=3)
    return figure
