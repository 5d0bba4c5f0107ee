"""The figures of a study, with their captions and what they leave out, in the page's order."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from fmnist_exp.report.charts import condition_charts, drawing, run_charts
from fmnist_exp.report.charts.drawing import MAX_SEEDS, Chart
from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir import records

MAX_ROWS = 20  # conditions that are drawn in one row each
MAX_COMPARISONS = 28  # rows of the forest plot: all pairs of eight conditions


def draw_study(findings: Findings) -> list[Chart]:
    """Draw every figure of a study."""
    if not findings.study.measured:
        return []
    with drawing.house_style():
        return [
            *_differences(findings),
            *_of_conditions(findings.study.measured),
        ]


def _differences(findings: Findings) -> Iterator[Chart]:
    """The forest plot, if there is anything to compare."""
    comparisons = [each for each in findings.comparisons["test_accuracy"] if each.num_pairs > 1]
    if not comparisons:
        return
    names = {condition.label: condition.name for condition in findings.study.measured}
    more = len(comparisons) - MAX_COMPARISONS
    yield Chart(
        "differences",
        "Differences in test accuracy over paired seeds, with simultaneous 95 % intervals; "
        "shaded: practically equal",
        condition_charts.draw_forest(comparisons[:MAX_COMPARISONS], names),
        f"{more} more comparisons are in comparisons.csv." if more > 0 else "",
    )


def _of_conditions(conditions: Sequence[Condition]) -> Iterator[Chart]:
    """Every run, the splits, the epochs, the classes; a confusion matrix of each condition."""
    shown, panels = conditions[:MAX_ROWS], conditions[:MAX_PANELS]
    for metric in ("accuracy", "loss"):
        yield Chart(
            f"test_{metric}",
            f"Test {metric}: mean, 95 % t interval and every seed",
            condition_charts.draw_bars(shown, metric),
            _note(shown, conditions, of_seeds=True),
        )
    yield Chart(
        "train_validation_accuracy",
        "Train, validation and test accuracy of the saved weights",
        condition_charts.draw_splits(shown),
        _note(shown, conditions),
    )
    for metric in records.METRICS:
        yield Chart(
            f"{metric}_curves",
            f"{metric.capitalize()} over the epochs; thin: one seed, thick: their median, as far "
            "as all of them run",
            condition_charts.draw_curves(panels, metric),
            _note(panels, conditions, of_seeds=True),
        )
    alike = [each for each in panels if each.class_names == panels[0].class_names]
    yield Chart(
        "per_class_f1",
        "F1 of every class",
        condition_charts.draw_per_class(alike),
        _note(alike, conditions),
    )
    for condition in panels:
        yield Chart(
            f"confusion_matrix_{condition.index}_{_slug(condition.label)}",
            f"Confusion matrix of {condition.label}, % of each true class",
            draw_confusion(condition),
            _note(panels, conditions) if condition is panels[-1] else "",
        )


def draw_confusion(condition: Condition) -> Figure:
    """Mean over the runs of the share of each class that got each prediction, in percent."""
    shares = condition.confusions.mean(axis=0)
    cells = np.where(shares >= 0.0005, np.char.mod("%.1f", 100 * shares), "")
    title = f"{condition.name} (n = {len(condition.runs)})\n% of each class, test images"
    return run_charts.draw_shares(shares, cells, condition.class_names, title)


def _note(
    shown: Sequence[Condition], conditions: Sequence[Condition], *, of_seeds: bool = False
) -> str:
    """What a chart of some conditions, and maybe of each of their runs, leaves out."""
    sentences = []
    if len(shown) < len(conditions):
        counts = f"{len(shown)} of {len(conditions)} conditions"
        sentences.append(f"Shown: {counts}; the tables hold the rest.")
    if of_seeds and max(len(condition.runs) for condition in shown) > MAX_SEEDS:
        sentences.append(f"Of each condition the first {MAX_SEEDS} runs are drawn one by one.")
    return " ".join(sentences)


def _slug(label: str) -> str:
    """A label as part of a file name: letters, digits and underscores, at most 60."""
    return re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")[:60]
