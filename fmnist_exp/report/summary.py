"""The summary of a study: one row of numbers per condition."""

import numpy as np
import pandas as pd

from fmnist_exp.report.runs.sweeps import Study
from fmnist_exp.report.statistics.intervals import t_interval

METRICS = (
    "test_accuracy",
    "test_loss",
    "validation_accuracy",
    "validation_loss",
    "train_accuracy",
    "train_loss",
    "num_epochs",
    "fit_seconds",
)


def summarize(study: Study) -> pd.DataFrame:
    """One row per condition, in the order of first appearance.

    Columns are the factors; `num_runs`, the completed runs that the statistics rest on;
    `num_diverged` and `num_failed`, the runs that ended otherwise; and for every metric its
    `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t interval).
    """
    rows = []
    measured = dict(list(study.measured.groupby("condition")))
    for condition, runs in study.table.groupby("condition", sort=False):
        counts = runs["status"].value_counts()
        row = {name: runs[name].iloc[0] for name in study.factors}
        completed = measured.get(condition, study.measured.iloc[:0])
        row["num_runs"] = len(completed)
        row["num_diverged"] = counts.get("diverged", 0)
        row["num_failed"] = counts.get("failed", 0) + counts.get("interrupted", 0)
        for metric in METRICS:
            values = completed[metric].to_numpy(dtype=float)
            row[f"{metric}_mean"] = values.mean() if len(values) else np.nan
            row[f"{metric}_std"] = values.std(ddof=1) if len(values) > 1 else np.nan
            row[f"{metric}_ci_low"], row[f"{metric}_ci_high"] = t_interval(values)
        rows.append(row)
    return pd.DataFrame(rows)
