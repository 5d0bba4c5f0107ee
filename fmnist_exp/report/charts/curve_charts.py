"""The figure of training: loss and accuracy over the epochs."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import beside, colour, marker
from fmnist_exp.report.formatting import POINTS
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.statistics.seeds import MIN_SEEDS

PANELS = {
    "train_loss": ("training loss, while learning", 1),
    "validation_loss": ("validation loss", 1),
    "validation_accuracy": ("validation accuracy, %", POINTS),
}
MAX_LINES = 6  # conditions in a panel: as many as there are colours
MAX_THIN = 5  # seeds of a condition that are drawn one by one


def draw_curves(
    groups: Mapping[str, Sequence[Condition]],
    names: Mapping[str, str],
    looks: Mapping[str, int],
    title: Sequence[str] = (),
) -> Figure:
    """Training loss, validation loss and validation accuracy of conditions in one panel each.

    Of each condition the median and the interquartile range over the runs, as far as all of them
    run, and the first seeds as thin lines. Several groups have a row of small panels each.

    Args:
        groups: heading of a row, maybe empty -> its conditions.
        names: label of a condition -> its name in the legend; shared where rows share them.
        looks: label of a condition -> number of its colour and marker.
        title: lines above.
    """
    named = [list(dict.fromkeys(names[each.label] for each in group)) for group in groups.values()]
    num_rows = 1 + (max(map(len, named)) - 1) // 3
    legend = 0.3 + drawing.row_height(list(chain(*named)), 0) * num_rows
    is_shared = all({*each} <= {*named[0]} for each in named)
    height = 2.6 if len(groups) == 1 else 1.45 + (0 if is_shared else legend)
    figure = drawing.new_figure(10, 0.7 + legend * is_shared + height * len(groups), *title)
    grid = _panels(figure, len(groups), is_shared=is_shared)
    for row, (heading, group) in zip(grid, groups.items(), strict=True):
        for axes, (column, (_, scale)) in zip(row, PANELS.items(), strict=True):
            for condition in group:
                ink = looks[condition.label]
                _draw_condition(axes, condition, column, scale, ink, names[condition.label])
        row[0].set_ylabel(beside(heading))
        if not is_shared or row[0] is grid[0][0]:
            place = row[0].get_figure(root=is_shared)
            place.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    for same in zip(*grid, strict=True):
        bounds = np.array([axes.get_ylim() for axes in same])
        for axes in same:
            axes.set_ylim(bounds[:, 0].min(), bounds[:, 1].max())
    return figure


def _panels(figure: Figure, num_rows: int, *, is_shared: bool) -> list[Sequence[Any]]:
    """A row of panels for each group; groups with legends of their own are parts of the figure."""
    if is_shared:
        grid = list(figure.subplots(num_rows, len(PANELS), sharex=True, squeeze=False))
    else:
        parts = figure.subfigures(num_rows, 1, squeeze=False)[:, 0]
        grid = [part.subplots(1, len(PANELS)) for part in parts]
    for row in grid:
        for axes, (what, _) in zip(row, PANELS.values(), strict=True):
            if row is grid[0]:
                axes.set_title(what)
            if row is grid[-1] or not is_shared:
                axes.set_xlabel("epoch")
            axes.grid()
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return grid


def _draw_condition(
    axes: Axes, condition: Condition, column: str, scale: float, look: int, name: str
) -> None:
    """Thin lines, band and median of one condition; a single epoch is drawn as points."""
    curves = [scale * np.array(run.history[column]) for run in condition.runs]
    shortest = min(map(len, curves))
    common = np.array([curve[:shortest] for curve in curves])
    ink, point = colour(look), marker(look) if shortest == 1 else ""
    for curve in curves[:MAX_THIN]:
        epochs = range(1, len(curve) + 1)
        axes.plot(epochs, curve, color=ink, linewidth=0.6, alpha=0.4, marker=point)
    epochs = range(1, shortest + 1)
    if len(curves) >= MIN_SEEDS:
        low, high = np.percentile(common, (25, 75), axis=0)
        axes.fill_between(epochs, low, high, color=ink, alpha=0.2, linewidth=0)
    axes.plot(epochs, np.median(common, axis=0), color=ink, linewidth=2, marker=point, label=name)
