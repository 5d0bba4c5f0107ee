"""Tables of conditions and of their comparisons: summary, leaderboard, qualities."""

from collections.abc import Callable, Sequence

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
from fmnist_exp.report.statistics.seeds import standard_deviation, t_interval

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
            values = each.values(name)
            row[f"{name}_mean"] = np.mean(values) if len(values) else np.nan
            row[f"{name}_std"] = standard_deviation(values)
            row[f"{name}_ci_low"], row[f"{name}_ci_high"] = t_interval(values)
        rows.append(row)
    return pd.DataFrame(rows)


def summary_table(study: Study) -> Table:
    """Every condition under its factors, with how many of its runs ended otherwise."""
    return table_of([_result(study, each) for each in study.conditions])


def _result(study: Study, condition: Condition) -> dict[str, str]:
    """What tables of results say of a condition: heading -> text."""
    ends = {
        name: str(len(condition.ended(*statuses)))
        for name, statuses in ENDS.items()
        if any(other.ended(*statuses) for other in study.conditions)
    }
    accuracy = condition.values("test_accuracy")
    return {
        **{name: level or UNKNOWN for name, level in study.levels(condition).items()},
        "n": str(len(condition.runs)),
        **ends,
        "test accuracy, % [95 % CI]": mean_with_interval(accuracy, 2, POINTS),
        "SD, points": spread(accuracy, 2, POINTS),
        "test loss [95 % CI]": mean_with_interval(condition.values("test_loss"), 4),
        "validation accuracy, %": mean(condition.values("validation_accuracy"), 2, POINTS),
        "train accuracy, %": mean(condition.values("train_accuracy"), 2, POINTS),
        "epochs": mean(condition.values("num_epochs"), 1),
        "seconds": mean(condition.values("fit_seconds"), 1),
    }


def leaderboards(study: Study) -> list[Table]:
    """For each block of comparable conditions a table, the highest mean test accuracy first."""
    tables = []
    for block, members in study.blocks.items():
        ranked = sorted(
            members, key=lambda each: -each.values("test_accuracy").mean() if each.runs else np.inf
        )
        caption = "Sorted by mean test accuracy; the comparisons say which of them differ"
        tables.append(
            table_of(
                [_result(study, each) for each in ranked[:MAX_ROWS]],
                f"{block}. {caption}" if len(study.blocks) > 1 else caption,
            )
        )
    return tables


def quality_tables(conditions: Sequence[Condition]) -> list[Table]:
    """Convergence, stability, overfitting and cost, over all that were trained to an end."""
    captions: dict[str, Callable[[Condition], dict[str, str]]] = {
        f"Convergence speed: until a validation accuracy of {100 * TARGET:.0f} %": _convergence,
        "Stability": _stability,
        "Overfitting": _overfitting,
        "Cost: median seconds; epochs after a run's first, which may hold the compilation": _cost,
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
        "epochs, median": median(epochs, 1),
        "earliest": fixed(epochs.min(), 0),
        "latest": fixed(epochs.max(), 0),
    }


def _stability(condition: Condition) -> dict[str, str]:
    num_diverged, num_runs = len(condition.ended("diverged")), len(condition.runs)
    rises = condition.values("largest_rise")
    return {
        "diverged": f"{num_diverged} of {num_runs + num_diverged}",
        "SD of test loss": spread(condition.values("test_loss"), 4),
        "largest rise of validation loss, median": median(rises, 4),
        "the largest of all": fixed(np.fmax.reduce(rises, initial=np.nan), 4),
    }


def _overfitting(condition: Condition) -> dict[str, str]:
    gaps, losses = condition.values("generalization_gap"), condition.values("loss_after_best")
    return {
        f"train {MINUS} test, points [95 % CI]": mean_with_interval(gaps, 2, POINTS),
        "best epoch, median": median(condition.values("best_epoch"), 1),
        f"validation loss, last {MINUS} best [95 % CI]": mean_with_interval(losses, 4),
    }


def _cost(condition: Condition) -> dict[str, str]:
    return {
        "an epoch": median(condition.values("epoch_seconds"), 3),
        "training": median(condition.values("fit_seconds"), 1),
        "a whole run": median(condition.values("total_seconds"), 1),
    }


def comparison_table(findings: Findings, max_rows: int | None = None) -> Table:
    """All comparisons, or so many of each metric."""
    rows = []
    for metric, found in findings.comparisons.items():
        for each in found[:max_rows]:
            pair = (each.condition_a, each.condition_b)
            new_images = findings.new_images.get(pair) if metric == "test_accuracy" else None
            rows.append(
                {
                    "metric": metric.replace("_", " "),
                    "A": each.condition_a,
                    "B": each.condition_b,
                    "pairs": str(each.num_pairs),
                    f"A {MINUS} B": amount(each.difference_mean, metric, signed=True),
                    "simultaneous 95 % CI": bounds((each.ci_low, each.ci_high), metric),
                    "p": p_value(each.p_value),
                    "CI, new images too": bounds(new_images, metric),
                    "A is": str(each.verdict),
                }
            )
    return table_of(rows)
