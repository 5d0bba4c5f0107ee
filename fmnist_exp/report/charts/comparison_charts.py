"""The figure of comparisons: every difference with its seeds and its intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import FAINT, INK, SMALL
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.runs.conditions import MAX_NAME
from fmnist_exp.statistics.verdicts import SESOI, Comparison, Verdict

INKS = {
    **dict.fromkeys((Verdict.BETTER, Verdict.WORSE), drawing.COLOURS[0]),
    **dict.fromkeys((Verdict.EQUAL, Verdict.IDENTICAL), drawing.SAME),
}  # a difference and none


def draw_forest(
    comparisons: Sequence[Comparison],
    seeds: Sequence[np.ndarray],
    names: Mapping[str, str],
    title: Sequence[str] = (),
) -> Figure:
    """Differences in percentage points with the intervals that decide, and the band of equality.

    Args:
        comparisons: of test accuracy, at least one.
        seeds: of each comparison the difference of every seed, float (num_pairs,).
        names: level or place -> its name in figures.
        title: lines above.
    """
    labels = [
        _minus(names.get(each.condition_a, each.condition_a), names.get(each.condition_b, ""))
        + (f"\n{names.get(each.place, each.place)}" if each.place else "")
        for each in comparisons
    ]
    height = 1.3 + drawing.row_height(labels, 0.34) * len(labels)
    figure = drawing.new_figure(drawing.WIDTH, height, *title)
    axes = figure.subplots()
    sesoi = POINTS * SESOI
    axes.axvspan(-sesoi, sesoi, color=drawing.COLOURS[4], alpha=0.25, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    for row, (each, differences) in enumerate(zip(comparisons, seeds, strict=True)):
        ink = INKS.get(each.verdict, FAINT)
        shown = POINTS * differences[: drawing.MAX_SEEDS]
        axes.plot(shown, np.full(len(shown), row + 0.28), ".", color=ink, alpha=0.45, markersize=4)
        for width, low, high in (
            (1.2, each.ci_low, each.ci_high),
            (4, each.equal_low, each.equal_high),
        ):
            axes.plot([POINTS * low, POINTS * high], [row, row], color=ink, linewidth=width)
        axes.plot(POINTS * each.difference_mean, row, "s", color=ink, markersize=6)
        found, place = _in_words(each, names), axes.get_yaxis_transform()
        axes.text(1.01, row, found, transform=place, va="center", fontsize=SMALL, color=ink)
    name_rows(axes, labels)
    axes.set_xlabel(
        f"difference in test accuracy, percentage points; shaded: {MINUS}{sesoi:g} to +{sesoi:g}"
    )
    return figure


def name_rows(axes: Axes, names: Sequence[str], margin: float = 0.5) -> None:
    """Name the rows, the first on top, with so much room below the last."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - margin, margin - 1)
    axes.grid(axis="x")


def _minus(first: str, second: str) -> str:
    """The name of a difference, in one line if it is short."""
    whole = f"{first} {MINUS} {second}"
    return whole if len(whole) <= MAX_NAME and "\n" not in whole else f"{first} {MINUS}\n{second}"


def _in_words(comparison: Comparison, names: Mapping[str, str]) -> str:
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
