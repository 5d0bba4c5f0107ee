"""Run directories: where they are, and what one of them holds."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import numpy as np

from fmnist_exp.errors import RecordError
from fmnist_exp.report.statistics.qualities import qualities_of
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord, cannot_read
from fmnist_exp.rundir.tables import History, read_confusion_matrix, read_history

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
