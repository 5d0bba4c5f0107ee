"""The tables that rank and compare conditions, as people read them."""

import math
from collections.abc import Sequence

import pandas as pd

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.formatting import (
    UNKNOWN,
    bounds,
    fixed,
    p_value,
    percent,
    with_interval,
)
from fmnist_exp.report.page.rendering import Table
from fmnist_exp.report.page.sentences import amount
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict

COMPARISON_COLUMNS = (
    *("A", "B", "pairs", "A \N{MINUS SIGN} B", "simultaneous 95 % CI", "p", "p, Holm"),
    *("p, sign flip", "p, equivalence, Holm", "d_z", "A better in", "CI, new images too", "A is"),
)


def leaderboards(findings: Findings, max_rows: int) -> list[Table]:
    """A table for each block of conditions that may be compared with each other."""
    return [
        _leaderboard(findings, name, labels, max_rows)
        for name, labels in findings.study.blocks.items()
    ]


def _leaderboard(findings: Findings, block: str, labels: Sequence[str], max_rows: int) -> Table:
    """One row per condition, the highest mean test accuracy first; ties share a rank."""
    better = _num_better(findings, labels)
    rows = []
    summaries = dict(
        zip(findings.study.conditions, findings.summary.to_dict("records"), strict=True)
    )
    for label in labels:
        row = summaries[label]
        answers = findings.predictions.get(label)
        cells = [
            str(better[label] + 1) if label in better else UNKNOWN,
            label,
            str(row["num_runs"]),
            with_interval(row, "test_accuracy", 100, 2),
            percent(row["test_accuracy_std"]),
            with_interval(row, "test_loss", 1, 4),
            percent(row["validation_accuracy_mean"]),
            percent(row["train_accuracy_mean"]),
            percent(row["train_accuracy_mean"] - row["test_accuracy_mean"]),
            UNKNOWN if answers is None else fixed(answers.ece.mean(), 4),
            fixed(row["num_epochs_mean"], 1),
            fixed(row["fit_seconds_mean"], 1),
        ]
        mean = row["test_accuracy_mean"]
        rows.append((math.inf if math.isnan(mean) else -mean, cells))
    rows.sort(key=lambda pair: pair[0])
    columns = ["rank", "condition", "n", "test accuracy, % [95 % CI]", "SD, points"]
    columns += ["test loss [95 % CI]", "validation, %", "train, %"]
    columns += ["train \N{MINUS SIGN} test, points", "ECE", "epochs", "seconds"]
    caption = "Rank: 1 + the number of conditions found better; conditions not told apart share it"
    shown = [cells for _, cells in rows[:max_rows]]
    return Table(columns, shown, f"{block}. {caption}" if block else caption)


def comparison_table(
    comparisons: Sequence[Comparison], findings: Findings, max_rows: int | None = None
) -> Table:
    """The comparisons of one metric."""
    metric = comparisons[0].metric
    rows = []
    for each in comparisons[:max_rows]:
        two_way = findings.two_way.get((each.condition_a, each.condition_b))
        rows.append(
            [
                each.condition_a,
                each.condition_b,
                str(each.num_pairs),
                amount(each.difference_mean, metric, signed=True) if each.num_pairs else UNKNOWN,
                bounds((each.ci_low, each.ci_high), metric),
                p_value(each.p_value),
                p_value(each.p_value_holm),
                p_value(each.p_value_sign_flip),
                p_value(each.p_value_equivalence_holm),
                fixed(each.d_z, 2),
                UNKNOWN if math.isnan(each.superiority) else f"{100 * each.superiority:.0f} %",
                bounds(two_way if metric == "test_accuracy" else None, metric),
                str(each.verdict),
            ]
        )
    return Table(COMPARISON_COLUMNS, rows, metric.replace("_", " ").capitalize())


def readable_comparisons(findings: Findings) -> pd.DataFrame:
    """All comparisons of all metrics as one table of texts."""
    rows = [
        [metric.replace("_", " "), *row]
        for metric, found in findings.comparisons.items()
        if found
        for row in comparison_table(found, findings).rows
    ]
    return pd.DataFrame(rows, columns=["metric", *COMPARISON_COLUMNS])


def _num_better(findings: Findings, block: Sequence[str]) -> dict[str, int]:
    """For each condition, how many were found better; empty unless all pairs were compared."""
    labels = [each.label for each in findings.conditions if each.label in block]
    comparisons = [
        each for each in findings.comparisons["test_accuracy"] if each.condition_a in labels
    ]
    if len(labels) < 2 or len(comparisons) < len(labels) * (len(labels) - 1) / 2:
        return {}
    counts = dict.fromkeys(labels, 0)
    for each in comparisons:
        counts[each.condition_a] += each.verdict == Verdict.WORSE
        counts[each.condition_b] += each.verdict == Verdict.BETTER
    return counts
