"""Run directories made by hand, for tests of the report wing."""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from conftest import config_of

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.report import findings
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.report.runs.study import Study
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.claims import PRIMARY, Claim
from fmnist_exp.rundir.plan import PlannedStudy
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import Epoch, LayerSignal, write_history, write_signal

CLASSES = ("a", "b", "c")


def write_run(
    run_dir: Path,
    *overrides: str,
    status: str = "completed",
    accuracy: float = 0.8,
    class_names: Sequence[str] = CLASSES,
    num_epochs: int = 2,
    run_key: str | None = None,
    answers: bool = False,
    images: int = 10,
    signal: float | None = None,
) -> None:
    """A run directory with plausible files.

    Args:
        run_dir: where it goes.
        overrides: what its config differs in.
        status: how it ended.
        accuracy: of every split.
        class_names: of the data.
        num_epochs: rows of its history.
        run_key: by default the same for the same config and class names.
        answers: whether its predictions are stored, ten images of each class.
        images: of each class in its confusion matrix, which fixes the step between accuracies.
        signal: ratio of mean squares from layer to layer before training; without it the run is
            of code that did not measure them.
    """
    run_dir.mkdir(parents=True)
    config = _config_of(*overrides)
    finished = status in records.FINISHED
    measured = {"loss": 1 - accuracy, "accuracy": accuracy}
    f1 = np.linspace(accuracy, 1, len(class_names) + 1)[:-1].tolist()
    record = RunRecord(
        schema_version=records.SCHEMA_VERSION,
        status=status,
        run_key=run_key or _hash(config.plain(), list(class_names)),
        seed=config.seed,
        choices={"initializer": config.initializer.name},
        config=config.plain(),
        class_names=list(class_names),
        metrics=dict.fromkeys(records.SPLITS, measured) if finished else {},
        per_class={
            name: {"precision": value, "recall": value, "f1": value, "support": 10.0}
            for name, value in zip(class_names, f1, strict=True)
        },
        num_epochs=num_epochs,
        best_epoch=1,
        evaluated_epoch=num_epochs,
        timing_seconds={"fit": 1.0, "total": 2.0},
        provenance={"code_sha256": "c", "data_sha256": "d", "engine": "C"},
        artifacts={},
        error=None if status in records.ENDED else {"type": "E", "message": "m", "traceback": "t"},
        reused=False,
    )
    if status in records.ENDED:
        history = _history(num_epochs, accuracy)
        write_history(run_dir, [Epoch(*row) for row in history])
    if finished:
        counts = _confusion(class_names, accuracy, images)
        _write_csv(run_dir / records.CONFUSION_MATRIX, ["true \\ predicted", *class_names], counts)
    if finished and answers:
        _write_predictions(run_dir / records.PREDICTIONS, len(class_names), accuracy, config.seed)
    if finished and signal is not None:
        write_signal(run_dir, layers_of([*config.model.hidden, len(class_names)], signal))
    records.write_record(run_dir, record)


def layers_of(units: Sequence[int], ratio: float, **values: float) -> list[LayerSignal]:
    """Layers of an untrained network with these numbers of units and 64 inputs.

    Mean squares begin with 1 and have a ratio; gradients are as large as what enters the last
    layer. Other numbers are plausible, but for those that are given.
    """
    usual = {"weight_sd": 0.1, "gradient_norm": ratio ** ((len(units) - 1) / 2), "dead_share": 0.0}
    usual |= {"initial_loss": float(np.log(units[-1])), "favourite_share": 0.5}
    fans = zip([64, *units[:-1]], units, strict=True)
    return [
        LayerSignal(number + 1, *fan, **{"mean_square": ratio**number, **usual, **values})
        for number, fan in enumerate(fans)
    ]


def write_sweep(folder: Path, accuracies: Mapping[str, Sequence[float]], **options: Any) -> None:
    """Runs of several initializers, seeds counted from 0; options as `write_run`."""
    number = 0
    for initializer, values in accuracies.items():
        for seed, accuracy in enumerate(values):
            settings = (f"initializer={initializer}", f"seed={seed}")
            write_run(folder / str(number), *settings, accuracy=accuracy, **options)
            number += 1


def write_claims(folder: Path, *claims: tuple[str, ...], question: str | None = None) -> None:
    """The plan of a sweep with claims: comparison and rule, and maybe a metric, of each."""
    written = [
        Claim(
            says=f"{comparison} {rule}",
            source="textbooks",
            comparison=comparison,
            rule=rule,
            metric=metric[0] if metric else PRIMARY,
        )
        for comparison, rule, *metric in claims
    ]
    study = PlannedStudy(
        num_runs=0,
        code_sha256="c",
        options=(),
        execution={},
        question=question,
        claims=tuple(written),
    )
    plan.write_study(folder, study)


def found_in(*folders: Path, baseline: str | None = None, factor: str | None = None) -> Findings:
    """What the report of these folders is made of."""
    return findings.find(read_study(folders), baseline, factor)


def labels_of(study: Study) -> list[str]:
    """What the conditions of a study are called."""
    return [condition.label for condition in study.conditions]


def change_record(run_dir: Path, change: Callable[[dict], None]) -> None:
    """Let `change` edit the record of a run."""
    path = run_dir / records.RECORD
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _write_predictions(path: Path, num_classes: int, accuracy: float, seed: int) -> None:
    """As many right answers as `_confusion` counts; which images are wrong depends on the seed."""
    labels = np.repeat(np.arange(num_classes, dtype=np.uint8), 10)
    wrong = (np.arange(len(labels)) + seed) % 10 >= round(10 * accuracy)
    probabilities = np.full((len(labels), num_classes), 0.2 / num_classes, dtype=np.float16)
    probabilities[np.arange(len(labels)), (labels + wrong) % num_classes] += 0.8
    sha256 = hashlib.sha256(labels.tobytes()).hexdigest()
    np.savez(path, probabilities=probabilities, labels=labels, labels_sha256=sha256)


def _config_of(*overrides: str) -> RunConfig:
    """The config of a run; only the seed is not composed anew for every run of a sweep."""
    seeds = [int(text.removeprefix("seed=")) for text in overrides if text.startswith("seed=")]
    others = [text for text in overrides if not text.startswith("seed=")]
    return _composed(*others).replaced(seed=seeds[-1] if seeds else 0)


@cache
def _composed(*overrides: str) -> RunConfig:
    return config_of("data=synthetic", *overrides)


def _history(num_epochs: int, accuracy: float) -> list[list[float]]:
    """Rows of a history: losses that fall and accuracies that rise towards `accuracy`."""
    rest = [0.5 ** (epoch / 3) for epoch in range(num_epochs)]
    return [
        [epoch, left, accuracy * (1 - left / 3), left + 0.1, accuracy * (1 - left / 2), 0.001, 0.5]
        for epoch, left in enumerate(rest, start=1)
    ]


def _confusion(class_names: Sequence[str], accuracy: float, images: int) -> list[list]:
    """Some images of each class, of which `accuracy` keep it and the rest go to the next."""
    right = round(images * accuracy)
    counts = np.diag([right] * len(class_names))
    counts += np.roll(np.diag([images - right] * len(class_names)), 1, axis=1)
    return [[name, *row] for name, row in zip(class_names, counts.tolist(), strict=True)]


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


MEASURED = {"loss": 0.5, "accuracy": 0.75}
OF_A_CLASS = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2.0}
RECORD = RunRecord(
    schema_version=records.SCHEMA_VERSION,
    status="completed",
    run_key="k",
    seed=0,
    choices={"initializer": "he"},
    config={"seed": 0, "initializer": {"name": "he_normal"}},
    class_names=["a", "b"],
    metrics={split: MEASURED for split in records.SPLITS},
    per_class={"a": OF_A_CLASS, "b": OF_A_CLASS},
    num_epochs=2,
    best_epoch=1,
    evaluated_epoch=2,
    timing_seconds={"fit": 1.5},
    provenance={"git_commit": None},
    artifacts={},
    error=None,
    reused=False,
)
