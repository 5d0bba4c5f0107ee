"""Figures of what happens to each class: its F1, and which classes it is taken for."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import colour, marker
from fmnist_exp.report.runs.conditions import short_names
from fmnist_exp.report.shown import Condition
from fmnist_exp.report.statistics.intervals import t_interval


def draw_confusion(condition: Condition) -> Figure:
    """Mean over the runs of the share of each class that got each prediction, in percent."""
    shares = condition.confusions.mean(axis=0)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    cells = np.vectorize(lambda share: f"{100 * share:.1f}" if share >= 0.0005 else "")(shares)
    drawing.draw_confusion(axes, shares, condition.class_names, cells)
    axes.set_title(f"{condition.name} (n = {len(condition.runs)})\n% of each class, test images")
    return figure


def draw_per_class(conditions: Sequence[Condition]) -> Figure:
    """F1 of every class, hardest first: mean and 95 % t interval of each condition.

    Args:
        conditions: conditions with the same class names.
    """
    names = conditions[0].class_names
    f1 = [
        np.stack([condition.class_scores(name, "f1") for name in names], axis=1)
        for condition in conditions
    ]  # for each condition: float (num_runs, num_classes)
    order = np.argsort(np.mean([values.mean(axis=0) for values in f1], axis=0))  # NaN comes last
    figure = drawing.new_figure(8, 1.5 + 0.12 * len(names) * (2 + len(f1)))
    axes = figure.subplots()
    spacing = min(0.25, 0.8 / len(f1))
    for place, (condition, values) in enumerate(zip(conditions, f1, strict=True)):
        rows = np.arange(len(names)) + (place - (len(f1) - 1) / 2) * spacing
        bounds = np.array([t_interval(values[:, column]) for column in order])
        axes.hlines(rows, bounds[:, 0], bounds[:, 1], color=colour(condition.index), linewidth=2)
        axes.plot(
            values.mean(axis=0)[order],
            rows,
            marker(condition.index),
            color=colour(condition.index),
            markersize=5,
            label=condition.name,
        )
    axes.set_yticks(range(len(names)), short_names([names[index] for index in order]))
    axes.invert_yaxis()
    axes.set_xlabel("F1 on the test split, mean and 95 % t interval; the axis does not start at 0")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=min(3, len(f1)), frameon=False)
    return figure
