"""The summary of a study: one row of numbers per condition."""

import pandas as pd

from fmnist_exp.report.runs.run import METRICS
from fmnist_exp.report.runs.study import Study
from fmnist_exp.report.statistics.intervals import described

SUMMARIZED = (*METRICS, "num_epochs", "fit_seconds")
# how runs without a result ended, as tables count them -> their statuses
ENDS = {"diverged": ("diverged",), "pruned": ("pruned",), "failed": ("failed", "interrupted")}


def summarize(study: Study) -> pd.DataFrame:
    """One row per condition, in the order of first appearance.

    Columns are the factors; `num_runs`, the completed runs that the statistics rest on;
    `num_diverged`, `num_pruned` and `num_failed`, the runs that ended otherwise; and for every
    metric its `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t
    interval).
    """
    rows = []
    for each in study.conditions:
        row = {
            **{
                name: each.config.get(key, "")
                for name, key in zip(study.factors, study.keys, strict=True)
            },
            "num_runs": len(each.runs),
            **{f"num_{name}": len(each.ended(*statuses)) for name, statuses in ENDS.items()},
        }
        for name in SUMMARIZED:
            row |= described(name, each.values(name))
        rows.append(row)
    return pd.DataFrame(rows)
