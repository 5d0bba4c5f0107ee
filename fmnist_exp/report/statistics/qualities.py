"""What one run says of convergence, stability and overfitting, beside its final metrics."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

TARGET = 0.85  # validation accuracy, fixed before any run: passed early by a healthy baseline


def qualities_of(
    history: Mapping[str, npt.ArrayLike], metrics: Mapping[str, float], target: float = TARGET
) -> dict[str, float]:
    """Measure one run.

    Args:
        history: column -> one number per epoch; columns as in `history.csv`.
        metrics: `train_accuracy` and so on, of the saved weights; NaN where not measured.
        target: validation accuracy that counts as converged.

    Returns:
        - epochs_to_target, seconds_to_target: the first epoch, from 1, with the target validation
          accuracy, and the time until its end; infinite if it was never reached.
        - largest_rise: of the validation loss, from one epoch to the next; 0 if it never rose.
        - validation_gap, generalization_gap: train minus validation or test accuracy.
        - best_epoch: the epoch, from 1, with the lowest validation loss; last_epoch.
        - loss_after_best: validation loss of the last epoch minus that of the best.

        NaN where it cannot be measured.
    """
    epoch, seconds, accuracy, loss = (
        np.asarray(history[name], dtype=float)
        for name in ("epoch", "seconds", "validation_accuracy", "validation_loss")
    )
    reached = np.flatnonzero(accuracy >= target)
    first = reached[0] if len(reached) else None
    best = int(np.nanargmin(loss)) if np.isfinite(loss).any() else None
    return {
        "epochs_to_target": math.inf if first is None else float(epoch[first]),
        "seconds_to_target": math.inf if first is None else float(seconds[: first + 1].sum()),
        "largest_rise": float(np.diff(loss).max(initial=0)) if len(loss) > 1 else math.nan,
        "validation_gap": metrics["train_accuracy"] - metrics["validation_accuracy"],
        "generalization_gap": metrics["train_accuracy"] - metrics["test_accuracy"],
        "best_epoch": math.nan if best is None else float(epoch[best]),
        "last_epoch": float(epoch[-1]) if len(loss) else math.nan,
        "loss_after_best": math.nan if best is None else float(loss[-1] - loss[best]),
    }
