"""The four qualities of a condition: final accuracy, convergence, stability, overfitting.

`run_qualities` measures one run; the tables have one row per condition and numbers only.
Diverged runs count wherever they can: in `num_diverged`, and as runs that did not reach the
target unless they did so before. Means are over completed runs.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fmnist_exp.report.statistics.intervals import t_interval

TARGET = 0.85  # validation accuracy, fixed before any run: passed early by a healthy baseline


@dataclass(frozen=True)
class RunQualities:
    """What one run says of the four qualities; NaN where it cannot be measured.

    Attributes:
        test_accuracy: of the saved weights, as a fraction.
        test_loss: of the saved weights.
        epochs_to_target: first epoch, from 1, with the target validation accuracy; infinite if
            it was never reached.
        seconds_to_target: seconds of all epochs up to that one; infinite likewise.
        largest_rise: largest rise of the validation loss from one epoch to the next; 0 if it
            never rose.
        validation_gap: train minus validation accuracy of the saved weights.
        generalization_gap: train minus test accuracy of the saved weights.
        best_epoch: epoch, from 1, with the lowest validation loss.
        last_epoch: the last epoch.
        loss_after_best: validation loss of the last epoch minus that of the best.
    """

    test_accuracy: float
    test_loss: float
    epochs_to_target: float
    seconds_to_target: float
    largest_rise: float
    validation_gap: float
    generalization_gap: float
    best_epoch: float
    last_epoch: float
    loss_after_best: float


def run_qualities(
    history: Mapping[str, npt.ArrayLike],
    metrics: Mapping[str, Mapping[str, float | None]],
    target: float = TARGET,
) -> RunQualities:
    """Measure one run.

    Args:
        history: column -> one number per epoch; columns as in `records.HISTORY_COLUMNS`.
        metrics: split -> {"loss", "accuracy"} of the saved weights, None where not measured.
        target: validation accuracy that counts as converged.
    """
    columns = {name: np.asarray(values, dtype=float) for name, values in history.items()}
    reached = np.flatnonzero(columns["validation_accuracy"] >= target)
    loss = columns["validation_loss"]
    best = int(np.nanargmin(loss)) if np.isfinite(loss).any() else None
    train, validation, test = (
        _number(metrics, split, "accuracy") for split in ("train", "validation", "test")
    )
    return RunQualities(
        test_accuracy=test,
        test_loss=_number(metrics, "test", "loss"),
        epochs_to_target=float(columns["epoch"][reached[0]]) if len(reached) else math.inf,
        seconds_to_target=(
            float(columns["seconds"][: reached[0] + 1].sum()) if len(reached) else math.inf
        ),
        largest_rise=float(np.diff(loss).max(initial=0)) if len(loss) > 1 else math.nan,
        validation_gap=train - validation,
        generalization_gap=train - test,
        best_epoch=math.nan if best is None else float(columns["epoch"][best]),
        last_epoch=float(columns["epoch"][-1]) if len(loss) else math.nan,
        loss_after_best=math.nan if best is None else float(loss[-1] - loss[best]),
    )


def quality_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The four tables, one row per condition in the order of first appearance.

    Args:
        runs: one row per run: condition, status (`completed` or `diverged`; other runs are no
            results and are passed over), and the attributes of `RunQualities`.

    Returns:
        final_accuracy, convergence, stability and overfitting -> numeric table. Every table has
        `condition` and `num_runs`; accuracies and gaps are fractions.
    """
    finished = runs[runs["status"].isin(["completed", "diverged"])]
    return {
        row.__name__.lstrip("_"): _table(finished, row)
        for row in (_final_accuracy, _convergence, _stability, _overfitting)
    }


def _table(runs: pd.DataFrame, row: Callable[[pd.DataFrame], dict[str, float]]) -> pd.DataFrame:
    rows = [
        {"condition": name} | row(group) for name, group in runs.groupby("condition", sort=False)
    ]
    return pd.DataFrame(rows, columns=["condition", *row(runs.iloc[:0])])


def _final_accuracy(runs: pd.DataFrame) -> dict[str, float]:
    completed = _completed(runs)
    return {
        "num_runs": len(completed),
        **_summary(completed, "test_accuracy"),
        **_summary(completed, "test_loss"),
    }


def _convergence(runs: pd.DataFrame) -> dict[str, float]:
    """Medians over all runs, in which one that never reaches the target counts as infinity."""
    return {
        "num_runs": len(runs),
        "num_reached": int(np.isfinite(runs["epochs_to_target"]).sum()),
        "epochs_to_target_median": _median(runs["epochs_to_target"]),
        "epochs_to_target_min": float(runs["epochs_to_target"].min()),
        "epochs_to_target_max": float(runs["epochs_to_target"].max()),
        "seconds_to_target_median": _median(runs["seconds_to_target"]),
    }


def _stability(runs: pd.DataFrame) -> dict[str, float]:
    completed = _completed(runs)
    return {
        "num_runs": len(runs),
        "num_diverged": int((runs["status"] == "diverged").sum()),
        "test_accuracy_std": float(completed["test_accuracy"].std(ddof=1)),
        "test_loss_std": float(completed["test_loss"].std(ddof=1)),
        "largest_rise_median": float(completed["largest_rise"].median()),
        "largest_rise_max": float(completed["largest_rise"].max()),
    }


def _overfitting(runs: pd.DataFrame) -> dict[str, float]:
    completed = _completed(runs)
    return {
        "num_runs": len(completed),
        **_summary(completed, "validation_gap"),
        **_summary(completed, "generalization_gap"),
        "best_epoch_median": float(completed["best_epoch"].median()),
        "last_epoch_median": float(completed["last_epoch"].median()),
        **_summary(completed, "loss_after_best"),
    }


def _completed(runs: pd.DataFrame) -> pd.DataFrame:
    return runs[runs["status"] == "completed"]


def _summary(runs: pd.DataFrame, name: str) -> dict[str, float]:
    """Mean, SD and 95 % t interval of a column; NaN where there are too few runs."""
    values = runs[name].to_numpy(dtype=float)
    low, high = t_interval(values)
    return {
        f"{name}_mean": float(values.mean()) if len(values) else math.nan,
        f"{name}_std": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        f"{name}_ci_low": low,
        f"{name}_ci_high": high,
    }


def _median(values: pd.Series) -> float:
    """Median with infinities: in the middle between a number and infinity is infinity."""
    return float(np.median(values)) if len(values) else math.nan


def _number(metrics: Mapping[str, Mapping[str, float | None]], split: str, name: str) -> float:
    value = metrics.get(split, {}).get(name)
    return math.nan if value is None else float(value)
