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

FINISHED = ("completed", "diverged")
TARGET = 0.85  # validation accuracy, fixed before any run: passed early by a healthy baseline

Columns = Mapping[str, np.ndarray]  # of the runs of one condition, see `quality_tables`


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
    groups = {
        name: {column: group[column].to_numpy() for column in runs}
        for name, group in runs[runs["status"].isin(FINISHED)].groupby("condition", sort=False)
    }
    return {
        row.__name__.lstrip("_"): pd.DataFrame(
            [{"condition": name} | row(columns) for name, columns in groups.items()],
            columns=["condition", *row({column: np.array([]) for column in runs})],
        )
        for row in (_final_accuracy, _convergence, _stability, _overfitting)
    }


def _final_accuracy(runs: Columns) -> dict[str, float]:
    return {
        "num_runs": len(_completed(runs, "test_accuracy")),
        **_summary(runs, "test_accuracy"),
        **_summary(runs, "test_loss"),
    }


def _convergence(runs: Columns) -> dict[str, float]:
    """Medians over all runs, in which one that never reaches the target counts as infinity."""
    epochs = runs["epochs_to_target"]
    return {
        "num_runs": len(epochs),
        "num_reached": int(np.isfinite(epochs).sum()),
        "epochs_to_target_median": _of(np.median, epochs),
        "epochs_to_target_min": _of(np.min, epochs),
        "epochs_to_target_max": _of(np.max, epochs),
        "seconds_to_target_median": _of(np.median, runs["seconds_to_target"]),
    }


def _stability(runs: Columns) -> dict[str, float]:
    rises = _completed(runs, "largest_rise")
    rises = rises[~np.isnan(rises)]  # runs of a single epoch
    return {
        "num_runs": len(runs["status"]),
        "num_diverged": int((runs["status"] == "diverged").sum()),
        "test_accuracy_std": _summary(runs, "test_accuracy")["test_accuracy_std"],
        "test_loss_std": _summary(runs, "test_loss")["test_loss_std"],
        "largest_rise_median": _of(np.median, rises),
        "largest_rise_max": _of(np.max, rises),
    }


def _overfitting(runs: Columns) -> dict[str, float]:
    return {
        "num_runs": len(_completed(runs, "validation_gap")),
        **_summary(runs, "validation_gap"),
        **_summary(runs, "generalization_gap"),
        "best_epoch_median": _of(np.median, _completed(runs, "best_epoch")),
        "last_epoch_median": _of(np.median, _completed(runs, "last_epoch")),
        **_summary(runs, "loss_after_best"),
    }


def _completed(runs: Columns, name: str) -> np.ndarray:
    return runs[name][runs["status"] == "completed"]


def _summary(runs: Columns, name: str) -> dict[str, float]:
    """Mean, SD and 95 % t interval over completed runs; NaN where there are too few."""
    values = _completed(runs, name)
    low, high = t_interval(values)
    return {
        f"{name}_mean": _of(np.mean, values),
        f"{name}_std": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
        f"{name}_ci_low": low,
        f"{name}_ci_high": high,
    }


def _of(statistic: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    """A statistic of the values, infinite ones included; NaN without values."""
    return float(statistic(values)) if len(values) else math.nan


def _number(metrics: Mapping[str, Mapping[str, float | None]], split: str, name: str) -> float:
    value = metrics.get(split, {}).get(name)
    return math.nan if value is None else float(value)
