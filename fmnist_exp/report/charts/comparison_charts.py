"""Figures that hold conditions against each other: seeds, differences, answers, confidence."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import Chart, colour, marker
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.shown import MAX_SEEDS, Condition
from fmnist_exp.report.statistics.comparisons import Comparison
from fmnist_exp.report.statistics.intervals import t_interval
from fmnist_exp.report.statistics.paired import paired_t

POINTS = 100  # percentage points in a fraction
MINUS = "\N{MINUS SIGN}"
MAX_COMPARISONS = 28  # rows of the forest plot: all pairs of eight conditions
MAX_DIFFERENCES = 3  # heatmaps of differences


def draw_differences(findings: Findings) -> list[Chart]:
    """The forest plot, if there is anything to compare."""
    comparisons = [each for each in findings.comparisons["test_accuracy"] if each.num_pairs > 1]
    if not comparisons:
        return []
    shown = comparisons[:MAX_COMPARISONS]
    names = {condition.label: condition.name for condition in findings.conditions}
    more = len(comparisons) - len(shown)
    return [
        Chart(
            "differences",
            "Differences in test accuracy over paired seeds, with simultaneous 95 % intervals; "
            "shaded: practically equal",
            draw_forest(shown, names),
            f"{more} more comparisons are in comparisons.csv." if more else "",
        )
    ]


def draw_forest(comparisons: Sequence[Comparison], names: dict[str, str]) -> Figure:
    """Differences in percentage points with simultaneous intervals, and the band of equality.

    Args:
        comparisons: of test accuracy, at least one.
        names: label of a condition -> its name in figures.
    """
    labels = [
        f"{names[each.condition_a]} {MINUS}\n{names[each.condition_b]}" for each in comparisons
    ]
    num_lines = 1 + max(label.count("\n") for label in labels)
    figure = drawing.new_figure(8.5, 1.3 + max(0.5, 0.17 * num_lines) * len(labels))
    axes = figure.subplots()
    sesoi = POINTS * comparisons[0].sesoi
    if np.isfinite(sesoi):
        axes.axvspan(-sesoi, sesoi, color="#56B4E9", alpha=0.2, linewidth=0)
    axes.axvline(0, color="black", linewidth=0.8)
    for row, each in enumerate(comparisons):
        axes.plot([POINTS * each.ci_low, POINTS * each.ci_high], [row, row], "k-", linewidth=1.5)
        axes.plot(POINTS * each.difference_mean, row, "ks", markersize=6)
        verdict = f"{each.verdict} (n = {each.num_pairs})"
        axes.text(1.01, row, verdict, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    band = f"; shaded: up to {sesoi:g} points either way" if np.isfinite(sesoi) else ""
    axes.set_xlabel(f"difference in test accuracy, percentage points{band}")
    axes.grid(axis="x", alpha=0.3)
    return figure


def draw_seeds(conditions: Sequence[Condition]) -> Figure:
    """Accuracy of every run, a row per condition; a thin line joins the runs of one seed."""
    figure = drawing.new_figure(8, 1.2 + 0.55 * len(conditions))
    axes = figure.subplots()
    paths: dict[int, list[tuple[float, int]]] = {}
    for row, condition in enumerate(conditions):
        numbers = POINTS * condition.numbers("test", "accuracy")
        seeds = numbers[:MAX_SEEDS]
        for seed, number in zip(condition.seeds, seeds, strict=False):
            paths.setdefault(seed, []).append((number, row))
        ink = colour(condition.index)
        axes.plot(seeds, [row] * len(seeds), "o", color=ink, markersize=4.5, alpha=0.8)
        axes.plot(t_interval(numbers), [row + 0.25] * 2, "k-", linewidth=1.5)
        axes.plot(numbers.mean(), row + 0.25, "kD", markersize=4)
    for path in paths.values():
        axes.plot(*zip(*path, strict=True), color="grey", linewidth=0.5, alpha=0.5, zorder=1)
    axes.set_yticks(range(len(conditions)), [condition.name for condition in conditions])
    axes.set_ylim(len(conditions) - 0.4, -0.6)
    axes.set_xlabel("test accuracy, %; the axis does not start at 0")
    axes.grid(axis="x", alpha=0.3)
    return figure


def draw_confusion_differences(conditions: Sequence[Condition]) -> list[Chart]:
    """Heatmaps of the first conditions minus the very first, where these may be compared."""
    charts = []
    for condition in conditions[1 : 1 + MAX_DIFFERENCES]:
        first = conditions[0]
        if condition.grounds == first.grounds:
            charts.append(
                Chart(
                    f"confusion_difference_{condition.index}",
                    f"Confusion, {condition.label} minus {first.label}, percentage points of each "
                    "true class; framed, if any: differs over paired seeds, false discovery rate "
                    "5 %",
                    draw_confusion_difference(condition, first),
                )
            )
    return charts


def draw_confusion_difference(condition: Condition, first: Condition) -> Figure:
    """Where two conditions confuse classes differently, in percentage points."""
    shares, others = (
        dict(zip(each.seeds, POINTS * each.confusions, strict=True)) for each in (condition, first)
    )
    difference = np.mean(list(shares.values()), axis=0) - np.mean(list(others.values()), axis=0)
    pairs = [shares[seed] - others[seed] for seed in shares if seed in others]
    clear = _differs(np.reshape(pairs, (-1, *difference.shape)))
    limit = max(float(np.abs(difference).max()), 0.1)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    image = axes.imshow(difference, cmap="PuOr", vmin=-limit, vmax=limit)
    figure.colorbar(image, ax=axes, label="percentage points of the true class", shrink=0.8)
    for row, column in np.ndindex(*difference.shape):
        value = difference[row, column]
        if abs(value) >= 0.05:
            text = f"{value:+.1f}".replace("-", MINUS)
            drawing.write_cell(axes, row, column, text, dark=abs(value) > 0.65 * limit)
        if clear[row, column]:
            drawing.frame_cell(axes, row, column)
    drawing.label_classes(axes, condition.class_names)
    axes.set_title(f"{condition.name} {MINUS} {first.name}")
    return figure


def draw_calibration(findings: Findings) -> list[Chart]:
    """The reliability diagram of the conditions whose predictions were read."""
    if not findings.predictions:
        return []
    figure = drawing.new_figure(6.5, 5)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    lowest = 1.0
    for condition in findings.conditions:
        each = findings.predictions.get(condition.label)
        if each is None:
            continue
        axes.plot(
            each.curve.confidence,
            each.curve.accuracy,
            color=colour(condition.index),
            marker=marker(condition.index),
            markersize=4,
            linewidth=1,
            label=f"{condition.name}, ECE {each.ece.mean():.3f}",
        )
        lowest = min(lowest, each.curve.confidence.min(), each.curve.accuracy.min())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlim(lowest - 0.03, 1.02)
    axes.set_ylim(lowest - 0.03, 1.02)
    axes.set_xlabel("stated probability of the predicted class")
    axes.set_ylabel("share of right predictions")
    axes.legend(frameon=False, loc="upper left", fontsize=8)
    axes.grid(alpha=0.3)
    return [
        Chart(
            "reliability",
            "Stated probability against share of right predictions, in bins of equal mass; below "
            "the grey line a network is surer than it is right",
            figure,
        )
    ]


def _differs(differences: np.ndarray) -> np.ndarray:
    """Which cells differ between two conditions, at a false discovery rate of 5 %.

    Args:
        differences: float (num_pairs, num_classes, num_classes); a pair of equal seed each.

    Returns:
        bool (num_classes, num_classes); all false below two pairs.

    Source:
        Paired t test of every cell; Benjamini and Hochberg (1995) over all cells.
    """
    from scipy.stats import false_discovery_control

    if len(differences) < 2:
        return np.zeros(differences.shape[1:], dtype=bool)
    cells = differences.reshape(len(differences), -1).T
    p_values = np.array([paired_t(cell).p_value for cell in cells])
    return (false_discovery_control(p_values) <= 0.05).reshape(differences.shape[1:])
