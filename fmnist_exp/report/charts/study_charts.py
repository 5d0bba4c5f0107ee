"""The figures of a study with their captions, in the page's order."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.comparison_charts import draw_forest
from fmnist_exp.report.charts.condition_charts import draw_bars, draw_splits
from fmnist_exp.report.charts.curve_charts import MAX_LINES, MAX_THIN, draw_curves
from fmnist_exp.report.charts.drawing import MAX_COMPARISONS, MAX_ROWS, MAX_SEEDS, Chart, caption_of
from fmnist_exp.report.charts.interaction_chart import draw_interaction, is_crossed, left_out
from fmnist_exp.report.charts.signal_charts import draw_signals
from fmnist_exp.report.charts.study_classes import draw_classes
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.runs.conditions import column, short_names
from fmnist_exp.report.runs.setting import setting
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.report.starts import starts_of_study
from fmnist_exp.statistics.seeds import MIN_SEEDS
from fmnist_exp.statistics.verdicts import PRIMARY, SESOI, Comparison

ANSWER, INTERACTION = "answer", "interaction"  # charts that stand beside the answer
DOTS = f"dot: one seed ({MAX_SEEDS} at most)"
MAX_PLACES = 4  # places that have a row of panels each
MAX_IN_ANSWER = 12  # rows of it beside the answer


def draw_study(findings: Findings) -> list[Chart]:
    """Draw every figure of a study."""
    if not findings.study.measured:
        return []
    rows = list(findings.design.cells.values())  # by place, numbers in order
    looks = _looks(findings.design)
    with drawing.house_style():
        return [
            *_differences(findings),
            *_of_runs(rows, looks),
            _curves(findings.design, rows, looks),
            *_signals(findings),
            _splits(rows, looks),
            *draw_classes(findings, rows),
        ]


def leading_chart(findings: Findings) -> Chart | None:
    """The chart beside the answer; without a comparison every seed; None without a result."""
    if not findings.study.measured:
        return None
    rows = list(findings.design.cells.values())
    with drawing.house_style():
        return next(chain(_differences(findings), _of_runs(rows, _looks(findings.design))))


def _looks(design: Design) -> dict[str, int]:
    """Label -> number of colour and marker, the same for a level wherever it is."""
    return {cell.label: design.levels.index(level) for (level, _), cell in design.cells.items()}


def _differences(findings: Findings) -> Iterator[Chart]:
    """What the answer is made of; then all that was compared, if that is more."""
    study, design = findings.study, findings.design
    about = setting(study.measured)
    if is_crossed(design):
        title = f"Test accuracy of each {column(design.factor)}: mean and 95 % interval"
        caption = (
            f"Mean test accuracy with its 95 % t interval ({MIN_SEEDS} seeds or more). Differences "
            f"are taken within each seed, and known better than these means.{left_out(design)}"
        )
        yield Chart(INTERACTION, caption, draw_interaction(study, design, (title, about)))
    leading, every = (
        [each for each in found if each.num_pairs >= MIN_SEEDS]
        for found in (findings.leading, findings.judged)
    )
    what = (
        "Differences in mean test accuracy, with the intervals in which they lie; "
        f"{DOTS}. Thick interval inside the shaded band, "
        f"{MINUS}{POINTS * SESOI:g} to +{POINTS * SESOI:g} points: no difference that matters. "
        "Thin interval without 0: a difference"
    )
    names = {
        **dict(zip(design.levels, short_names(design.levels), strict=True)),
        **dict(zip(design.places, short_names(design.places), strict=True)),
    }
    in_answer = [] if is_crossed(design) else leading[:MAX_IN_ANSWER]
    for name, shown in ((ANSWER, in_answer), ("differences", every[:MAX_COMPARISONS])):
        if len(shown) > (0 if name == ANSWER else len(in_answer)):
            seeds = [seed_differences(design, each) for each in shown]
            heading = "Differences in test accuracy, with 95 % intervals for all together"
            figure = draw_forest(shown, seeds, names, (heading, about))
            yield Chart(name, caption_of(what, shown, every, "comparisons"), figure)


def seed_differences(design: Design, comparison: Comparison) -> np.ndarray:
    """The difference in test accuracy within every seed, at a place or averaged over all of them.

    Args:
        design: where the comparison comes from.
        comparison: one that has a verdict.

    Returns:
        Float (num_pairs,), of the first seeds that the comparison rests on.
    """
    pair = comparison.condition_a, comparison.condition_b
    is_cell = (pair[0], comparison.place) in design.cells
    places = [comparison.place] if is_cell else design.places
    first, second = (
        [design.cells[level, place].by_seed(PRIMARY) for place in places] for level in pair
    )
    seeds = sorted(set.intersection(*map(set, [*first, *second])))
    differences = [[a[s] - b[s] for s in seeds] for a, b in zip(first, second, strict=True)]
    return np.mean(differences, axis=0)[: comparison.num_pairs]


def _of_runs(every: Sequence[Condition], looks: Mapping[str, int]) -> Iterator[Chart]:
    """Test accuracy and loss of every run."""
    rows = every[:MAX_ROWS]
    about = setting(rows)
    for metric in ("accuracy", "loss"):
        what = f"Test {metric}; {DOTS}; black: mean and 95 % t interval ({MIN_SEEDS} seeds or more)"
        figure = draw_bars(rows, metric, looks, (f"Test {metric} of every seed", about))
        yield Chart(f"test_{metric}", caption_of(what, rows, every), figure)


def _signals(findings: Findings) -> list[Chart]:
    """Networks before training; a level that is asked about has its colour."""
    starts = starts_of_study(findings.study, findings.design)
    levels = dict.fromkeys([*findings.design.levels, *(each.level for each in starts)])
    looks = {level: number for number, level in enumerate(levels)}
    return draw_signals(starts, looks, setting(findings.study.measured)) if starts else []


def _splits(every: Sequence[Condition], looks: Mapping[str, int]) -> Chart:
    """The accuracies of every run, where the seeds are apart."""
    rows = every[:MAX_ROWS]
    what = f"Accuracy of the saved weights, enlarged; {DOTS}; line: 95 % t interval of the mean"
    title = ("Train, validation and test accuracy, enlarged", setting(rows))
    figure = draw_splits(rows, looks, title)
    return Chart("train_validation_accuracy", caption_of(what, rows, every), figure)


def _curves(design: Design, every: Sequence[Condition], looks: Mapping[str, int]) -> Chart:
    """The epochs: all conditions in one panel, or rows of small ones.

    Of several factors a row is a place, of many conditions a part of them.
    """
    names = {each.label: each.name for each in every}
    if is_crossed(design):
        levels, places = design.levels[:MAX_LINES], design.places[:MAX_PLACES]
        headings = dict(zip(places, short_names(places), strict=True))
        groups = {
            headings[place]: [
                design.cells[level, place] for level in levels if (level, place) in design.cells
            ]
            for place in places
        }
        groups = {heading: group for heading, group in groups.items() if group}
        of_levels = dict(zip(design.levels, short_names(design.levels), strict=True))
        names |= {cell.label: of_levels[level] for (level, _), cell in design.cells.items()}
    else:
        shown = list(every[:MAX_ROWS])
        num_rows = -(-len(shown) // MAX_LINES)
        size = -(-len(shown) // num_rows)
        groups = {
            " " * (start // size): shown[start : start + size]
            for start in range(0, len(shown), size)
        }
    drawn = [each for group in groups.values() for each in group]
    what = (
        f"Loss and accuracy over the epochs. Thick: median of all seeds, as far as all of them "
        f"run; band: the middle half of them, from {MIN_SEEDS} seeds; thin: the first {MAX_THIN}. "
        "The training loss is taken while learning, over the epoch. The axes do not start at 0"
    )
    figure = draw_curves(groups, names, looks, ("Learning curves", setting(drawn)))
    return Chart("curves", caption_of(what, drawn, every), figure)
