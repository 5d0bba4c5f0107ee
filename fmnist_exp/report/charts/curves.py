"""Figures with a curve for each run or condition: learning curves, and the reliability diagram."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import MAX_SEEDS, colour, marker
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.runs.study import Condition


def draw_curves(conditions: Sequence[Condition], metric: str) -> Figure:
    """One panel per condition on common axes: a thin line per seed, a thick one for the median."""
    figure, panels = _panels(len(conditions))
    # A line needs two epochs; a single one is drawn as a point.
    points = max(run.record.num_epochs for c in conditions for run in c.runs) == 1
    looks: dict[str, Any] = {
        "train": {"linestyle": ":", "marker": "x" if points else ""},
        "validation": {"linestyle": "-", "marker": "o" if points else ""},
    }
    for axes, condition in zip(panels, conditions, strict=True):
        ink = colour(condition.index)
        for split, look in looks.items():
            curves = [run.history[f"{split}_{metric}"] for run in condition.runs]
            middle = _median_while_all_run(curves)
            for curve in curves[:MAX_SEEDS]:
                axes.plot(*_by_epoch(curve), color=ink, linewidth=0.6, alpha=0.5, **look)
            axes.plot(*_by_epoch(middle), color=ink, linewidth=2, **look)
        axes.set_title(f"{condition.name} (n = {len(condition.runs)})", fontsize=9)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel(metric, fontsize=9)
    handles = [
        Line2D([], [], color="grey", label=drawing.LEARNING[split], **look)
        for split, look in looks.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return figure


def draw_reliability(findings: Findings) -> Figure:
    """Stated probability against share of right predictions, where predictions were read."""
    figure = drawing.new_figure(6.5, 5)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    shown = [each for each in findings.conditions if each.label in findings.predictions]
    lowest = 1.0
    for condition in shown:
        answers = findings.predictions[condition.label]
        stated, observed, _ = answers.curve
        axes.plot(
            stated,
            observed,
            color=colour(condition.index),
            marker=marker(condition.index),
            markersize=4,
            linewidth=1,
            label=f"{condition.name}, ECE {answers.ece.mean():.3f}",
        )
        lowest = min(lowest, stated.min(), observed.min())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlim(lowest - 0.03, 1.02)
    axes.set_ylim(lowest - 0.03, 1.02)
    axes.set_xlabel("stated probability of the predicted class")
    axes.set_ylabel("share of right predictions")
    axes.legend(frameon=False, loc="upper left", fontsize=8)
    axes.grid(alpha=0.3)
    return figure


def _by_epoch(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(1, len(curve) + 1), curve


def _median_while_all_run(curves: Sequence[np.ndarray]) -> np.ndarray:
    """Median over the seeds, up to the last epoch that all of them reached."""
    num_epochs = min(map(len, curves))
    return np.median([curve[:num_epochs] for curve in curves], axis=0)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(3, count)
    rows = -(-count // columns)
    figure = drawing.new_figure(1 + 3 * columns, 1.2 + 2.4 * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[count:]:
        axes.set_axis_off()
    for axes in grid[max(count - columns, 0) : count]:
        axes.tick_params(labelbottom=True)  # also where the place below is empty
    return figure, list(grid[:count])
