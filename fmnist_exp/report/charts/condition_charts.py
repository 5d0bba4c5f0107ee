"""Figures of conditions: points and intervals in a row each, learning curves."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import MAX_SEEDS, colour, marker
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.runs.conditions import MAX_NAME, short_names
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir import records
from fmnist_exp.statistics.seeds import ANY, SHARE, t_interval
from fmnist_exp.statistics.verdicts import SESOI, Comparison, Verdict

UNSETTLED = "#5b616a"
INKS = {
    **dict.fromkeys((Verdict.BETTER, Verdict.WORSE), drawing.COLOURS[0]),
    **dict.fromkeys((Verdict.EQUAL, Verdict.IDENTICAL), "#00775a"),
}  # a difference and none


def _name_rows(axes: Axes, names: Sequence[str], margin: float = 0.5) -> None:
    """Name the rows, the first on top, with so much room below the last."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - margin, margin - 1)
    axes.grid(axis="x", alpha=0.3)


def draw_forest(comparisons: Sequence[Comparison], names: dict[str, str]) -> Figure:
    """Differences in percentage points with the intervals that decide, and the band of equality.

    Args:
        comparisons: of test accuracy, at least one.
        names: label of a condition -> its name in figures.
    """
    labels = [
        _minus(
            names.get(each.condition_a, each.condition_a),
            names.get(each.condition_b, each.condition_b),
        )
        + (f"\n{each.place}" if each.place else "")
        for each in comparisons
    ]
    num_lines = 1 + max(label.count("\n") for label in labels)
    figure = drawing.new_figure(8.5, 1 + max(0.4, 0.17 * num_lines) * len(labels))
    axes = figure.subplots()
    sesoi = POINTS * SESOI
    axes.axvspan(-sesoi, sesoi, color="#56B4E9", alpha=0.2, linewidth=0)
    axes.axvline(0, color="black", linewidth=0.8)
    for row, each in enumerate(comparisons):
        ink = INKS.get(each.verdict, UNSETTLED)
        for width, low, high in (
            (1.2, each.ci_low, each.ci_high),
            (4, each.equal_low, each.equal_high),
        ):
            axes.plot([POINTS * low, POINTS * high], [row, row], color=ink, linewidth=width)
        axes.plot(POINTS * each.difference_mean, row, "s", color=ink, markersize=6)
        found = _in_words(each, names)
        place = axes.get_yaxis_transform()
        axes.text(1.01, row, found, transform=place, va="center", fontsize=8, color=ink)
    _name_rows(axes, labels)
    axes.set_xlabel(
        f"difference in test accuracy, percentage points; shaded: {MINUS}{sesoi:g} to +{sesoi:g}"
    )
    return figure


def _minus(first: str, second: str) -> str:
    """The name of a difference, in one line if it is short."""
    whole = f"{first} {MINUS} {second}"
    return whole if len(whole) <= MAX_NAME and "\n" not in whole else f"{first} {MINUS}\n{second}"


def _in_words(comparison: Comparison, names: dict[str, str]) -> str:
    """What a row of the forest shows."""
    first, second = (
        names.get(name, name) for name in (comparison.condition_a, comparison.condition_b)
    )
    return {
        Verdict.BETTER: f"{first}\nis better",
        Verdict.WORSE: f"{second}\nis better",
        Verdict.EQUAL: "no difference\nthat matters",
        Verdict.IDENTICAL: "the same\nin every seed",
        Verdict.SURVIVORS: "not settled:\nruns failed",
    }.get(comparison.verdict, "not settled")


def draw_bars(conditions: Sequence[Condition], metric: str) -> Figure:
    """Means as bars from zero with every seed as a dot; beside them the same seeds enlarged.

    Args:
        conditions: a row each.
        metric: of the test split, loss or accuracy.
    """
    figure = drawing.new_figure(9, 1.3 + 0.45 * len(conditions))
    bars, dots = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    for row, condition in enumerate(conditions):
        numbers = condition.values(f"test_{metric}")
        mean = numbers.mean()
        interval = t_interval(numbers, SHARE if metric == "accuracy" else ANY)
        bars.barh(row, mean, height=0.74, color=colour(condition.index), alpha=0.3)
        # Beside the axes, where no dot or interval can be.
        bars.text(1.02, row, f"{mean:.4f}", transform=bars.get_yaxis_transform(), va="center")
        seeds = numbers[:MAX_SEEDS]
        places = row - 0.1 + np.linspace(-0.18, 0.18, len(seeds)) * (len(seeds) > 1)
        for axes in (bars, dots):
            axes.plot(seeds, places, ".", color=colour(condition.index), markersize=4)
            axes.plot(interval, [row + 0.24] * 2, color="black", linewidth=1.2)
            axes.plot(mean, row + 0.24, "|", color="black", markersize=7)
    _name_rows(bars, [condition.name for condition in conditions], 0.4)
    bars.grid(visible=False)
    dots.grid(axis="x", alpha=0.3)
    bars.text(1.02, 1, "mean", transform=bars.transAxes, va="bottom", fontsize=8)
    bars.set_xlim(left=0)
    bars.set_xlabel(f"test {metric}")
    dots.set_xlabel(f"test {metric}, enlarged: the axis does not start at 0")
    dots.xaxis.set_major_locator(MaxNLocator(6))
    dots.tick_params(left=False)
    figure.suptitle("dot: one seed; black: mean and 95 % t interval", fontsize=8)
    return figure


def draw_splits(conditions: Sequence[Condition]) -> Figure:
    """Train, validation and test accuracy of each condition, one below the other."""
    figure = drawing.new_figure(8, 1.5 + 0.45 * len(conditions))
    axes = figure.subplots()
    for split, shape, offset in zip(records.SPLITS, drawing.MARKERS, (-0.2, 0, 0.2), strict=False):
        axes.plot([], [], shape, color="grey", label=split)
        for row, condition in enumerate(conditions):
            numbers, place = condition.values(f"{split}_accuracy"), row + offset
            ink = colour(condition.index)
            axes.plot(t_interval(numbers, SHARE), [place, place], color=ink, linewidth=2)
            axes.plot(numbers.mean(), place, shape, color=ink, markersize=5)
    _name_rows(axes, [condition.name for condition in conditions])
    axes.set_xlabel("accuracy of the saved weights, mean and 95 % t interval; not from 0")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
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
        bounds = np.array([t_interval(values[:, column], SHARE) for column in order])
        ink, shape = colour(condition.index), marker(condition.index)
        axes.hlines(rows, bounds[:, 0], bounds[:, 1], color=ink, linewidth=2)
        means = values.mean(axis=0)[order]
        axes.plot(means, rows, shape, color=ink, markersize=5, label=condition.name)
    axes.set_yticks(range(len(names)), short_names([names[index] for index in order]))
    axes.invert_yaxis()
    axes.set_xlabel("F1 on the test split, mean and 95 % t interval; the axis does not start at 0")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=min(3, len(f1)), frameon=False)
    return figure


def draw_curves(conditions: Sequence[Condition], metric: str) -> Figure:
    """Training beside validation: of each condition a thin line per seed, a thick median.

    The median ends with the first run that ends.
    """
    figure = drawing.new_figure(9, 4)
    for axes, (split, title) in zip(
        figure.subplots(1, 2, sharey=True), drawing.LEARNING.items(), strict=True
    ):
        for condition in conditions:
            curves = [run.history[f"{split}_{metric}"] for run in condition.runs]
            shortest = min(map(len, curves))
            middle = np.median([curve[:shortest] for curve in curves], axis=0)
            # A line needs two epochs; a single one is drawn as a point.
            ink, point = colour(condition.index), marker(condition.index) if shortest == 1 else ""
            for curve in curves[:MAX_SEEDS]:
                epochs = range(1, len(curve) + 1)
                axes.plot(epochs, curve, color=ink, linewidth=0.6, alpha=0.3, marker=point)
            label = condition.name if split == "train" else None
            epochs = range(1, shortest + 1)
            axes.plot(epochs, middle, color=ink, linewidth=2, marker=point, label=label)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.supylabel(metric, fontsize=9)
    figure.legend(loc="outside lower center", ncols=min(3, len(conditions)), frameon=False)
    return figure
