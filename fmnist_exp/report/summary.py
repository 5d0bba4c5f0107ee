"""The summary of a study: one row of numbers per condition."""

import numpy as np
import pandas as pd

from fmnist_exp.report.runs.sweeps import Study
from fmnist_exp.report.statistics.intervals import described

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
    `num_diverged`, `num_pruned` and `num_failed`, the runs that ended otherwise; and for every
    metric its `_mean`, `_std` (n - 1 in the denominator), `_ci_low` and `_ci_high` (95 % t
    interval).
    """
    table = study.table
    groups = table.groupby("condition", sort=False).indices
    is_measured = table.index.isin(study.measured.index)
    status = table["status"].to_numpy()
    metrics = {metric: table[metric].to_numpy(dtype=float) for metric in METRICS}
    rows = []
    for condition in study.conditions:
        places = groups[condition]
        measured = places[is_measured[places]]
        row = {name: table[name].iloc[places[0]] for name in study.factors}
        row["num_runs"] = len(measured)
        row["num_diverged"] = np.sum(status[places] == "diverged")
        row["num_pruned"] = np.sum(status[places] == "pruned")
        row["num_failed"] = np.isin(status[places], ("failed", "interrupted")).sum()
        for metric, numbers in metrics.items():
            row |= described(metric, numbers[measured])
        rows.append(row)
    return pd.DataFrame(rows)
