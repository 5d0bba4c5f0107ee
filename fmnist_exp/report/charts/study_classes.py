"""The figures of a study that show its classes, with their captions."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from fmnist_exp.report.charts import class_charts
from fmnist_exp.report.charts.drawing import MAX_COMPARISONS, MAX_ROWS, Chart, caption_of
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.formatting import MINUS
from fmnist_exp.report.runs.setting import setting
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.records import Seeds
from fmnist_exp.statistics import cells
from fmnist_exp.statistics.verdicts import Comparison, Verdict


def draw_classes(findings: Findings, every: Sequence[Condition]) -> Iterator[Chart]:
    """Which classes are hard, what they are taken for, and a matrix of each condition as files."""
    names = every[0].class_names
    alike = [each for each in every if each.class_names == names]
    shares = np.mean([each.confusions.mean(axis=0) for each in alike], axis=0)
    whose = f"mean of {len(alike)} conditions" if len(alike) > 1 else alike[0].name
    what = (
        "What the test images of each class are taken for, in % of the class; right answers are "
        f"grey, so that errors show. {whose[0].upper()}{whose[1:]}"
        f"{'; figures/ has a matrix of each' if len(alike) > 1 else ''}"
        f"{f' of the first {MAX_PANELS}' if len(every) > MAX_PANELS else ''}"
    )
    title = ("Confusion of classes, % of each true class", f"{whose}; {setting(alike)}")
    figure = class_charts.draw_confusion(shares, names, title)
    yield Chart("confusion_mean", caption_of(what, alike, every), figure)
    yield from _changes(findings, names)
    columns = alike[:MAX_ROWS]
    caption = caption_of("Mean F1 of every class, in %, the hardest first", columns, every)
    title = ("F1 of every class, %", setting(columns))
    yield Chart("per_class_f1", caption, class_charts.draw_per_class(columns, title))
    panels = every[:MAX_PANELS]
    for each in panels:
        caption = caption_of(f"Confusion matrix of {each.label}, % of each class", panels, every)
        title = (f"{each.name}: % of each true class", setting([each]))
        mean = each.confusions.mean(axis=0)
        figure = class_charts.draw_confusion(mean, each.class_names, title)
        yield Chart(f"confusion_matrix_{each.index}_{_slug(each.label)}", caption, figure)


def _changes(findings: Findings, names: Sequence[str]) -> Iterator[Chart]:
    """Where two conditions err differently: of all that are compared the two with most such cells.

    All cells of all pairs are judged together, on the seeds that every condition in them has.
    """
    pairs = [
        (each, found)
        for each in findings.judged
        if (found := _cells_of(findings.design, each, names)) and each.verdict != Verdict.IDENTICAL
    ][:MAX_COMPARISONS]
    arms = {arm.label: arm for _, found in pairs for arm in found}
    common = sorted(set.intersection(*(set(arm.seeds) for arm in arms.values()))) if arms else []
    if len(common) < cells.MIN_SEEDS:
        return
    shares = {name: _by_seed(arm, common) for name, arm in arms.items()}
    changes = np.stack([shares[a.label] - shares[b.label] for _, (a, b) in pairs], axis=1)
    reliable = cells.reliable_cells(changes.reshape(len(common), -1)).reshape(changes.shape[1:])
    means = changes.mean(axis=0)
    counts = reliable.sum(axis=(1, 2))
    most = max(range(len(pairs)), key=lambda pair: (counts[pair], np.abs(means[pair]).max()))
    _, (first, second) = pairs[most]
    text = "no cell differs reliably"
    if counts[most]:
        text = f"{counts[most]} of {reliable[most].size} cells differ reliably, the others are grey"
    of = f"; of {len(pairs)} pairs the one with most such cells" if len(pairs) > 1 else ""
    caption = (
        f"Share of each true class in {first.label} {MINUS} that in {second.label}, percentage "
        f"points: {text}. In at most 5 of 100 studies is any cell of any pair wrongly called "
        f"reliable{of}."
    )
    title = (
        f"{first.name} {MINUS} {second.name}, points of each true class",
        setting([first, second]),
        text,
    )
    figure = class_charts.draw_changes(means[most], reliable[most], names, title)
    yield Chart("confusion_difference", caption, figure)


def _cells_of(
    design: Design, comparison: Comparison, names: Sequence[str]
) -> tuple[Condition, Condition] | None:
    """Both conditions of a comparison; None of an average, or of other classes than these."""
    first, second = (
        design.cells.get((level, comparison.place))
        for level in (comparison.condition_a, comparison.condition_b)
    )
    if first is None or second is None or first.class_names != names:
        return None
    return first, second


def _by_seed(condition: Condition, seeds: Sequence[Seeds]) -> np.ndarray:
    """Shares of each true class in these seeds: float (num_seeds, num_classes, num_classes)."""
    return condition.confusions[[condition.seeds.index(seed) for seed in seeds]]


def _slug(label: str) -> str:
    """A label as part of a file name: letters, digits and underscores, at most 60."""
    return re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")[:60]
