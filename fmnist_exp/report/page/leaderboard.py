"""The tables that rank and compare conditions, as people read them."""

from collections.abc import Sequence

import pandas as pd

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.formatting import (
    MINUS,
    UNKNOWN,
    amount,
    bounds,
    fixed,
    p_value,
    percent,
    summary_cells,
)
from fmnist_exp.report.page.rendering import Table
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict

COMPARISON_COLUMNS = (
    *("A", "B", "pairs", f"A {MINUS} B", "simultaneous 95 % CI", "p", "p, Holm"),
    *("p, equivalence, Holm", "CI, new images too", "A is"),
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
    table = findings.summary.assign(condition=findings.study.conditions)
    table = table[table["condition"].isin(labels)]
    table = table.sort_values("test_accuracy_mean", ascending=False, kind="stable").head(max_rows)
    rows = []
    for row in table.to_dict("records"):
        label = row["condition"]
        answers = findings.predictions.get(label)
        gap = row["train_accuracy_mean"] - row["test_accuracy_mean"]
        rows.append(
            {
                "rank": str(better[label] + 1) if label in better else UNKNOWN,
                "condition": label,
                "n": str(row["num_runs"]),
                **summary_cells(row),
                f"train {MINUS} test, points": percent(gap),
                "ECE": UNKNOWN if answers is None else fixed(answers.ece.mean(), 4),
            }
        )
    caption = "Rank: 1 + the number of conditions found better; conditions not told apart share it"
    shown = [list(row.values()) for row in rows]
    return Table(list(rows[0]), shown, f"{block}. {caption}" if block else caption)


def comparison_table(
    comparisons: Sequence[Comparison], findings: Findings, max_rows: int | None = None
) -> Table:
    """The comparisons of one metric."""
    metric = comparisons[0].metric
    two_way = findings.two_way if metric == "test_accuracy" else {}
    rows = [
        [
            each.condition_a,
            each.condition_b,
            str(each.num_pairs),
            amount(each.difference_mean, metric, signed=True),
            bounds((each.ci_low, each.ci_high), metric),
            p_value(each.p_value),
            p_value(each.p_value_holm),
            p_value(each.p_value_equivalence_holm),
            bounds(two_way.get((each.condition_a, each.condition_b)), metric),
            str(each.verdict),
        ]
        for each in comparisons[:max_rows]
    ]
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
