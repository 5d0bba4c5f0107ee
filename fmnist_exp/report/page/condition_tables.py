"""Tables with a row for each condition: summary, leaderboard, three qualities, cost."""

from collections.abc import Callable, Sequence

import numpy as np

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import (
    MINUS,
    POINTS,
    UNKNOWN,
    fixed,
    mean,
    mean_with_interval,
    median,
    spread,
)
from fmnist_exp.report.page.tables import Table, table_of
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.report.statistics.qualities import TARGET
from fmnist_exp.report.statistics.verdicts import Verdict
from fmnist_exp.report.summary import ENDS

MAX_ROWS = 100  # rows of a table that a page shows; the CSV files have all
ACCURACY = "test accuracy, % [95 % CI]"


def results(condition: Condition) -> dict[str, str]:
    """What all tables of results say of a condition: heading -> text."""
    return {
        ACCURACY: mean_with_interval(condition.values("test_accuracy"), 2, POINTS),
        "SD, points": spread(condition.values("test_accuracy"), 2, POINTS),
        "test loss [95 % CI]": mean_with_interval(condition.values("test_loss"), 4),
        "validation accuracy, %": mean(condition.values("validation_accuracy"), 2, POINTS),
        "train accuracy, %": mean(condition.values("train_accuracy"), 2, POINTS),
        "epochs": mean(condition.values("num_epochs"), 1),
        "seconds": mean(condition.values("fit_seconds"), 1),
    }


def summary_table(study: Study) -> Table:
    """Every condition under its factors, with how many of its runs ended otherwise."""
    ends = {
        name: statuses
        for name, statuses in ENDS.items()
        if any(each.ended(*statuses) for each in study.conditions)
    }
    return table_of(
        [
            {
                **{
                    name: each.config.get(key, "") or UNKNOWN
                    for name, key in zip(study.factors, study.keys, strict=True)
                },
                "n": str(len(each.runs)),
                **{end: str(len(each.ended(*statuses))) for end, statuses in ends.items()},
                **results(each),
            }
            for each in study.conditions
        ]
    )


def leaderboards(findings: Findings) -> list[Table]:
    """For each block of comparable conditions a table, the highest mean test accuracy first."""
    return [_leaderboard(findings, *block) for block in findings.study.blocks.items()]


def _leaderboard(findings: Findings, block: str, members: Sequence[Condition]) -> Table:
    better = _num_better(findings, members)
    ranked = sorted(
        members, key=lambda each: -each.values("test_accuracy").mean() if each.runs else np.inf
    )
    rows = []
    for each in ranked[:MAX_ROWS]:
        answers = findings.predictions.get(each.label)
        rows.append(
            {
                "rank": str(better[each.label] + 1) if each.label in better else UNKNOWN,
                "condition": each.label,
                "n": str(len(each.runs)),
                **results(each),
                f"train {MINUS} test, points": mean(each.values("generalization_gap"), 2, POINTS),
                "ECE": UNKNOWN if answers is None else mean(answers.ece, 4),
            }
        )
    caption = "Rank: 1 + the number of conditions found better; conditions not told apart share it"
    return table_of(rows, f"{block}. {caption}" if block else caption)


def _num_better(findings: Findings, members: Sequence[Condition]) -> dict[str, int]:
    """For each condition, how many were found better; empty unless all pairs were compared."""
    counts = {each.label: 0 for each in members if each.runs}
    comparisons = [
        each for each in findings.comparisons["test_accuracy"] if each.condition_a in counts
    ]
    if len(counts) < 2 or len(comparisons) < len(counts) * (len(counts) - 1) / 2:
        return {}
    for each in comparisons:
        counts[each.condition_a] += each.verdict == Verdict.WORSE
        counts[each.condition_b] += each.verdict == Verdict.BETTER
    return counts


def quality_tables(conditions: Sequence[Condition]) -> list[Table]:
    """Convergence, stability and overfitting: over all that were trained to an end."""
    captions: dict[str, Callable[[Condition], dict[str, str]]] = {
        f"Convergence speed: until a validation accuracy of {100 * TARGET:.0f} %": _convergence,
        "Stability": _stability,
        "Overfitting": _overfitting,
    }
    shown = [each for each in conditions if each.runs or each.ended("diverged")][:MAX_ROWS]
    return [
        table_of([{"condition": each.label, **cells(each)} for each in shown], caption)
        for caption, cells in captions.items()
    ]


def _convergence(condition: Condition) -> dict[str, str]:
    """A run that never reaches the target, diverged ones included, is later than any other."""
    epochs = condition.values("epochs_to_target", diverged=True)
    return {
        "runs that reached it": f"{np.isfinite(epochs).sum()} of {len(epochs)}",
        "epochs, median": median(epochs, 1, "never"),
        "earliest": fixed(epochs.min(), 0, "never"),
        "latest": fixed(epochs.max(), 0, "never"),
        "seconds, median": median(condition.values("seconds_to_target", diverged=True), 1, "never"),
    }


def _stability(condition: Condition) -> dict[str, str]:
    num_diverged, num_runs = len(condition.ended("diverged")), len(condition.runs)
    rises = condition.values("largest_rise")
    rises = rises[~np.isnan(rises)]  # runs of a single epoch
    return {
        "diverged": f"{num_diverged} of {num_runs + num_diverged}",
        "SD of test accuracy, points": spread(condition.values("test_accuracy"), 2, POINTS),
        "SD of test loss": spread(condition.values("test_loss"), 4),
        "largest rise of validation loss, median": median(rises, 4),
        "the largest of all": fixed(rises.max(), 4) if len(rises) else UNKNOWN,
    }


def _overfitting(condition: Condition) -> dict[str, str]:
    gaps = {"validation": "validation_gap", "test": "generalization_gap"}
    return {
        **{
            f"train {MINUS} {split}, points [95 % CI]": mean_with_interval(
                condition.values(gap), 2, POINTS
            )
            for split, gap in gaps.items()
        },
        "best epoch, median": median(condition.values("best_epoch"), 1),
        "last epoch, median": median(condition.values("last_epoch"), 1),
        f"validation loss, last {MINUS} best [95 % CI]": mean_with_interval(
            condition.values("loss_after_best"), 4
        ),
    }


def cost_table(conditions: Sequence[Condition]) -> Table:
    """Seconds of an epoch, of training and of a whole run."""
    rows = []
    for each in conditions[:MAX_ROWS]:
        epochs = np.concatenate([run.history["seconds"][1:] for run in each.runs])
        fit, total = (each.values(f"{part}_seconds") for part in ("fit", "total"))
        rows.append(
            {
                "condition": each.label,
                "seconds an epoch": median(epochs, 3),
                "seconds of training": median(fit[~np.isnan(fit)], 1),
                "seconds a run": median(total[~np.isnan(total)], 1),
            }
        )
    return table_of(rows, "Medians; epochs after a run's first, which may hold the compilation")
