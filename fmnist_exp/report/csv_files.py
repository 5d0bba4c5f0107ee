"""The tables of a report as CSV files, in full precision."""

import math
from itertools import chain

import numpy as np
import pandas as pd

from fmnist_exp.report.chance import chance_table
from fmnist_exp.report.claims import claims_table, judge
from fmnist_exp.report.findings import Findings, comparison_table
from fmnist_exp.report.page import rendering
from fmnist_exp.report.page.condition_tables import ENDS
from fmnist_exp.report.runs.run import METRICS
from fmnist_exp.statistics.seeds import ANY, SHARE, standard_deviation, t_interval

SUMMARIZED = (*METRICS, "num_epochs", "fit_seconds")


def csv_files(findings: Findings) -> dict[str, str]:
    """The CSV files of a report: name -> text."""
    tables = {
        "runs.csv": findings.study.table,
        "summary.csv": summarize(findings),
        "comparisons.csv": comparison_table(chain(*findings.comparisons.values())),
        "claims.csv": claims_table(judge(findings)),
    }
    if findings.spreads:
        tables["chance.csv"] = chance_table(findings.spreads)
    return {name: rendering.csv(table) for name, table in tables.items()}


def summarize(findings: Findings) -> pd.DataFrame:
    """One row of numbers per condition, in the order of first appearance.

    Columns are the factors; `num_runs`, the completed runs that the statistics rest on;
    `num_diverged`, `num_pruned`, `num_failed`, `num_interrupted`, the runs that ended so; for
    every metric its `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t
    interval); and `ensemble_test_accuracy`, of the `ensemble_runs` that have stored their answers,
    together, both empty where it is not known.
    """
    rows = []
    for each in findings.study.conditions:
        row: dict[str, object] = {**findings.study.levels(each), "num_runs": len(each.runs)}
        row |= {f"num_{status}": len(each.ended(status)) for status in ENDS}
        for name in SUMMARIZED:
            values = each.values(name)
            interval = t_interval(values, SHARE if "accuracy" in name else ANY)
            row[f"{name}_mean"] = np.mean(values) if len(values) else np.nan
            row[f"{name}_std"] = standard_deviation(values)
            row[f"{name}_ci_low"], row[f"{name}_ci_high"] = interval
        found = findings.predictions.get(each.label)
        is_known = found is not None and not math.isnan(found.ensemble_accuracy)
        row["ensemble_test_accuracy"] = found.ensemble_accuracy if found and is_known else np.nan
        row["ensemble_runs"] = len(found.seeds) if found and is_known else None
        rows.append(row)
    return pd.DataFrame(rows).astype({"ensemble_runs": "Int64"})
