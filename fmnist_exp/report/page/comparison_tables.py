"""Tables of comparisons: those of the page, and all of them for a paper."""

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import MINUS, amount, bounds, p_value
from fmnist_exp.report.page.tables import Table, table_of
from fmnist_exp.report.statistics.verdicts import Comparison

COLUMNS = (
    *("A", "B", "pairs", f"A {MINUS} B", "simultaneous 95 % CI", "p", "p, Holm"),
    *("p, equivalence, Holm", "CI, new images too", "A is"),
)


def comparison_tables(findings: Findings, max_rows: int | None = None) -> list[Table]:
    """A table for each metric on which conditions were compared."""
    return [
        table_of([_row(each, findings) for each in found[:max_rows]], _words(metric).capitalize())
        for metric, found in findings.comparisons.items()
        if found
    ]


def all_comparisons(findings: Findings) -> Table:
    """All comparisons of all metrics in one table."""
    rows = [
        [_words(metric), *_row(each, findings).values()]
        for metric, found in findings.comparisons.items()
        for each in found
    ]
    return Table(["metric", *COLUMNS], rows)


def _row(comparison: Comparison, findings: Findings) -> dict[str, str]:
    metric, pair = comparison.metric, (comparison.condition_a, comparison.condition_b)
    new_images = findings.new_images.get(pair) if metric == "test_accuracy" else None
    cells = (
        *pair,
        str(comparison.num_pairs),
        amount(comparison.difference_mean, metric, signed=True),
        bounds((comparison.ci_low, comparison.ci_high), metric),
        p_value(comparison.p_value),
        p_value(comparison.p_value_holm),
        p_value(comparison.p_value_equivalence_holm),
        bounds(new_images, metric),
        str(comparison.verdict),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _words(metric: str) -> str:
    return metric.replace("_", " ")
