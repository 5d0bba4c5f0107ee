"""Everything that a report says, computed once: tables, verdicts, qualities, predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmnist_exp.errors import ConfigError, RecordError, did_you_mean
from fmnist_exp.report.runs import predictions
from fmnist_exp.report.runs.predictions import Agreement, Predictions
from fmnist_exp.report.runs.sweeps import Run, Study
from fmnist_exp.report.shown import MAX_PANELS, Condition, shown_conditions
from fmnist_exp.report.statistics import correctness, qualities, verdicts
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict
from fmnist_exp.report.summary import summarize
from fmnist_exp.rundir import records

COMPARED = ("test_accuracy", "test_loss")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Findings:
    """What a study found.

    Attributes:
        study: the runs.
        conditions: conditions with a completed run, in the order of the tables.
        summary: one row per condition, see `summary.summarize`.
        comparisons: metric -> its comparisons; empty without two that may be compared.
        qualities: one row per condition, see `qualities.quality_table`.
        predictions: condition -> its answers to the test images, for the first conditions whose
            runs have stored them.
        agreement: how far the runs of these agree; None if they have different images.
        two_way: compared pair -> interval for new seeds and new test images.
        without_predictions: names of completed runs whose predictions are missing.
    """

    study: Study
    conditions: Sequence[Condition]
    summary: pd.DataFrame
    comparisons: dict[str, list[Comparison]]
    qualities: pd.DataFrame
    predictions: dict[str, Predictions]
    agreement: Agreement | None
    two_way: dict[Pair, tuple[float, float]]
    without_predictions: Sequence[str]


def find(study: Study, baseline: str | None = None) -> Findings:
    """Compute everything that the report of a study says.

    Args:
        study: the runs.
        baseline: condition that all others are compared with; None compares all pairs.

    Raises:
        ConfigError: the baseline is not the name of a condition with completed runs.
        RecordError: two different results claim one condition and seed, or a file cannot be read.
    """
    _refuse_ambiguous(study)
    conditions = shown_conditions(study)
    label = None if baseline is None else _baseline(baseline, conditions)
    by_label = {condition.label: condition for condition in conditions}
    comparisons = {
        metric: verdicts.compare(
            {each.label: each.by_seed(*metric.split("_")) for each in conditions},
            metric,
            baseline=label,
            sesoi=verdicts.SESOI.get(metric),
            comparable=lambda a, b: by_label[a].grounds == by_label[b].grounds,
            identical=lambda a, b: _identical(by_label[a], by_label[b]),
        )
        for metric in COMPARED
    }
    answers = _predictions(conditions[:MAX_PANELS])
    return Findings(
        study=study,
        conditions=conditions,
        summary=summarize(study),
        comparisons=comparisons,
        qualities=qualities.quality_table(_run_qualities(study)),
        predictions=answers,
        agreement=_agreement(answers),
        two_way={
            (each.condition_a, each.condition_b): correctness.two_way_interval(*arms)
            for each in comparisons["test_accuracy"]
            if each.verdict != Verdict.IDENTICAL
            and (arms := _paired_answers(answers, each)) is not None
        },
        without_predictions=[
            run.name for condition in conditions for run in condition.runs if not _has_answers(run)
        ],
    )


def _refuse_ambiguous(study: Study) -> None:
    """Refuse two runs of one condition and seed with different keys: neither is the right one."""
    completed = study.table[study.table["status"] == "completed"]
    keys = completed.groupby(["condition", "seed"], sort=False)["run_key"]
    ambiguous = keys.transform("nunique") > 1
    if ambiguous.any():
        groups = completed[ambiguous].groupby(["condition", "seed"], sort=False)["run"]
        named = [
            f"{condition}, seed {seed}: {', '.join(runs)}" for (condition, seed), runs in groups
        ]
        shown = "; ".join(named[:10]) + (f"; and {len(named) - 10} more" if named[10:] else "")
        raise RecordError(
            "one condition and seed must have one result, received several that differ in code or "
            f"data: {shown}. Aggregate only one of them, or train the others again."
        )


def _baseline(name: str, conditions: Sequence[Condition]) -> str:
    """The label of the condition that a user calls by its label, or by its option's short name.

    The name is an option that a run was given, or a name in the label, or the beginning of one:
    `he` is `he_normal`.
    """
    labels = [condition.label for condition in conditions]
    if name in labels:
        return name
    chosen = [
        condition.label
        for condition in conditions
        if any(name in run.record.choices.values() for run in condition.runs)
        or any(f"{part}_".startswith(f"{name}_") for part in condition.label.split(", "))
    ]
    if len(chosen) == 1:
        return chosen[0]
    problem = f"{len(chosen)} conditions are called so" if chosen else "there is no such condition"
    raise ConfigError(
        f"--baseline must name one condition with completed runs, received {name!r}: {problem}."
        f"{did_you_mean(name, labels)}"
    )


def _identical(first: Condition, second: Condition) -> bool:
    """Whether all metrics and answers of two conditions are equal in every common seed."""
    runs, others = ({run.record.seed: run for run in each.runs} for each in (first, second))
    common = runs.keys() & others.keys()
    return bool(common) and all(
        runs[seed].record.metrics == others[seed].record.metrics
        and np.array_equal(runs[seed].confusion, others[seed].confusion)
        for seed in common
    )


def _run_qualities(study: Study) -> pd.DataFrame:
    """One row per completed or diverged run, as `qualities.quality_table` reads them."""
    counted = set(study.measured.index)
    rows = [
        {"condition": condition, "status": run.record.status}
        | vars(qualities.run_qualities(run.history, run.record.metrics))
        for index, (condition, run) in enumerate(
            zip(study.table["condition"], study.runs, strict=True)
        )
        if run.record.status == "diverged" or index in counted
    ]
    return pd.DataFrame(rows, columns=None if rows else ["condition"])


def _has_answers(run: Run) -> bool:
    return (run.path / records.PREDICTIONS).exists()


def _predictions(conditions: Sequence[Condition]) -> dict[str, Predictions]:
    found = {}
    for condition in conditions:
        stored = [(run.record.seed, run.path) for run in condition.runs if _has_answers(run)]
        answers = predictions.read_predictions(stored) if stored else None
        if answers is not None:
            found[condition.label] = answers
    return found


def _agreement(answers: dict[str, Predictions]) -> Agreement | None:
    images = {each.labels.tobytes() for each in answers.values()}
    return predictions.agreement(answers) if len(images) == 1 else None


def _paired_answers(
    answers: dict[str, Predictions], comparison: Comparison
) -> tuple[np.ndarray, np.ndarray] | None:
    """Which images either condition gets right, bool (num_pairs, num_images), by common seed.

    None below two common seeds, or if the two have not the same images.
    """
    first = answers.get(comparison.condition_a)
    second = answers.get(comparison.condition_b)
    if first is None or second is None or not np.array_equal(first.labels, second.labels):
        return None
    common = sorted(set(first.seeds) & set(second.seeds))
    if len(common) < 2:
        return None
    rows = [each.correct[[each.seeds.index(seed) for seed in common]] for each in (first, second)]
    return rows[0], rows[1]
