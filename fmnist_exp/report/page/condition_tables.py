"""Tables of conditions and of their comparisons: summary, leaderboard, qualities, cost."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import (
    MINUS,
    POINTS,
    UNKNOWN,
    amount,
    bounds,
    fixed,
    mean,
    mean_with_interval,
    median,
    p_value,
    spread,
)
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.runs.run import METRICS, TARGET
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.report.statistics.seeds import described
from fmnist_exp.report.statistics.verdicts import Comparison, Verdict

MAX_ROWS = 100  # rows of a table that a page shows; the CSV files have all
SUMMARIZED = (*METRICS, "num_epochs", "fit_seconds")
# how runs without a result ended, as tables count them -> their statuses
ENDS = {"diverged": ("diverged",), "pruned": ("pruned",), "failed": ("failed", "interrupted")}


def summarize(study: Study) -> pd.DataFrame:
    """One row of numbers per condition, in the order of first appearance.

    Columns are the factors; `num_runs`, the completed runs that the statistics rest on;
    `num_diverged`, `num_pruned` and `num_failed`, the runs that ended otherwise; and for every
    metric its `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t
    interval).
    """
    rows = []
    for each in study.conditions:
        row: dict[str, object] = {**study.levels(each), "num_runs": len(each.runs)}
        row |= {f"num_{name}": len(each.ended(*statuses)) for name, statuses in ENDS.items()}
        for name in SUMMARIZED:
            row |= described(name, each.values(name))
        rows.append(row)
    return pd.DataFrame(rows)


def results(condition: Condition) -> dict[str, str]:
    """What all tables of results say of a condition: heading -> text."""
    return {
        "test accuracy, % [95 % CI]": mean_with_interval(
            condition.values("test_accuracy"), 2, POINTS
        ),
        "SD, points": spread(condition.values("test_accuracy"), 2, POINTS),
        "test loss [95 % CI]": mean_with_interval(condition.values("test_loss"), 4),
        "validation accuracy, %": mean(condition.values("validation_accuracy"), 2, POINTS),
        "train accuracy, %": mean(condition.values("train_accuracy"), 2, POINTS),
        "epochs": mean(condition.values("num_epochs"), 1),
        "seconds": mean(condition.values("fit_seconds"), 1),
    }


def summary_table(study: Study) -> Table:
    """Every condition under its factors, with how many of its runs ended otherwise."""
    rows = []
    for each in study.conditions:
        ends = {
            name: str(len(each.ended(*statuses)))
            for name, statuses in ENDS.items()
            if any(other.ended(*statuses) for other in study.conditions)
        }
        levels = {name: level or UNKNOWN for name, level in study.levels(each).items()}
        rows.append({**levels, "n": str(len(each.runs)), **ends, **results(each)})
    return table_of(rows)


def leaderboards(findings: Findings) -> list[Table]:
    """For each block of comparable conditions a table, the highest mean test accuracy first."""
    tables = []
    blocks = findings.study.blocks
    for block, members in blocks.items():
        better = _num_better(findings, members)
        ranked = sorted(
            members, key=lambda each: -each.values("test_accuracy").mean() if each.runs else np.inf
        )
        rows = [
            {
                "rank": str(better[each.label] + 1) if each.label in better else UNKNOWN,
                "condition": each.label,
                "n": str(len(each.runs)),
                **results(each),
            }
            for each in ranked[:MAX_ROWS]
        ]
        caption = (
            "Rank: 1 + the number of conditions found better; if not told apart, they share it"
        )
        tables.append(table_of(rows, f"{block}. {caption}" if len(blocks) > 1 else caption))
    return tables


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


def comparison_tables(findings: Findings, max_rows: int | None = None) -> list[Table]:
    """A table for each metric on which conditions were compared."""
    return [
        table_of(_compared(found[:max_rows], findings), _words(metric).capitalize())
        for metric, found in findings.comparisons.items()
        if found
    ]


def all_comparisons(findings: Findings) -> Table:
    """All comparisons of all metrics in one table."""
    return table_of(
        [
            {"metric": _words(metric), **row}
            for metric, found in findings.comparisons.items()
            for row in _compared(found, findings)
        ]
    )


def _compared(comparisons: Iterable[Comparison], findings: Findings) -> list[dict[str, str]]:
    rows = []
    for each in comparisons:
        pair, metric = (each.condition_a, each.condition_b), each.metric
        new_images = findings.new_images.get(pair) if metric == "test_accuracy" else None
        rows.append(
            {
                "A": each.condition_a,
                "B": each.condition_b,
                "pairs": str(each.num_pairs),
                f"A {MINUS} B": amount(each.difference_mean, metric, signed=True),
                "simultaneous 95 % CI": bounds((each.ci_low, each.ci_high), metric),
                "p": p_value(each.p_value),
                "p, Holm": p_value(each.p_value_holm),
                "p, equivalence, Holm": p_value(each.p_value_equivalence_holm),
                "CI, new images too": bounds(new_images, metric),
                "A is": str(each.verdict),
            }
        )
    return rows


def _words(metric: str) -> str:
    return metric.replace("_", " ")
