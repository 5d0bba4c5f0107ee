"""The four qualities of a condition: final accuracy, convergence, stability, overfitting.

`run_qualities` measures one run; the table has one row per condition and numbers only.
Diverged runs count wherever they can: in `num_diverged`, and as runs that did not reach the
target unless they did so before. Means are over completed runs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fmnist_exp.report.statistics.intervals import described

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
        history: column -> one number per epoch; columns as in `tables.HISTORY_COLUMNS`.
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


def quality_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers per condition, in the order of first appearance.

    Args:
        runs: one row per completed or diverged run: condition, status, and the attributes of
            `RunQualities`.

    Returns:
        `condition`; `num_runs`, `num_diverged` and `num_reached`; medians and extremes; mean, SD
        and interval of accuracy, loss and gaps. Accuracies and gaps are fractions.
    """
    groups = runs.groupby("condition", sort=False)
    return pd.DataFrame(
        [
            {"condition": name} | _row({column: group[column].to_numpy() for column in runs})
            for name, group in groups
        ]
    )


def _row(runs: Mapping[str, np.ndarray]) -> dict[str, float]:
    """All numbers of a condition, from the columns of its runs."""
    is_completed = runs["status"] == "completed"
    completed = {name: values[is_completed] for name, values in runs.items()}
    rises = completed["largest_rise"]
    rises = rises[~np.isnan(rises)]  # runs of a single epoch
    row = {
        "num_runs": len(is_completed),
        "num_diverged": int((~is_completed).sum()),
        "num_reached": int(np.isfinite(runs["epochs_to_target"]).sum()),
        "epochs_to_target_median": float(np.median(runs["epochs_to_target"])),
        "epochs_to_target_min": float(runs["epochs_to_target"].min()),
        "epochs_to_target_max": float(runs["epochs_to_target"].max()),
        "seconds_to_target_median": float(np.median(runs["seconds_to_target"])),
        "largest_rise_median": _median(rises),
        "largest_rise_max": float(rises.max()) if len(rises) else math.nan,
        "best_epoch_median": _median(completed["best_epoch"]),
        "last_epoch_median": _median(completed["last_epoch"]),
    }
    for name in ("test_accuracy", "test_loss", "validation_gap", "generalization_gap"):
        row |= described(name, completed[name])
    return row | described("loss_after_best", completed["loss_after_best"])


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else math.nan


def _number(metrics: Mapping[str, Mapping[str, float | None]], split: str, name: str) -> float:
    value = metrics.get(split, {}).get(name)
    return math.nan if value is None else float(value)
