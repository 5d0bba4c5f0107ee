"""Directories of runs and of tuned sweeps: where they are, and what one of them holds."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import numpy as np

from fmnist_exp.console import typed
from fmnist_exp.errors import RecordError
from fmnist_exp.report.runs.conditions import GROUPS, printable
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.records import RunRecord, cannot_read
from fmnist_exp.rundir.tables import History, read_confusion_matrix, read_history, read_signal

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
        signal: of the network before training, column -> float (num_layers,); None if the run did
            not finish, or is of code that did not measure it.
        recomputed: metrics computed afterwards from its answers, name -> value.
    """

    path: Path
    name: str
    record: RunRecord
    history: History
    confusion: np.ndarray
    signal: History | None = None
    recomputed: Mapping[str, float] = field(default_factory=dict)

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
        epochs = {"num_epochs": record.num_epochs, "best_epoch": record.best_epoch}
        found = {**dict.fromkeys(METRICS), **metrics, **times, **epochs}
        known = {name: math.nan if value is None else value for name, value in found.items()}
        qualities = qualities_of(self.history, known) if self.history else {}
        return {**known, **qualities, **self.recomputed}

    @property
    def has_predictions(self) -> bool:
        """Whether its answers to the test images are stored."""
        return (self.path / records.PREDICTIONS).exists()

    @property
    def late_gain(self) -> tuple[float, float] | None:
        """Validation accuracy and loss, mean of the last quarter minus that of the third.

        None with fewer than two epochs, or where training ended before the last planned one.
        """
        count = self.record.num_epochs
        if count < max(2, self.record.config["training"]["epochs"]):
            return None
        quarter = max(1, count // 4)
        accuracy, loss = (
            np.mean(self.history[name][-quarter:])
            - np.mean(self.history[name][-2 * quarter : -quarter])
            for name in ("validation_accuracy", "validation_loss")
        )
        return float(accuracy), float(loss)

    @property
    def loss_above_lowest(self) -> float:
        """How far the validation loss of the saved weights lies above the lowest, as its share."""
        losses = np.asarray(self.history["validation_loss"], dtype=float)
        saved = losses[(self.record.evaluated_epoch or self.record.num_epochs) - 1]
        lowest = np.fmin.reduce(losses)
        return float(saved / lowest - 1) if lowest > 0 else 0.0


def such_as() -> str:
    """The newest sweep below multirun/, as an example; without one, the command that makes it."""
    sweeps = sorted(Path("multirun").glob("[0-9]*/*/"))
    maker = f"the one that `{typed('train', '--multirun', 'experiment=smoke')}` makes"
    return f"such as {sweeps[-1] if sweeps else maker}"


def run_dirs(folder: Path) -> Iterable[tuple[str, bool]]:
    """The directory of each run in order of job number, and whether it holds a record.

    Raises:
        RecordError: the folder is none, or one below it cannot be read.
    """
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise RecordError(
            f"{folder} {kind}; runs are read from directories. Name the directory of a sweep or "
            f"of a run, {such_as()}."
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
    signal = read_signal(path / records.SIGNAL)
    if signal and len(signal["layer"]) != 1 + len(record.config["model"]["hidden"]):
        problem = f"it must hold the layers of {records.RECORD}, received {len(signal['layer'])}"
        raise cannot_read(path / records.SIGNAL, problem)
    return Run(path, name, record, history, confusion, signal)


def qualities_of(history: History, numbers: Mapping[str, float]) -> dict[str, float]:
    """What a run says of convergence, stability and overfitting, beside its final metrics.

    Args:
        history: column -> one number per epoch; columns as in `history.csv`.
        numbers: `train_accuracy` and so on, of the saved weights; NaN where not measured.

    Returns:
        - epochs_to_target: the first epoch, from 1, with a validation accuracy of `TARGET`;
          infinite if it was never reached.
        - first_epoch_train_loss, mean_validation_loss: the loss on training images in the first
          epoch, and that on validation images averaged over all epochs; less is faster.
        - epoch_seconds: median over all epochs but the first, which may hold the compilation.
        - largest_rise: of the validation loss, from one epoch to the next; 0 if it never rose.
        - generalization_gap: train minus test accuracy.
        - loss_after_best: validation loss of the last epoch minus the lowest.

        NaN where it cannot be measured.
    """
    seconds, accuracy, loss = (
        np.asarray(history[name], dtype=float)
        for name in ("seconds", "validation_accuracy", "validation_loss")
    )
    reached = np.flatnonzero(accuracy >= TARGET)
    several = len(loss) > 1
    return {
        "epochs_to_target": float(reached[0] + 1) if len(reached) else math.inf,
        "first_epoch_train_loss": float(history["train_loss"][0]),
        "mean_validation_loss": float(loss.mean()),
        "epoch_seconds": float(np.median(seconds[1:])) if several else math.nan,
        "largest_rise": float(np.diff(loss).max(initial=0)) if several else math.nan,
        "generalization_gap": numbers["train_accuracy"] - numbers["test_accuracy"],
        "loss_after_best": float(loss[-1] - np.fmin.reduce(loss)),
    }


@dataclass(frozen=True)
class Tuned:
    """A tuned sweep.

    Attributes:
        name: what the tables call its directory.
        factors: keys that it was free to choose, as in a flat config.
        num_trials: trials proposed so far.
        best: number, values and validation accuracy of the best trial; None without any.
        best_key: the run key of that trial.
        confirming: words of the command line that trains it with new seeds, after the program.
    """

    name: str
    factors: tuple[str, ...]
    num_trials: int
    best: tuple[int, str, float] | None
    best_key: str | None = None
    confirming: tuple[str, ...] = ()


def read_tuned(folder: Path, name: str) -> Tuned | None:
    """What is known of a tuned sweep; None if a directory holds none.

    Raises:
        RecordError: its plan cannot be read.
    """
    study = plan.read_study(folder)
    if study is None or study.kind != plan.TUNED or not study.num_runs:
        return None
    keys = [str(key).lstrip("+") for key in (study.begun_with or {}).get("factors", {})]
    factors = tuple(f"{key}.name" if key in GROUPS else key for key in keys)
    runs = list(plan.read_runs(folder))
    results = {run.number: plan.read_result(folder, run) for run in runs}
    best = plan.best_trial(results)
    if best is None:
        return Tuned(name, factors, len(runs), None)
    number, accuracy = best
    run = runs[number]
    chosen = printable(plan.described(run.values))
    confirming = plan.confirming(study, run, folder)
    record = results[number]
    assert record is not None
    return Tuned(name, factors, len(runs), (number, chosen, accuracy), record.run_key, confirming)
