"""The trials of a tuned sweep: planned runs with chosen values, judged by validation accuracy."""

import operator
from collections.abc import Mapping
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.records import RunRecord

Results = Mapping[int, RunRecord | None]  # number of a trial -> its record, if it has ended


def read_result(sweep_dir: Path, trial: PlannedRun) -> RunRecord | None:
    """The record of a trial that has ended as it should; None if it must be launched (again)."""
    try:
        record = records.read_record(sweep_dir / trial.directory)
    except RecordError:  # missing, or damaged and to be trained again
        return None
    return record if record.config == trial.config and record.status in records.ENDED else None


def validation_accuracy(record: RunRecord) -> float | None:
    """What a trial is judged by: None if it was given up, 0 if it has diverged."""
    if record.status == "pruned":
        return None
    return record.metrics["validation"]["accuracy"] if record.status == "completed" else 0.0


def best_trial(results: Results) -> tuple[int, float] | None:
    """Number and validation accuracy of the best completed trial, the first of several.

    Args:
        results: as `read_result`; their test metrics are not looked at.
    """
    accuracies = [
        (number, validation_accuracy(record) or 0.0)
        for number, record in results.items()
        if record is not None and record.status == "completed"
    ]
    return max(accuracies, key=operator.itemgetter(1), default=None)


def described(values: Mapping[str, str]) -> str:
    """What was chosen for a trial, as overrides."""
    return " ".join(f"{key}={value}" for key, value in values.items())
