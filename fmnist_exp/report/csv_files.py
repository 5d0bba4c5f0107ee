"""The tables of a report as CSV files, in full precision."""

from itertools import chain

from fmnist_exp.report.chance import chance_table
from fmnist_exp.report.claims import claims_table, judge
from fmnist_exp.report.findings import Findings, comparison_table
from fmnist_exp.report.page import rendering
from fmnist_exp.report.page.condition_tables import summarize


def csv_files(findings: Findings) -> dict[str, str]:
    """The CSV files of a report: name -> text."""
    tables = {
        "runs.csv": findings.study.table,
        "summary.csv": summarize(findings.study),
        "comparisons.csv": comparison_table(chain(*findings.comparisons.values())),
        "claims.csv": claims_table(judge(findings)),
    }
    if findings.spreads:
        tables["chance.csv"] = chance_table(findings.spreads)
    return {name: rendering.csv(table) for name, table in tables.items()}
