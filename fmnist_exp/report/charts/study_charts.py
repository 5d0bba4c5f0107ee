"""The figures of a study with their captions, in the page's order."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from fmnist_exp.report.charts import condition_charts, drawing, run_charts
from fmnist_exp.report.charts.drawing import ANSWER, MAX_SEEDS, Chart
from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir import records
from fmnist_exp.statistics.verdicts import MIN_PAIRS, SESOI

MAX_ROWS = 20  # conditions that are drawn in one row each
MAX_COMPARISONS = 28  # rows of the forest plot: all pairs of eight conditions
MAX_IN_ANSWER = 12  # rows of it beside the answer: three levels at four places


def draw_study(findings: Findings) -> list[Chart]:
    """Draw every figure of a study."""
    if not findings.study.measured:
        return []
    with drawing.house_style():
        return [*_differences(findings), *_of_conditions(findings.study.measured)]


def _differences(findings: Findings) -> Iterator[Chart]:
    """What the answer is made of; then all that was compared, if that is more."""
    leading, every = (
        [each for each in found if each.num_pairs >= MIN_PAIRS]
        for found in (findings.leading, findings.judged)
    )
    names = {condition.label: condition.name for condition in findings.study.measured}
    what = (
        "Differences in mean test accuracy, with the intervals in which they lie. Thick interval "
        f"inside the shaded band, {MINUS}{POINTS * SESOI:g} to +{POINTS * SESOI:g} points: no "
        "difference that matters. Thin interval without 0: a difference"
    )
    in_answer, shown = leading[:MAX_IN_ANSWER], every[:MAX_COMPARISONS]
    if in_answer:
        caption = _caption(what, in_answer, every, "comparisons")
        yield Chart(ANSWER, caption, condition_charts.draw_forest(in_answer, names))
    if len(shown) > len(in_answer):
        caption = _caption(what, shown, every, "comparisons")
        yield Chart("differences", caption, condition_charts.draw_forest(shown, names))


def _of_conditions(conditions: Sequence[Condition]) -> Iterator[Chart]:
    """Every run, the splits, the epochs, the classes; a confusion matrix of each condition."""
    rows, panels = conditions[:MAX_ROWS], conditions[:MAX_PANELS]
    for metric in ("accuracy", "loss"):
        what = (
            f"Test {metric}: mean, 95 % t interval ({MIN_PAIRS} seeds or more) and every seed "
            f"({MAX_SEEDS} at most)"
        )
        caption = _caption(what, rows, conditions)
        yield Chart(f"test_{metric}", caption, condition_charts.draw_bars(rows, metric))
    caption = _caption("Train, validation and test accuracy of the saved weights", rows, conditions)
    yield Chart("train_validation_accuracy", caption, condition_charts.draw_splits(rows))
    for metric in records.METRICS:
        what = (
            f"{metric.capitalize()} over the epochs; thin: one seed ({MAX_SEEDS} at most), thick: "
            "the median of all, as far as all of them run"
        )
        caption = _caption(what, panels, conditions)
        yield Chart(f"{metric}_curves", caption, condition_charts.draw_curves(panels, metric))
    alike = [each for each in panels if each.class_names == panels[0].class_names]
    caption = _caption("F1 of every class", alike, conditions)
    yield Chart("per_class_f1", caption, condition_charts.draw_per_class(alike))
    for each in panels:
        what = f"Confusion matrix of {each.label}, % of each true class"
        name = f"confusion_matrix_{each.index}_{_slug(each.label)}"
        yield Chart(name, _caption(what, panels, conditions), draw_confusion(each))


def draw_confusion(condition: Condition) -> Figure:
    """Mean over the runs of the share of each class that got each prediction, in percent."""
    shares = condition.confusions.mean(axis=0)
    cells = np.where(shares >= 0.0005, np.char.mod("%.1f", 100 * shares), "")
    title = f"{condition.name} (n = {len(condition.runs)})\n% of each class, test images"
    return run_charts.draw_shares(shares, cells, condition.class_names, title)


def _caption(what: str, shown: Sequence, every: Sequence, noun: str = "conditions") -> str:
    """What a chart shows, and of how many."""
    if len(shown) == len(every):
        return f"{what}."
    return f"{what}. Shown: {len(shown)} of {len(every)} {noun}; the tables hold the rest."


def _slug(label: str) -> str:
    """A label as part of a file name: letters, digits and underscores, at most 60."""
    return re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")[:60]
