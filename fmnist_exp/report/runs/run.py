"""Run directories: where they are, and what one of them holds."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import numpy as np

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord, cannot_read
from fmnist_exp.rundir.tables import History, read_confusion_matrix, read_history

TARGET = 0.85  # validation accuracy, fixed before any run: passed early by a healthy baseline
METRICS = tuple(
    f"{split}_{metric}"
    for split in reversed(records.SPLITS)
    for metric in reversed(records.METRICS)
)


@dataclass(frozen=True, eq=False)
class Run:
    """A run that has a record.

    Attributes:
        path: its directory.
        name: what the tables call it.
        record: its record.
        history: column -> float (num_epochs,); empty if the run did not finish.
        confusion: float (num_classes, num_classes), counts on the test split, row is the true
            class; (0, 0) if the run did not finish.
    """

    path: Path
    name: str
    record: RunRecord
    history: History
    confusion: np.ndarray

    @cached_property
    def numbers(self) -> dict[str, float]:
        """Every number that a run is measured by, by its name; NaN where it was not measured."""
        record = self.record
        metrics = {
            f"{split}_{metric}": value
            for split, found in record.metrics.items()
            for metric, value in found.items()
        }
        times = {f"{part}_seconds": record.timing_seconds.get(part) for part in ("fit", "total")}
        found = {**dict.fromkeys(METRICS), **metrics, **times, "num_epochs": record.num_epochs}
        known = {name: math.nan if value is None else value for name, value in found.items()}
        return known | (qualities_of(self.history, known) if self.history else {})

    @property
    def has_predictions(self) -> bool:
        """Whether its answers to the test images are stored."""
        return (self.path / records.PREDICTIONS).exists()


def run_dirs(folder: Path) -> Iterable[tuple[str, bool]]:
    """The directory of each run in order of job number, and whether it holds a record.

    Raises:
        RecordError: the folder is none, or one below it cannot be read.
    """
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise RecordError(
            f"{folder} {kind}; the aggregator reads directories. Name the directory of a sweep or "
            "of a run, such as multirun/DATE/TIME."
        )
    for path, subfolders, files in os.walk(folder.resolve(), onerror=_refuse):
        if records.RECORD in files or ".hydra" in subfolders:
            yield path, records.RECORD in files
            subfolders.clear()
        else:
            subfolders.sort(key=lambda name: (not name.isdigit(), len(name), name))


def _refuse(error: OSError) -> NoReturn:
    raise RecordError(
        f"cannot look into {error.filename}: {error.strerror}. Every directory below a sweep must "
        "be readable, or runs would be missed. Make it readable or move it out of the way."
    ) from error


def read_run(path: Path, name: str) -> Run:
    """Read a run that has a record; a finished one has its tables, too.

    Raises:
        RecordError: a file is missing or damaged, or does not agree with the record.
    """
    record = records.read_record(path)
    if record.status not in records.FINISHED:
        return Run(path, name, record, {}, np.empty((0, 0)))
    history = read_history(path / records.HISTORY)
    num_rows = len(history["epoch"])
    if num_rows != record.num_epochs:
        problem = f"it must hold the {record.num_epochs} epochs of {records.RECORD}, received "
        raise cannot_read(path / records.HISTORY, f"{problem}{num_rows}")
    class_names, confusion = read_confusion_matrix(path / records.CONFUSION_MATRIX)
    if class_names != record.class_names:
        problem = f"its classes must be those of {records.RECORD}, {record.class_names!r}, received"
        raise cannot_read(path / records.CONFUSION_MATRIX, f"{problem} {class_names!r}"[:500])
    return Run(path, name, record, history, confusion)


def qualities_of(history: History, metrics: Mapping[str, float]) -> dict[str, float]:
    """What a run says of convergence, stability and overfitting, beside its final metrics.

    Args:
        history: column -> one number per epoch; columns as in `history.csv`.
        metrics: `train_accuracy` and so on, of the saved weights; NaN where not measured.

    Returns:
        - epochs_to_target, seconds_to_target: the first epoch, from 1, with a validation accuracy
          of `TARGET`, and the time until its end; infinite if it was never reached.
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
    reached = np.flatnonzero(accuracy >= TARGET)
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
