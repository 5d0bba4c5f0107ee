"""Run directories to tidy rows: which runs there are, what differs, which condition each is."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fmnist_exp import records
from fmnist_exp.errors import RecordError
from fmnist_exp.records import RunRecord

# Factors in the order in which a table names them; the remaining keys follow.
GROUPS = ("data", "model", "initializer", "optimizer", "training")
NOT_A_FACTOR = {"seed", "data.dir"}


@dataclass(frozen=True)
class Run:
    """A finished or failed run: its directory, its name in the tables and its record."""

    path: Path
    name: str
    record: RunRecord


@dataclass(frozen=True)
class Study:
    """Everything that a report is made of.

    Attributes:
        runs: every run that has a record.
        factors: columns of `table` that tell conditions apart.
        table: one row per run: run, status, seed, the factors, condition, metrics, epochs, times.
        unfinished: names of run directories without a record.
    """

    runs: tuple[Run, ...]
    factors: tuple[str, ...]
    table: pd.DataFrame
    unfinished: tuple[str, ...]

    @property
    def conditions(self) -> list[str]:
        """Labels of the conditions, in the order of their first run."""
        return list(dict.fromkeys(self.table["condition"]))

    @property
    def measured(self) -> pd.DataFrame:
        """Rows of `table` that statistics rest on: completed, and one for each seed."""
        completed = self.table[self.table["status"] == "completed"]
        return completed.drop_duplicates(["condition", "seed"])

    def completed(self, condition: str) -> list[Run]:
        """The completed runs of one condition, one for each seed."""
        chosen = self.measured["condition"] == condition
        return [self.runs[index] for index in self.measured.index[chosen]]


def read_study(folders: Sequence[Path]) -> Study:
    """Read every run below the given folders, finished or not.

    Raises:
        RecordError: a folder is not one or holds no run, or a record cannot be read.
    """
    found: dict[Path, str] = {}
    for folder in folders:
        for path, name in _run_dirs(folder):
            found.setdefault(path, name)  # a run given twice counts once
    runs = tuple(
        Run(path, name, records.read_record(path))
        for path, name in found.items()
        if (path / records.RECORD).exists()
    )
    unfinished = tuple(name for path, name in found.items() if not (path / records.RECORD).exists())
    if not runs:
        raise RecordError(
            f"there is no finished run in {', '.join(map(str, folders))}"
            + (f" ({len(unfinished)} unfinished)" if unfinished else "")
            + ": a run directory holds run.json. Name a directory that "
            "`python -m fmnist_exp.train` has written, such as multirun/DATE/TIME."
        )
    flat = [_flatten(run.record.config) for run in runs]
    factors = what_differs(flat)
    rows = [
        _row(run, {name: keys.get(name) for name in factors})
        for run, keys in zip(runs, flat, strict=True)
    ]
    return Study(runs, tuple(_short(name) for name in factors), pd.DataFrame(rows), unfinished)


def what_differs(configs: Sequence[dict[str, Any]]) -> list[str]:
    """The fewest keys, in order of preference, that tell all different configs apart.

    A key is kept if it splits a group of configs that the keys before it leave together. So a
    model's name stands for its widths and its recipe, and a width is named only where two
    models of one name differ in it. Without any difference, the initializer is named.

    Args:
        configs: flat configs, key -> value, without seed and paths.
    """
    keys = dict.fromkeys([f"{group}.name" for group in GROUPS])
    keys |= dict.fromkeys(key for config in configs for key in config)
    kept: list[str] = []
    num_parts = 1
    for key in keys:
        parts = {tuple(repr(config.get(name)) for name in [*kept, key]) for config in configs}
        if len(parts) > num_parts:
            kept.append(key)
            num_parts = len(parts)
    return kept or ["initializer.name"]


def _run_dirs(folder: Path) -> Iterable[tuple[Path, str]]:
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise RecordError(
            f"{folder} {kind}; the aggregator reads directories. Name the directory of a sweep or "
            "of a run, such as multirun/DATE/TIME."
        )
    root = folder.resolve()
    for path, subfolders, files in os.walk(root):
        if records.RECORD in files or ".hydra" in subfolders:
            yield Path(path), os.path.relpath(path, root.parent)
            subfolders.clear()
        else:
            subfolders.sort(key=lambda name: (not name.isdigit(), len(name), name))


def _flatten(config: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def visit(value: Any, key: str) -> None:
        if key == "training.callbacks":
            value = {callback["name"]: callback for callback in value}
        if isinstance(value, dict):
            for name, inner in value.items():
                visit(inner, f"{key}.{name}" if key else name)
        elif key not in NOT_A_FACTOR:
            flat[key] = json.dumps(value) if isinstance(value, list) else value

    visit(config, "")
    return flat


def _short(key: str) -> str:
    """Column of a factor: `initializer.name` is `initializer`, other keys are themselves."""
    return key.removesuffix(".name")


def _row(run: Run, factors: dict[str, Any]) -> dict[str, Any]:
    record = run.record
    metrics = {
        f"{split}_{metric}": record.metrics.get(split, {}).get(metric)
        for split in reversed(records.SPLITS)
        for metric in ("accuracy", "loss")
    }
    label = ", ".join(
        str(value) if key.endswith(".name") else f"{key.rpartition('.')[2]}={value}"
        for key, value in factors.items()
    )
    return {
        "run": run.name,
        "status": record.status,
        "seed": record.seed,
        **{_short(key): value for key, value in factors.items()},
        "condition": label,
        **metrics,
        "num_epochs": record.num_epochs,
        "best_epoch": record.best_epoch,
        "evaluated_epoch": record.evaluated_epoch,
        "fit_seconds": record.timing_seconds.get("fit"),
        "total_seconds": record.timing_seconds.get("total"),
        "run_key": record.run_key,
    }
