"""Figures of a study: every condition in its colour, every seed visible."""

import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmnist_exp import records
from fmnist_exp.report import drawing
from fmnist_exp.report.statistics import t_interval
from fmnist_exp.report.sweeps import Run, Study

MAX_PANELS = 12  # conditions that are drawn one panel each; tables hold the rest
Values = dict[str, np.ndarray]  # condition -> one number per completed run


def draw_study(study: Study, folder: Path) -> list[str]:
    """Draw every figure of a study as PNG and SVG.

    Returns:
        Names of the figures without suffix, in the order in which a report shows them.
    """
    completed = {name: runs for name in study.conditions if (runs := study.completed(name))}
    if not completed:
        return []
    with mpl.rc_context(drawing.STYLE):
        figures = {
            "test_accuracy": draw_bars(_measured(completed, "test", "accuracy"), "test accuracy"),
            "test_loss": draw_bars(_measured(completed, "test", "loss"), "test loss"),
            "train_validation_accuracy": draw_splits(completed),
        }
        shown = dict(list(completed.items())[:MAX_PANELS])
        histories = {name: [_history(run) for run in runs] for name, runs in shown.items()}
        figures["loss_curves"] = draw_curves(histories, "loss")
        figures["accuracy_curves"] = draw_curves(histories, "accuracy")
        figures["per_class_f1"] = draw_per_class(shown)
        for index, (name, runs) in enumerate(shown.items()):
            figures[f"confusion_matrix_{index}_{_slug(name)}"] = draw_confusion(name, runs)
        for name, figure in figures.items():
            drawing.save(figure, folder, name)
    return list(figures)


def draw_bars(values: Values, metric: str) -> Figure:
    """Means as bars from zero with every seed as a dot; beside them the same seeds enlarged.

    Args:
        values: condition -> float (num_runs,).
        metric: what the numbers are, for the axis.
    """
    figure = drawing.new_figure(9, 1.2 + 0.45 * len(values))
    bars, dots = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
    for index, numbers in enumerate(values.values()):
        mean, (low, high) = numbers.mean(), t_interval(numbers)
        colour = drawing.colour(index)
        bars.barh(index, mean, height=0.62, color=colour, alpha=0.35)
        bars.text(mean, index - 0.42, f"{mean:.4f}", ha="right", va="center", fontsize=7)
        for axes in (bars, dots):
            offsets = np.linspace(-0.18, 0.18, len(numbers)) if len(numbers) > 1 else [0.0]
            axes.plot(numbers, index + np.array(offsets), ".", color=colour, markersize=4)
            axes.plot([low, high], [index, index], color="black", linewidth=1.2)
            axes.plot(mean, index, "|", color="black", markersize=9)
    bars.set_yticks(range(len(values)), list(values))
    bars.invert_yaxis()
    bars.set_xlim(left=0)
    bars.set_xlabel(metric)
    dots.set_xlabel(f"{metric}, enlarged: the axis does not start at 0")
    dots.grid(axis="x", alpha=0.3)
    figure.suptitle("dot: one seed; line: mean and 95 % t interval", fontsize=8)
    return figure


def draw_splits(completed: dict[str, list[Run]]) -> Figure:
    """Train, validation and test accuracy of each condition on one line."""
    figure = drawing.new_figure(8, 1.5 + 0.45 * len(completed))
    axes = figure.subplots()
    for split, shape in zip(records.SPLITS, drawing.MARKERS, strict=False):
        axes.plot([], [], shape, color="grey", label=split)
        for row, runs in enumerate(completed.values()):
            numbers = _numbers(runs, split, "accuracy")
            axes.plot(t_interval(numbers), [row, row], color=drawing.colour(row), linewidth=3)
            axes.plot(numbers.mean(), row, shape, color=drawing.colour(row))
    axes.set_yticks(range(len(completed)), list(completed))
    axes.set_ylim(len(completed) - 0.5, -0.5)
    axes.set_xlabel("accuracy of the saved weights, mean and 95 % t interval; not from 0")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def draw_curves(histories: dict[str, list[pd.DataFrame]], metric: str) -> Figure:
    """One panel per condition on common axes: a thin line per seed, a thick one for the median."""
    figure, panels = _panels(len(histories))
    for index, (name, frames) in enumerate(histories.items()):
        axes = panels[index]
        for split, style in (("train", ":"), ("validation", "-")):
            for frame in frames:
                axes.plot(
                    frame["epoch"],
                    frame[f"{split}_{metric}"],
                    style,
                    color=drawing.colour(index),
                    linewidth=0.6,
                    alpha=0.5,
                )
            middle = _median_while_all_run(frames, f"{split}_{metric}")
            axes.plot(
                middle.index, middle, style, color=drawing.colour(index), linewidth=2, label=split
            )
        axes.set_title(f"{name} (n = {len(frames)})")
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].legend(frameon=False, title="median", fontsize=8)
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel(f"{metric} (train: while learning)", fontsize=9)
    return figure


def draw_confusion(name: str, runs: Sequence[Run]) -> Figure:
    """Mean over the runs of the share of each class that got each prediction, in percent."""
    counts = [pd.read_csv(run.path / records.CONFUSION_MATRIX, index_col=0) for run in runs]
    shares = drawing.shares_of(np.stack([frame.to_numpy() for frame in counts])).mean(axis=0)
    figure = drawing.new_figure(7, 6)
    axes = figure.subplots()
    cells = np.vectorize(lambda share: f"{100 * share:.1f}" if share >= 0.0005 else "")(shares)
    drawing.draw_confusion(axes, shares, list(counts[0].columns), cells)
    axes.set_title(f"{name}: predictions for the test images, % of each class (n = {len(runs)})")
    return figure


def draw_per_class(completed: dict[str, list[Run]]) -> Figure:
    """F1 of every class, hardest first: mean and 95 % t interval of each condition."""
    names = next(iter(completed.values()))[0].record.class_names
    f1 = {
        condition: np.array([[run.record.per_class[name]["f1"] for name in names] for run in runs])
        for condition, runs in completed.items()
    }  # condition -> float (num_runs, num_classes)
    order = np.argsort(np.mean([values.mean(axis=0) for values in f1.values()], axis=0))
    figure = drawing.new_figure(8, 1.5 + 0.12 * len(names) * (2 + len(f1)))
    axes = figure.subplots()
    spacing = min(0.25, 0.8 / len(f1))
    for index, (condition, values) in enumerate(f1.items()):
        rows = np.arange(len(names)) + (index - (len(f1) - 1) / 2) * spacing
        bounds = np.array([t_interval(values[:, column]) for column in order])
        axes.hlines(rows, bounds[:, 0], bounds[:, 1], color=drawing.colour(index), linewidth=2)
        axes.plot(
            values.mean(axis=0)[order],
            rows,
            drawing.marker(index),
            color=drawing.colour(index),
            markersize=5,
            label=condition,
        )
    axes.set_yticks(range(len(names)), [names[index] for index in order])
    axes.invert_yaxis()
    axes.set_xlabel("F1 on the test split, mean and 95 % t interval; the axis does not start at 0")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=min(3, len(f1)), frameon=False)
    return figure


def _numbers(runs: Sequence[Run], split: str, metric: str) -> np.ndarray:
    return np.array([run.record.metrics[split][metric] for run in runs], dtype=float)


def _measured(completed: dict[str, list[Run]], split: str, metric: str) -> Values:
    return {name: _numbers(runs, split, metric) for name, runs in completed.items()}


def _history(run: Run) -> pd.DataFrame:
    return pd.read_csv(run.path / records.HISTORY)


def _median_while_all_run(frames: Sequence[pd.DataFrame], column: str) -> pd.Series:
    """Median over the seeds, up to the last epoch that all of them reached."""
    series = [frame.set_index("epoch")[column] for frame in frames]
    return pd.concat(series, axis=1, join="inner").median(axis=1)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(3, count)
    rows = -(-count // columns)
    figure = drawing.new_figure(1 + 3 * columns, 0.8 + 2.4 * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[count:]:
        axes.set_axis_off()
    return figure, list(grid[:count])


def _slug(label: str) -> str:
    """A label as part of a file name: letters, digits and underscores, at most 60."""
    return re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")[:60]
