"""Everything that a report says beside its runs: comparisons, verdicts, answers to the images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.report.runs.predictions import Predictions, read_predictions
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.report.statistics import verdicts
from fmnist_exp.report.statistics.seeds import new_images_interval
from fmnist_exp.report.statistics.verdicts import Comparison, Verdict

MAX_PANELS = 8  # conditions that are shown in a panel each, and whose answers are read


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found.

    Attributes:
        study: its runs and conditions.
        comparisons: metric -> its comparisons; empty without two that may be compared.
        predictions: condition -> its answers to the test images, for the first conditions whose
            runs have stored them.
        new_images: compared pair -> interval for new seeds and new test images.
    """

    study: Study
    comparisons: dict[str, list[Comparison]]
    predictions: dict[str, Predictions]
    new_images: dict[tuple[str, str], tuple[float, float]]


def find(study: Study, baseline: str | None = None) -> Findings:
    """Compute everything that the report of a study says.

    Args:
        study: its runs and conditions.
        baseline: condition that all others are compared with; None compares all pairs.

    Raises:
        ConfigError: the baseline is not the name of a condition with completed runs.
        RecordError: a file cannot be read.
    """
    by_label = {condition.label: condition for condition in study.measured}
    label = None if baseline is None else _baseline(baseline, study.measured)
    comparisons = {
        metric: verdicts.compare(
            {name: each.by_seed(metric) for name, each in by_label.items()},
            metric,
            baseline=label,
            comparable=lambda a, b: by_label[a].grounds == by_label[b].grounds,
            identical=lambda a, b: _identical(by_label[a], by_label[b]),
        )
        for metric in verdicts.HIGHER_IS_BETTER
    }
    answers = {}
    for condition in study.measured[:MAX_PANELS]:
        stored = [(run.record.seed, run.path) for run in condition.runs if run.has_predictions]
        if (read := read_predictions(stored)) is not None:
            answers[condition.label] = read
    new_images = {
        (each.condition_a, each.condition_b): interval
        for each in comparisons["test_accuracy"]
        if (interval := _new_images(answers, each)) is not None
    }
    return Findings(study, comparisons, answers, new_images)


def _baseline(name: str, conditions: Sequence[Condition]) -> str:
    """The label of the condition that a user calls by its label, or by its option's short name.

    The name is one in the label, or the beginning of one: `he` is `he_normal`.
    """
    labels = [condition.label for condition in conditions]
    chosen = [label for label in labels if label == name] or [
        label
        for label in labels
        if any(f"{part}_".startswith(f"{name}_") for part in label.split(", "))
    ]
    if len(chosen) != 1:
        raise ConfigError(
            f"--baseline must name one condition with completed runs, received {name!r}, which "
            f"names {len(chosen)}.{did_you_mean(name, labels)}"
        )
    return chosen[0]


def _identical(first: Condition, second: Condition) -> bool:
    """Whether all metrics and answers of two conditions are equal in every common seed."""
    runs, others = ({run.record.seed: run for run in each.runs} for each in (first, second))
    common = runs.keys() & others.keys()
    return bool(common) and all(
        runs[seed].record.metrics == others[seed].record.metrics
        and np.array_equal(runs[seed].confusion, others[seed].confusion)
        for seed in common
    )


def _new_images(
    answers: dict[str, Predictions], comparison: Comparison
) -> tuple[float, float] | None:
    """Interval for new seeds and images; None for identical runs and below two pairs of answers."""
    first, second = map(answers.get, (comparison.condition_a, comparison.condition_b))
    if first is None or second is None or not np.array_equal(first.labels, second.labels):
        return None
    common = sorted(set(first.seeds) & set(second.seeds))
    if len(common) < 2 or comparison.verdict == Verdict.IDENTICAL:
        return None
    right_a, right_b = (
        each.correct[[each.seeds.index(seed) for seed in common]] for each in (first, second)
    )
    return new_images_interval(right_a, right_b)
