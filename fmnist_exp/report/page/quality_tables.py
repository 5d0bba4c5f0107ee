"""Convergence, stability and overfitting as people read them: one table each.

The fourth quality, final accuracy, is what the leaderboard shows.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fmnist_exp.report.page.formatting import MINUS, fixed, percent, with_interval
from fmnist_exp.report.page.rendering import Table
from fmnist_exp.report.statistics.qualities import TARGET

Row = Mapping[str, Any]


def quality_tables(qualities: pd.DataFrame, max_rows: int) -> list[Table]:
    """A table for each of three qualities, one row per condition.

    Args:
        qualities: as from `qualities.quality_table`.
        max_rows: most conditions in a table.
    """
    rows = qualities.head(max_rows).to_dict("records")
    if not rows:
        return []
    captions = {
        f"Convergence speed: until a validation accuracy of {100 * TARGET:.0f} %": _convergence,
        "Stability": _stability,
        "Overfitting": _overfitting,
    }
    return [
        Table(
            ["condition", *cells(rows[0])],
            [[row["condition"], *cells(row).values()] for row in rows],
            caption,
        )
        for caption, cells in captions.items()
    ]


def _convergence(row: Row) -> dict[str, str]:
    return {
        "runs that reached it": f"{row['num_reached']} of {row['num_runs']}",
        "epochs, median": fixed(row["epochs_to_target_median"], 1, "never"),
        "earliest": fixed(row["epochs_to_target_min"], 0, "never"),
        "latest": fixed(row["epochs_to_target_max"], 0, "never"),
        "seconds, median": fixed(row["seconds_to_target_median"], 1, "never"),
    }


def _stability(row: Row) -> dict[str, str]:
    return {
        "diverged": f"{row['num_diverged']} of {row['num_runs']}",
        "SD of test accuracy, points": percent(row["test_accuracy_std"]),
        "SD of test loss": fixed(row["test_loss_std"], 4),
        "largest rise of validation loss, median": fixed(row["largest_rise_median"], 4),
        "the largest of all": fixed(row["largest_rise_max"], 4),
    }


def _overfitting(row: Row) -> dict[str, str]:
    return {
        f"train {MINUS} validation, points [95 % CI]": with_interval(row, "validation_gap", 100, 2),
        f"train {MINUS} test, points [95 % CI]": with_interval(row, "generalization_gap", 100, 2),
        "best epoch, median": fixed(row["best_epoch_median"], 1),
        "last epoch, median": fixed(row["last_epoch_median"], 1),
        f"validation loss, last {MINUS} best [95 % CI]": with_interval(
            row, "loss_after_best", 1, 4
        ),
    }
