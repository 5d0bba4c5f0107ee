"""Run directories to tidy rows: which runs there are, and which condition each belongs to."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from fmnist_exp.errors import RecordError
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.conditions import Difference
from fmnist_exp.report.runs.tuned import Tuned, read_tuned
from fmnist_exp.rundir import records
from fmnist_exp.rundir.presence import state_without_record
from fmnist_exp.rundir.records import RunRecord, cannot_read
from fmnist_exp.rundir.tables import History, read_confusion_matrix, read_history


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Study:
    """Everything that a report is made of.

    Attributes:
        runs: every run that has a record.
        factors: columns of `table` that tell conditions apart.
        table: one row per run: run, status, seed, the factors as text (empty where a config has
            no such key), condition, metrics, epochs, times.
        unfinished: names of run directories without a record, each with what can be said of it.
        configs: condition -> its flat config, see `conditions.flatten`.
        differences: every key that differs between conditions.
        tuned: sweeps whose runs a tuner has proposed.
    """

    runs: tuple[Run, ...]
    factors: tuple[str, ...]
    table: pd.DataFrame
    unfinished: tuple[str, ...]
    configs: dict[str, dict[str, str]]
    differences: tuple[Difference, ...]
    tuned: tuple[Tuned, ...]

    @property
    def conditions(self) -> list[str]:
        """Labels of the conditions, in the order of their first run."""
        return list(dict.fromkeys(self.table["condition"]))

    @property
    def constants(self) -> dict[str, str]:
        """Keys that all conditions share, and their values."""
        return conditions.what_is_shared(list(self.configs.values()))

    @cached_property
    def blocks(self) -> dict[str, list[str]]:
        """Conditions that may be compared with each other, by what their data and engine are.

        A single block is called nothing.
        """
        on = {label: conditions.grounds(config) for label, config in self.configs.items()}
        keys = conditions.naming_keys(list(on.values()))
        alone = all(each == on[self.conditions[0]] for each in on.values())
        found: dict[str, list[str]] = {}
        for label in self.conditions:
            name = "" if alone else conditions.label(on[label], keys)
            found.setdefault(name, []).append(label)
        return found

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Rows of `table` that statistics rest on: completed, and one for each seed."""
        return self._completed_rows.drop_duplicates(["condition", "seed"])

    @property
    def repeated(self) -> list[str]:
        """Names of completed runs that `measured` leaves out: an earlier one has their seed."""
        rows = self._completed_rows
        return list(rows["run"][rows.duplicated(["condition", "seed"])])

    def completed(self, condition: str) -> list[Run]:
        """The completed runs of one condition, one for each seed."""
        return self._completed_runs.get(condition, [])

    @cached_property
    def _completed_rows(self) -> pd.DataFrame:
        return self.table[self.table["status"] == "completed"]

    @cached_property
    def _completed_runs(self) -> dict[str, list[Run]]:
        groups = self.measured.groupby("condition", sort=False).groups
        return {name: [self.runs[index] for index in rows] for name, rows in groups.items()}


def read_study(folders: Sequence[Path]) -> Study:
    """Read every run below the given folders, finished or not.

    Raises:
        RecordError: a folder is not one or holds no run, or a file of a run cannot be read.
    """
    found = {path: recorded for folder in folders for path, recorded in _run_dirs(folder)}
    parent = os.path.commonpath([folder.resolve().parent for folder in folders])
    names = {path: _name(path, parent) for path in found}
    runs = tuple(_read_run(Path(path), names[path]) for path in found if found[path])
    unfinished = tuple(
        f"{names[path]} ({state_without_record(Path(path))})" for path in found if not found[path]
    )
    if not runs:
        raise RecordError(
            f"there is no finished run in {', '.join(map(str, folders))}"
            + (f" ({len(unfinished)} unfinished)" if unfinished else "")
            + ": a run directory holds run.json. Name a directory that "
            "`python -m fmnist_exp.train` has written, such as multirun/DATE/TIME."
        )
    flat = conditions.without_explained_hashes([_what_fixes(run.record) for run in runs])
    sweep_dirs = dict.fromkeys(os.path.dirname(path) for path in found)
    asked = [read_tuned(Path(path), _name(path, parent)) for path in sweep_dirs]
    tuned = tuple(each for each in asked if each is not None)
    factors = conditions.naming_keys(flat, [key for each in tuned for key in each.factors])
    rows = [_row(run, keys, factors) for run, keys in zip(runs, flat, strict=True)]
    columns = tuple(conditions.column(key) for key in factors)
    table = pd.DataFrame(rows).astype({"best_epoch": "Int64", "evaluated_epoch": "Int64"})
    configs = dict(zip(table["condition"], flat, strict=True))  # equal for all runs of a condition
    differences = tuple(conditions.differences(list(configs.values()), factors))
    return Study(runs, columns, table, unfinished, configs, differences, tuned)


def _name(path: str, parent: str) -> str:
    """What the tables call a directory."""
    return conditions.printable(os.path.relpath(path, parent))


def _run_dirs(folder: Path) -> Iterable[tuple[str, bool]]:
    """The directory of each run in order of job number, and whether it holds a record."""
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


def _read_run(path: Path, name: str) -> Run:
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


def _what_fixes(record: RunRecord) -> dict[str, str]:
    """What makes a run's condition: its config, and which data the config's words have meant."""
    config = record.config
    if config.get("engine") == "auto":  # of former code, which settled it as late as this
        config = config | {"engine": str(record.provenance.get("engine", "C")).lower()}
    found = conditions.flatten(config)
    found["data.class_names"] = conditions.printable(json.dumps(record.class_names))
    sha256 = record.provenance.get("data_sha256")
    return found | (
        {} if sha256 is None else {conditions.DATA_HASH: conditions.printable(str(sha256))[:12]}
    )


def _row(run: Run, config: dict[str, str], factors: Sequence[str]) -> dict[str, Any]:
    record = run.record
    metrics = {
        f"{split}_{metric}": record.metrics.get(split, {}).get(metric)
        for split in reversed(records.SPLITS)
        for metric in reversed(records.METRICS)
    }
    return {
        "run": run.name,
        "status": record.status,
        "seed": record.seed,
        **{conditions.column(key): config.get(key, "") for key in factors},
        "condition": conditions.label(config, factors),
        **metrics,
        "num_epochs": record.num_epochs,
        "best_epoch": record.best_epoch,
        "evaluated_epoch": record.evaluated_epoch,
        "fit_seconds": record.timing_seconds.get("fit"),
        "total_seconds": record.timing_seconds.get("total"),
        "run_key": conditions.printable(record.run_key),
    }
