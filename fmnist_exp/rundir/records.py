"""The hall between training and report: what lies in a run directory, written and read.

A run directory is finished if and only if it holds `run.json`, which is written last.
"""

import dataclasses
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmnist_exp.errors import RecordError
from fmnist_exp.files import read_regular, write_text

SCHEMA_VERSION = 1
MAX_RECORD_BYTES = 4_000_000  # 10 kB are usual
RECORD = "run.json"
HISTORY = "history.csv"
PREDICTIONS = "predictions.npz"
CONFUSION_MATRIX = "confusion_matrix.csv"
CLASSIFICATION_REPORT = "classification_report.csv"
FIGURES = "figures"
RUN_FIGURES = ("curves.png", "confusion_matrix.png")  # of a single run
TRIALS = "trials.json"  # in the directory of a sweep whose runs a tuner has proposed

STATUSES = ("completed", "diverged", "pruned", "failed", "interrupted")
FINISHED = ("completed", "diverged")  # trained to an end and measured
ENDED = (*FINISHED, "pruned")  # as was meant: a pruned run was given up as hopeless, unmeasured
SPLITS = ("train", "validation", "test")
METRICS = ("loss", "accuracy")
CLASS_METRICS = ("precision", "recall", "f1", "support")
MODEL_NAMES = {"glorot_uniform": "glorot", "lecun_normal": "lecun"}  # others: their own name
EpochRow = dict[str, float]  # one row of the history; keys as in HISTORY_COLUMNS
HISTORY_COLUMNS = (
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says about one run; metrics are fractions, None where not measured.

    Attributes:
        schema_version: version of this layout.
        status: one of `STATUSES`.
        run_key: hash of everything that can change the result.
        seed: the run's seed.
        choices: config group -> chosen option.
        config: the resolved config.
        class_names: name of each class, in the order of its label.
        metrics: split -> {"loss", "accuracy"}, on the saved weights in inference mode.
        per_class: class name -> {"precision", "recall", "f1", "support"}, on the test split; None
            where a class has no test image, or no prediction that could be precise.
        num_epochs: epochs trained.
        best_epoch: the epoch, from 1, with the lowest validation loss.
        evaluated_epoch: the epoch, from 1, whose weights are saved and measured.
        timing_seconds: part of the run -> seconds.
        provenance: versions, commit, hashes and machine.
        artifacts: file name in the run directory -> sha256.
        error: {"type", "message", "traceback"} of a failed run.
        reused: whether the run was taken from the store instead of being trained.
    """

    schema_version: int
    status: str
    run_key: str
    seed: int
    choices: dict[str, str]
    config: dict[str, Any]
    class_names: list[str]
    metrics: dict[str, dict[str, float | None]]
    per_class: dict[str, dict[str, float | None]]
    num_epochs: int
    best_epoch: int | None
    evaluated_epoch: int | None
    timing_seconds: dict[str, float]
    provenance: dict[str, Any]
    artifacts: dict[str, str]
    error: dict[str, str] | None
    reused: bool


def called(keras_object: Mapping[str, Any]) -> str:
    """The name of an initializer, optimizer or callback, and its class where that is another."""
    name, class_name = str(keras_object["name"]), str(keras_object["class_name"])
    same = name.replace("_", "").lower() == class_name.lower()
    return name if same else f"{name} ({class_name})"


def model_name(config: Mapping[str, Any]) -> str:
    """File name of a run's model: its initializer, whatever spelling chose it, and `_model.keras`.

    Names of users' own are free text; what could be a path or too long is no part of the file's.

    Args:
        config: the resolved config of the run, as in its record.
    """
    name = config["initializer"]["name"]
    plain = re.sub(r"[^\w.-]+", "_", MODEL_NAMES.get(name, name)).lstrip(".")
    return plain.encode()[:100].decode(errors="ignore") + "_model.keras"


def write_record(run_dir: Path, record: RunRecord) -> None:
    """Write `run.json`; numbers that are not finite become null.

    Raises:
        RecordError: the file cannot be written.
    """
    values = _finite(dataclasses.asdict(record))
    write_text(run_dir / RECORD, json.dumps(values, indent=2, allow_nan=False) + "\n")


def read_record(run_dir: Path) -> RunRecord:
    """Read and check `run.json`.

    Raises:
        RecordError: the file is missing, is not JSON, or is not a record of this layout.
    """
    path = run_dir / RECORD
    try:
        values = json.loads(read_regular(path, MAX_RECORD_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise cannot_read(path, f"it is not readable JSON ({error})") from error
    if not isinstance(values, dict):
        raise cannot_read(path, f"it must hold one object, received {type(values).__name__}")
    if values.get("schema_version") != SCHEMA_VERSION:
        version = values.get("schema_version")
        raise cannot_read(path, f"schema_version must be {SCHEMA_VERSION}, received {version!r}")
    _check_layout(path, values)
    return RunRecord(**values)


def _check_layout(path: Path, values: dict[str, Any]) -> None:
    kinds = {item.name: item.type for item in dataclasses.fields(RunRecord)}
    if values.keys() != kinds.keys():
        odd = ", ".join(sorted(values.keys() ^ kinds.keys()))
        raise cannot_read(path, f"these keys are missing or unknown: {odd}")
    for name, kind in kinds.items():
        value = values[name]
        wrong_truth = isinstance(value, bool) != (kind is bool)  # in Python True is an integer
        if not isinstance(value, _python_type(kind)) or wrong_truth:
            raise cannot_read(path, f"{name} must be {kind}, received {value!r}"[:500])
    if values["status"] not in STATUSES:
        raise cannot_read(path, f"status must be one of {STATUSES}, received {values['status']!r}")
    _check_numbers(path, "timing_seconds", values["timing_seconds"], (), False)
    if values["status"] in FINISHED:
        _check_results(path, values)


def _check_results(path: Path, values: dict[str, Any]) -> None:
    """A finished run has every metric of every split and class; a completed one has numbers."""
    names = values["class_names"]
    if not names or not all(isinstance(name, str) for name in names):
        raise cannot_read(path, f"class_names must be one or more texts, received {names!r}"[:500])
    if len(values["per_class"]) != len(names) or values["per_class"].keys() != set(names):
        received = list(values["per_class"])
        raise cannot_read(path, f"per_class must name {names!r}, received {received!r}"[:500])
    done = values["status"] == "completed"
    for split in SPLITS:
        _check_numbers(path, f"metrics.{split}", values["metrics"].get(split), METRICS, done)
    for name, scores in values["per_class"].items():
        _check_numbers(path, f"per_class.{name}", scores, CLASS_METRICS, done, CLASS_METRICS[:-1])


def _check_numbers(
    path: Path,
    key: str,
    received: Any,
    wanted: Sequence[str],
    done: bool,
    nullable: Sequence[str] = (),
) -> None:
    if not isinstance(received, dict) or not received.keys() >= set(wanted):
        raise cannot_read(path, f"{key} must hold {', '.join(wanted)}, received {received!r}")
    for name, value in received.items():
        too_large = isinstance(value, int) and abs(value) > sys.float_info.max
        if too_large or isinstance(value, bool) or not isinstance(value, int | float | None):
            raise cannot_read(path, f"{key}.{name} must be a number or null, received {value!r}")
        if done and not (name in nullable if value is None else math.isfinite(value)):
            raise cannot_read(path, f"{key}.{name} of a completed run must be finite, not {value}")


def _python_type(annotation: Any) -> Any:
    """The type that isinstance understands: dict[str, int] -> dict, int | None -> itself."""
    arguments = getattr(annotation, "__args__", ())
    if type(None) in arguments:
        return tuple(_python_type(argument) for argument in arguments)
    return getattr(annotation, "__origin__", annotation)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cannot_read(path: Path, problem: str) -> RecordError:
    """The error that says which file of a run cannot be read, why, and what to do."""
    return RecordError(
        f"cannot read {path}: {problem}. A record is written once, by the run itself: train that "
        f"run again, or move {path.parent} out of the way."
    )
