"""The files of a run directory, and the record among them.

A run directory is finished if and only if it holds `run.json`, which is written last.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from fmnist_exp.errors import RecordError
from fmnist_exp.files import TEMPORARIES, cannot, read_regular, sha256_of, write_bytes
from fmnist_exp.strict import MAX_SHOWN, Model, Strict, reason

MAX_BYTES = 4_000_000  # of a file of JSON; 10 kB are usual
RECORD = "run.json"
HISTORY = "history.csv"
SIGNAL = "signal.csv"
PREDICTIONS = "predictions.npz"
CONFUSION_MATRIX = "confusion_matrix.csv"
CLASSIFICATION_REPORT = "classification_report.csv"
# What every finished run leaves, beside its record and its model.
RESULTS = (HISTORY, SIGNAL, PREDICTIONS, CONFUSION_MATRIX, CLASSIFICATION_REPORT)
MODEL_SUFFIX = "_model.keras"
CARD = "MODEL_CARD.md"  # of the model, where it was exported
FIGURES = "figures"
RUN_FIGURES = ("curves.png", "confusion_matrix.png")  # of a single run

Status = Literal["completed", "diverged", "pruned", "failed", "interrupted"]
FINISHED = ("completed", "diverged")  # trained to an end and measured
ENDED = (*FINISHED, "pruned")  # as was meant: a pruned run was given up as hopeless, unmeasured
SPLITS = ("train", "validation", "test")
METRICS = ("loss", "accuracy")
CLASS_METRICS = ("precision", "recall", "f1", "support")
MODEL_NAMES = {"glorot_uniform": "glorot", "lecun_normal": "lecun"}  # others: their own name
SCHEMA_VERSION: Final = 1


class Seeds(NamedTuple):
    """What chance has followed in a run: its seed, and that of each source. Runs pair on all.

    Where each source has a seed of its own, the run's is without effect and is that of the first.
    """

    seed: int
    initialization: int
    order: int
    dropout: int
    augmentation: int
    split: int

    def __str__(self) -> str:
        """The seed, and those of sources that do not follow it; the usual split is that of 0."""
        usual = {name: self.seed for name in self._fields} | {"split": 0}
        own = {name: value for name, value in self._asdict().items() if value != usual[name]}
        named = ", ".join(f"{name} {value}" for name, value in own.items())
        return f"{self.seed} ({named})" if named else f"{self.seed}"


Table = dict[str, dict[str, float | None]]  # row -> column -> number, None where not measured


class RunRecord(Strict):
    """What `run.json` says about one run; metrics are fractions, None where not measured.

    Attributes:
        schema_version: version of this layout.
        run_key: hash of everything that can change the result.
        key_parts: what `run_key` is the hash of, by name; empty in records of former code.
        choices: config group -> chosen option.
        config: the resolved config.
        note, tags: what is noted about the run; no part of what it is.
        class_names: name of each class, in the order of its label.
        metrics: split -> {"loss", "accuracy"}, on the saved weights in inference mode.
        per_class: class name -> {"precision", "recall", "f1", "support"}, on the test split; None
            where a class has no test image, or no prediction that could be precise.
        best_epoch: the epoch, from 1, with the lowest validation loss.
        evaluated_epoch: the epoch, from 1, whose weights are saved and measured.
        timing_seconds: part of the run -> seconds.
        provenance: versions, commit, hashes and machine.
        artifacts: file name in the run directory -> sha256.
        error: {"type", "message", "traceback"} of a failed run.
        reused: whether the run was taken from the store instead of being trained.
    """

    schema_version: Literal[1]
    status: Status
    run_key: str
    key_parts: dict[str, Any] = Field(default_factory=dict)
    seed: int
    choices: dict[str, str]
    config: dict[str, Any]
    note: str | None = None
    tags: list[str] = Field(default_factory=list)
    class_names: list[str] = Field(min_length=1)
    metrics: Table = Field(default_factory=dict)
    per_class: Table = Field(default_factory=dict)
    num_epochs: int = 0
    best_epoch: int | None = None
    evaluated_epoch: int | None = None
    timing_seconds: dict[str, float] = Field(default_factory=dict)
    provenance: dict[str, Any]
    artifacts: dict[str, str] = Field(default_factory=dict)
    error: dict[str, str] | None = None
    reused: bool = False

    @property
    def data_name(self) -> str:
        """What people call its data; of files of one's own maybe the name of published ones."""
        return str(self.provenance.get("data_name") or self.config["data"]["name"])

    @property
    def seeds(self) -> Seeds:
        """The seed of each source of chance; records of former code have one for all."""
        sources = self._own_seeds
        found = [self.seed if each is None else each for each in sources.values()]
        return Seeds(self.seed if None in sources.values() else found[0], *found)

    def changed_files(self, run_dir: Path) -> dict[str, str]:
        """Files that are not what the run has left: name -> the sha256 received, or why none."""
        found = {}
        for name in self.artifacts:
            try:
                found[name] = sha256_of(run_dir / name)
            except OSError as error:
                found[name] = f"none ({error.strerror})"
        return {name: sha256 for name, sha256 in found.items() if sha256 != self.artifacts[name]}

    @property
    def held(self) -> frozenset[str]:
        """The sources of chance that have a seed of their own."""
        return frozenset(name for name, own in self._own_seeds.items() if own is not None)

    @property
    def _own_seeds(self) -> dict[str, int | None]:
        """The seed that each source of chance has for itself; None where it follows the run's."""
        given = self.config.get("seeds") or {}
        own = {name: given.get(name) for name in Seeds._fields[1:-1]}
        return own | {"split": (self.config.get("data") or {}).get("split_seed", 0)}

    @field_validator("config")
    @classmethod
    def _names_its_initializer(cls, config: dict[str, Any]) -> dict[str, Any]:
        """After which the model's file is called."""
        initializer = config.get("initializer")
        if not isinstance(initializer, dict) or not isinstance(initializer.get("name"), str):
            raise ValueError(f"must hold initializer.name, received {config}"[:MAX_SHOWN])
        return config

    @field_validator("metrics", "per_class")
    @classmethod
    def _is_measured(cls, table: Table, info: ValidationInfo) -> Table:
        """A finished run has every metric of every split and class; a completed one has numbers."""
        status, is_whole = info.data.get("status"), info.field_name == "metrics"
        rows = SPLITS if is_whole else info.data.get("class_names", ())
        columns = METRICS if is_whole else CLASS_METRICS
        # Of a class without images its support alone is known.
        known = () if status == "diverged" else METRICS if is_whole else ("support",)
        is_measured = table.keys() == {*rows} and all(
            numbers.keys() == {*columns} and None not in map(numbers.get, known)
            for numbers in table.values()
        )
        if status in FINISHED and not is_measured:
            rule = f"must hold {', '.join(columns)} for {', '.join(rows)}"
            raise ValueError(f"{rule}, received {table}"[:MAX_SHOWN])
        return table


def sources_of_chance(config: Mapping[str, Any]) -> tuple[str, ...]:
    """What chance decides in a run, as `Seeds` names it; records of former code lack some keys."""
    augmentation = config.get("augmentation") or {}
    absent = {
        "dropout": not (config.get("model") or {}).get("dropout"),
        "augmentation": not (augmentation.get("mirror") or augmentation.get("shift_pixels")),
    }
    return tuple(name for name in Seeds._fields[1:] if not absent.get(name))


def called(keras_object: Mapping[str, Any]) -> str:
    """The name of an initializer, optimizer or callback, and its class where that is another."""
    name, class_name = str(keras_object["name"]), str(keras_object["class_name"])
    same = name.replace("_", "").lower() == class_name.lower()
    return name if same else f"{name} ({class_name})"


def model_name(config: Mapping[str, Any]) -> str:
    """File name of a run's model: its initializer, whatever spelling chose it, and `_model.keras`.

    Names of users' own are free text; what could be a path or too long is no part of the file's.
    """
    name = config["initializer"]["name"]
    plain = re.sub(r"[^\w.-]+", "_", MODEL_NAMES.get(name, name)).lstrip(".")
    return plain.encode()[:100].decode(errors="ignore") + MODEL_SUFFIX


def clear(run_dir: Path) -> None:
    """Remove the files of an earlier run in the same place, half-written ones too.

    Raises:
        RecordError: one of them cannot be removed.
    """
    former = [run_dir / name for name in (RECORD, *RESULTS)]
    if any(path.exists() for path in former):  # a model in a folder of something else is not ours
        former += [run_dir / CARD, *run_dir.glob(f"*{MODEL_SUFFIX}")]
    former += [run_dir / FIGURES / name for name in RUN_FIGURES]
    former += [*run_dir.glob(TEMPORARIES), *(run_dir / FIGURES).glob(TEMPORARIES)]
    try:
        for path in former:  # the record first
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot("write", path, error) from error


def write_record(run_dir: Path, record: RunRecord) -> None:
    """Write `run.json`; RecordError if that cannot be."""
    text = json.dumps(record.model_dump(), indent=2, ensure_ascii=False) + "\n"
    write_bytes(run_dir / RECORD, text.encode(errors="replace"))  # a file's name may be no UTF-8


def read_record(run_dir: Path) -> RunRecord:
    """Read and check `run.json`; errors as `read_json`."""
    return read_json(run_dir / RECORD, RunRecord)


def read_json(path: Path, model: type[Model], repair: str = "") -> Model:
    """Read and check a file of JSON; `repair` as `cannot_read` takes it.

    Raises:
        RecordError: the file is missing, is not JSON, or does not hold what it must.
    """
    try:
        return model.model_validate_json(read_regular(path, MAX_BYTES))
    except ValidationError as error:
        raise cannot_read(path, reason(error, model), repair) from error
    except OSError as error:
        raise cannot_read(path, f"{error.strerror}", repair) from error


def record_of(run_dir: Path) -> RunRecord:
    """The record of a run that a user has named.

    Raises:
        RecordError: there is no run, or its record cannot be read.
    """
    if not os.path.lexists(run_dir / RECORD):
        raise RecordError(
            f"{run_dir} must be the directory of a finished run, and holds no {RECORD}. Give its "
            "command again, or name another, such as multirun/DATE/TIME/0."
        )
    return read_record(run_dir)


def cannot_read(path: Path, problem: str, repair: str = "") -> RecordError:
    """The error that says which file of a run cannot be read, why, and what to do."""
    again = (
        "Give the command of the run again, with the same directory (hydra.sweep.dir=DIR of its "
        f"sweep, or hydra.run.dir=DIR), or move {path.parent} out of the way."
    )
    return RecordError(f"cannot read {path}: {problem}. {repair or again}")
