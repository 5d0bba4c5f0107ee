"""Figures of a study: every condition in its colour, every seed visible."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fmnist_exp.report.charts import comparison_charts, drawing
from fmnist_exp.report.charts.class_charts import draw_confusion, draw_per_class
from fmnist_exp.report.charts.drawing import Chart, colour
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.shown import MAX_PANELS, MAX_ROWS, MAX_SEEDS, Condition
from fmnist_exp.report.statistics.intervals import t_interval
from fmnist_exp.rundir import records


def draw_study(findings: Findings) -> list[Chart]:
    """Draw every figure of a study, in the order in which a report shows them."""
    completed = findings.conditions
    if not completed:
        return []
    rows, panels = completed[:MAX_ROWS], completed[:MAX_PANELS]
    in_rows, in_panels = _note(len(rows), len(completed)), _note(len(panels), len(completed))
    each_in_rows, each_in_panels = (
        f"{note} {_note_on_seeds(shown)}".strip()
        for note, shown in ((in_rows, rows), (in_panels, panels))
    )
    with drawing.house_style():
        return [
            *comparison_charts.draw_differences(findings),
            *_every_seed(findings, rows, each_in_rows),
            Chart(
                "train_validation_accuracy",
                "Train, validation and test accuracy of the saved weights",
                draw_splits(rows),
                in_rows,
            ),
            *(
                Chart(
                    f"{metric}_curves",
                    f"{metric.capitalize()} over the epochs; thin: one seed, thick: their median, "
                    "as far as all of them run",
                    draw_curves(panels, metric),
                    each_in_panels,
                )
                for metric in records.METRICS
            ),
            *_class_charts(panels, in_panels),
            *comparison_charts.draw_confusion_differences(panels),
            *comparison_charts.draw_calibration(findings),
        ]


def _every_seed(findings: Findings, rows: Sequence[Condition], note: str) -> list[Chart]:
    """Every run of the conditions that may be compared with each other; others in other charts."""
    charts = []
    blocks = [
        (name, shown)
        for name, labels in findings.study.blocks.items()
        if (shown := [condition for condition in rows if condition.label in labels])
    ]
    for place, (block, shown) in enumerate(blocks, start=1):
        number = f"_{place}" if place > 1 else ""
        start, bars = f"{block}. " if block else "", "mean, 95 % t interval and every seed"
        charts += [
            Chart(
                f"seeds{number}",
                f"{start}Test accuracy of every run; a thin line joins the runs of one seed, "
                "black: mean and 95 % t interval",
                comparison_charts.draw_seeds(shown),
                note,
            ),
            *(
                Chart(
                    f"test_{metric}{number}",
                    f"{start}Test {metric}: {bars}",
                    draw_bars(shown, metric),
                    note,
                )
                for metric in ("accuracy", "loss")
            ),
        ]
    return charts


def draw_bars(conditions: Sequence[Condition], metric: str) -> Figure:
    """Means as bars from zero with every seed as a dot; beside them the same seeds enlarged."""
    figure = drawing.new_figure(9, 1.3 + 0.45 * len(conditions))
    bars, dots = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    for row, condition in enumerate(conditions):
        numbers = condition.numbers("test", metric)
        mean, interval = numbers.mean(), t_interval(numbers)
        bars.barh(row, mean, height=0.74, color=colour(condition.index), alpha=0.3)
        # Beside the axes, where no dot or interval can be.
        bars.text(1.02, row, f"{mean:.4f}", transform=bars.get_yaxis_transform(), va="center")
        seeds = numbers[:MAX_SEEDS]
        for axes in (bars, dots):
            places = row + _spread(len(seeds))
            axes.plot(seeds, places, ".", color=colour(condition.index), markersize=4)
            axes.plot(interval, [row + 0.24] * 2, color="black", linewidth=1.2)
            axes.plot(mean, row + 0.24, "|", color="black", markersize=7)
    bars.text(1.02, 1, "mean", transform=bars.transAxes, va="bottom", fontsize=8)
    bars.set_yticks(range(len(conditions)), [condition.name for condition in conditions])
    bars.set_ylim(len(conditions) - 0.4, -0.6)
    bars.set_xlim(left=0)
    bars.set_xlabel(f"test {metric}")
    dots.set_xlabel(f"test {metric}, enlarged: the axis does not start at 0")
    dots.xaxis.set_major_locator(MaxNLocator(6))
    dots.tick_params(left=False)
    dots.grid(axis="x", alpha=0.3)
    figure.suptitle("dot: one seed; black: mean and 95 % t interval", fontsize=8)
    return figure


def draw_splits(conditions: Sequence[Condition]) -> Figure:
    """Train, validation and test accuracy of each condition, one below the other."""
    figure = drawing.new_figure(8, 1.5 + 0.45 * len(conditions))
    axes = figure.subplots()
    for split, shape, offset in zip(records.SPLITS, drawing.MARKERS, (-0.2, 0, 0.2), strict=False):
        axes.plot([], [], shape, color="grey", label=split)
        for row, condition in enumerate(conditions):
            numbers, place = condition.numbers(split, "accuracy"), row + offset
            ink = colour(condition.index)
            axes.plot(t_interval(numbers), [place, place], color=ink, linewidth=2)
            axes.plot(numbers.mean(), place, shape, color=ink, markersize=5)
    axes.set_yticks(range(len(conditions)), [condition.name for condition in conditions])
    axes.set_ylim(len(conditions) - 0.5, -0.5)
    axes.set_xlabel("accuracy of the saved weights, mean and 95 % t interval; not from 0")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


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
    figure.legend(
        handles=[
            Line2D([], [], color="grey", label="train, while learning", **looks["train"]),
            Line2D([], [], color="grey", label="validation", **looks["validation"]),
        ],
        loc="outside upper center",
        ncols=2,
        frameon=False,
    )
    return figure


def _class_charts(conditions: Sequence[Condition], note: str) -> list[Chart]:
    """F1 for each set of class names, and the confusion matrix of each condition."""
    sets: dict[tuple[str, ...], list[Condition]] = {}
    for condition in conditions:
        sets.setdefault(tuple(condition.class_names), []).append(condition)
    charts = [
        Chart(
            "per_class_f1" if place == 1 else f"per_class_f1_{place}",
            "F1 of every class" + (f" of {', '.join(names)}" if len(sets) > 1 else ""),
            draw_per_class(alike),
            note,
        )
        for place, (names, alike) in enumerate(sets.items(), start=1)
    ]
    return charts + [
        Chart(
            f"confusion_matrix_{condition.index}_{_slug(condition.label)}",
            f"Confusion matrix of {condition.label}, % of each true class",
            draw_confusion(condition),
            note if condition is conditions[-1] else "",
        )
        for condition in conditions
    ]


def _note(num_shown: int, num_conditions: int) -> str:
    if num_shown == num_conditions:
        return ""
    return f"Shown: the first {num_shown} of {num_conditions} conditions; the tables hold the rest."


def _note_on_seeds(conditions: Sequence[Condition]) -> str:
    if max(len(condition.runs) for condition in conditions) <= MAX_SEEDS:
        return ""
    return f"Of each condition the first {MAX_SEEDS} runs are drawn one by one."


def _spread(count: int) -> np.ndarray:
    """Where in its row each dot lies: float (count,)."""
    return np.linspace(-0.28, 0.08, count) if count > 1 else np.array([-0.1])


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


def _slug(label: str) -> str:
    """A label as part of a file name: letters, digits and underscores, at most 60."""
    return re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")[:60]
