"""Run directories made by hand, for tests of the report wing."""

import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
from conftest import config_of

from fmnist_exp import records
from fmnist_exp.records import RunRecord

CLASSES = ["a", "b", "c"]


def write_run(
    run_dir: Path, *overrides: str, status: str = "completed", accuracy: float = 0.8
) -> None:
    """A run directory with plausible files; `overrides` say what its config differs in."""
    run_dir.mkdir(parents=True)
    config = config_of("data=synthetic", *overrides)
    finished = status in records.FINISHED
    measured = {"loss": 1 - accuracy, "accuracy": accuracy}
    record = RunRecord(
        schema_version=records.SCHEMA_VERSION,
        status=status,
        run_key=str(run_dir),
        seed=config.seed,
        choices={"initializer": config.initializer.name},
        config=asdict(config),
        class_names=CLASSES,
        metrics=dict.fromkeys(records.SPLITS, measured) if finished else {},
        per_class={
            name: {"precision": accuracy, "recall": accuracy, "f1": accuracy, "support": 10.0}
            for name in CLASSES
        },
        num_epochs=2,
        best_epoch=1,
        evaluated_epoch=2,
        timing_seconds={"fit": 1.0, "total": 2.0},
        provenance={"code_sha256": "c", "data_sha256": "d"},
        artifacts={},
        error=None if finished else {"type": "E", "message": "m", "traceback": "t"},
    )
    if finished:
        _write_csv(run_dir / records.HISTORY, records.HISTORY_COLUMNS, np.ones((2, 7)).cumsum(0))
        _write_csv(run_dir / records.CONFUSION_MATRIX, ["label", *CLASSES], _confusion())
    records.write_record(run_dir, record)


def _confusion() -> list[list]:
    return [["a", 8, 1, 1], ["b", 0, 10, 0], ["c", 0, 5, 5]]


def _write_csv(path: Path, header, rows) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
