"""Tables of conditions and of their comparisons: summary, leaderboard, qualities."""

from collections.abc import Sequence

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
)
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.runs.run import METRICS, TARGET
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.report.statistics.seeds import standard_deviation, t_interval

MAX_ROWS = 100  # rows of a table that a page shows; the CSV files have all
SUMMARIZED = (*METRICS, "num_epochs", "fit_seconds")
ENDS = ("diverged", "pruned", "failed", "interrupted")  # of runs without a result


def summarize(study: Study) -> pd.DataFrame:
    """One row of numbers per condition, in the order of first appearance.

    Columns are the factors; `num_runs`, the completed runs that the statistics rest on;
    `num_diverged`, `num_pruned`, `num_failed`, `num_interrupted`, the runs that ended so; and for
    every metric its `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t
    interval).
    """
    rows = []
    for each in study.conditions:
        row: dict[str, object] = {**study.levels(each), "num_runs": len(each.runs)}
        row |= {f"num_{status}": len(each.ended(status)) for status in ENDS}
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
        status: str(len(condition.ended(status)))
        for status in ENDS
        if any(other.ended(status) for other in study.conditions)
    }
    accuracy = condition.values("test_accuracy")
    return {
        **{name: level or UNKNOWN for name, level in study.levels(condition).items()},
        "n": str(len(condition.runs)),
        **ends,
        "test accuracy, % [95 % CI]": mean_with_interval(accuracy, 2, POINTS),
        "SD, points": fixed(POINTS * standard_deviation(accuracy), 2),
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


def quality_table(conditions: Sequence[Condition]) -> Table:
    """Convergence, stability, overfitting and cost, over all that were trained to an end.

    A run that never reaches the target, diverged ones included, is later than any other.
    """
    rows = []
    for each in conditions:
        epochs = each.values("epochs_to_target", diverged=True)
        if not len(epochs):
            continue
        rises, losses = each.values("largest_rise"), each.values("loss_after_best")
        rows.append(
            {
                "condition": each.label,
                f"reached {100 * TARGET:.0f} %": f"{np.isfinite(epochs).sum()} of {len(epochs)}",
                "after epochs": median(epochs, 1),
                "diverged": f"{len(each.ended('diverged'))} of {len(epochs)}",
                "largest rise of validation loss": fixed(np.fmax.reduce(rises, initial=np.nan), 4),
                "best epoch": median(each.values("best_epoch"), 1),
                f"validation loss, last {MINUS} best [95 % CI]": mean_with_interval(losses, 4),
                f"train {MINUS} test, points [95 % CI]": mean_with_interval(
                    each.values("generalization_gap"), 2, POINTS
                ),
                "seconds an epoch": median(each.values("epoch_seconds"), 3),
                "seconds a run": median(each.values("total_seconds"), 1),
            }
        )
    caption = (
        f"Reached: a validation accuracy of {100 * TARGET:.0f} %. Medians over the runs, but for "
        "the rise, the largest of all. Seconds an epoch: without the first, with its compilation"
    )
    return table_of(rows[:MAX_ROWS], caption)


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
