"""Whether a run is what its record says: its files, its record, and what its model answers.

The record vouches for the files by their hashes. Nothing vouches for the record; so what of it can
be known otherwise is held against that: key, config, seed, data, classes, epochs and every metric.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data import loading
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.errors import RecordError
from fmnist_exp.run import measuring, provenance
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.strict import checked, entries
from fmnist_exp.using.networks import read_model

# What another processor may change. A sum of 784 products in float32 is rounded by at most
# 784 x 6e-8 = 5e-5 of their size (Higham 2002, Accuracy and Stability of Numerical Algorithms,
# section 3.1), and the logarithm of a probability by twice that. Here two runs of one network give
# the same bits. Losses, in nats, and probabilities.
TOLERANCE = 1e-4
HALF = 2.0**-12  # the most by which float16 rounds a probability


@dataclass(frozen=True)
class Check:
    """Something that was looked at, whether it holds, and what was found, in a line."""

    holds: bool
    found: str


def config_of(record: RunRecord) -> RunConfig:
    """The config of a run; ConfigError if it is one of former code."""
    return checked(RunConfig, record.config)


def verify(run_dir: Path) -> Iterator[Check]:
    """Look at a run, one thing after the other.

    Raises:
        RecordError: its record cannot be read, or says that nothing was measured.
        ConfigError: its config is one of former code.
        DataError: its data are missing or damaged.
    """
    record = records.record_of(run_dir)
    if record.status == "pruned":
        yield Check(True, "given up as hopeless by a search: nothing was measured")
        return
    if record.status not in records.FINISHED:
        raise RecordError(
            f"{run_dir} must be a finished run, received one that is {record.status}: nothing was "
            "measured that could be checked. Give its command again to finish it."
        )
    files = [*_files(run_dir, record)]
    yield from files
    config = config_of(record)
    yield from _record(record, config)
    yield from _epochs(run_dir, record)
    if not all(check.holds for check in files):
        yield Check(False, "the model is not asked, as files are not those that the run has left")
        return
    splits = loading.load(config.own_data)
    if splits.sha256 != record.provenance.get("data_sha256"):
        yield Check(False, f"the data are not those of the record: {splits.source}")
        return
    if tuple(record.class_names) != splits.class_names:
        yield Check(False, f"run.json: class_names are not {', '.join(splits.class_names)}")
        return
    yield from _answers(run_dir, record, splits)


def _files(run_dir: Path, record: RunRecord) -> Iterator[Check]:
    """Every file that a finished run leaves, against its hash in the record."""
    names = [*records.RESULTS, records.model_name(record.config)]
    if records.SIGNAL not in record.artifacts and not (run_dir / records.SIGNAL).exists():
        names.remove(records.SIGNAL)  # a run of former code
    wrong = [
        Check(False, f"{name}: sha256 {found}, and {record.artifacts[name]} in the record")
        for name, found in record.changed_files(run_dir).items()
    ]
    if missing := [name for name in names if name not in record.artifacts]:
        wrong.append(Check(False, f"the record names no sha256 of {', '.join(missing)}"))
    if unknown := record.artifacts.keys() - {*names}:
        wrong.append(Check(False, f"the record names files of no run: {', '.join(unknown)}"))
    yield from wrong
    if not wrong:
        yield Check(True, f"{len(names)} files have the sha256 that the record names")


def _record(record: RunRecord, config: RunConfig) -> Iterator[Check]:
    """What the record says twice: its key, its config and its seed."""
    if not record.key_parts:
        yield Check(False, "the record is of former code: its key cannot be computed again")
        return
    data = record.provenance.get("data_sha256")
    then = _leaves(record.key_parts.get("config") or {})
    now = _leaves(provenance.key_parts(config, str(data))["config"])
    said = {
        "run_key": provenance.hash_of(record.key_parts) == record.run_key,
        "config": then.items() <= now.items(),  # which has keys that former code had not
        "seed": config.seed == record.seed,
        "provenance.data_sha256": data == record.key_parts.get("data"),
    }
    wrong = [name for name, holds in said.items() if not holds]
    if wrong:
        yield Check(False, f"run.json: {', '.join(wrong)} is not what key_parts says")
    else:
        yield Check(True, "run.json: key, config, seed and data agree")


def _epochs(run_dir: Path, record: RunRecord) -> Iterator[Check]:
    """What the record says of epochs and of how the run ended, against its history."""
    try:
        history = tables.read_history(run_dir / records.HISTORY)
    except RecordError:
        return  # which the hash of the file has told
    losses = history["validation_loss"]
    finite = np.isfinite(losses).all() and np.isfinite(history["train_loss"]).all()
    measured = [value for numbers in record.metrics.values() for value in numbers.values()]
    best = int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else None
    said = {
        "num_epochs": record.num_epochs == len(losses),
        "best_epoch": record.best_epoch == best,
        "evaluated_epoch": record.evaluated_epoch in range(1, len(losses) + 1),
        "status": (record.status == "completed") == (finite and None not in measured),
    }
    wrong = [name for name, holds in said.items() if not holds]
    if wrong:
        yield Check(False, f"run.json: {', '.join(wrong)} is not what epochs and metrics say")
    else:
        yield Check(True, f"{record.num_epochs} epochs, as the record says")


def _leaves(config: dict[str, Any]) -> dict[str, str]:
    """Full key -> value, as JSON has it, of all that is neither a mapping nor a list."""
    values = entries(config)
    return {key: json.dumps(value) for key, value in values if not isinstance(value, dict | list)}


def _answers(run_dir: Path, record: RunRecord, splits: DataSplits) -> Iterator[Check]:
    """The model, loaded and evaluated again, against the record and the stored predictions."""
    from fmnist_exp.engine import models  # TensorFlow takes seconds

    model = read_model(run_dir / records.model_name(record.config))
    exact, num_metrics, is_right = True, 0, True
    for name in records.SPLITS:
        split = getattr(splits, name)
        answers = models.predict_probabilities(model, split.images)
        ties = _num_near_ties(answers) / len(split)
        for metric, value in measuring.metrics(answers, split.labels).items():
            recorded = record.metrics[name][metric]
            if value == recorded:
                num_metrics += 1
                continue
            exact = False
            allowed = TOLERANCE if metric == "loss" else ties
            if value is None or recorded is None or not abs(value - recorded) <= allowed:
                is_right = False
                limit = f"{allowed:.2g} may be rounding"
                yield Check(
                    False, f"{name} {metric}: {value}, and {recorded} in the record; {limit}"
                )
    if is_right:
        how = "to the bit" if exact else f"within rounding, of {num_metrics} to the bit"
        yield Check(True, f"the model has every loss and accuracy of the record, {how}")
    yield from _predictions(run_dir, record, answers, splits)  # `answers` are of the test split


def _predictions(
    run_dir: Path, record: RunRecord, answers: np.ndarray, splits: DataSplits
) -> Iterator[Check]:
    """Stored predictions against the model's answers, and all that was counted of them."""
    from fmnist_exp.engine import evaluation

    if not np.isfinite(answers).all():
        return  # of a network that has diverged nothing can be counted
    stored, predicted, labels = tables.read_predictions(run_dir / records.PREDICTIONS)
    _, counts = tables.read_confusion_matrix(run_dir / records.CONFUSION_MATRIX)
    named = np.eye(len(record.class_names))[predicted]
    other = predicted != answers.argmax(axis=1)
    said = {
        "labels": np.array_equal(labels, splits.test.labels),
        "probabilities": np.abs(stored - answers).max() <= TOLERANCE + HALF,
        "classes": other.sum() <= _num_near_ties(answers),
        "confusion matrix": np.array_equal(counts, evaluation.confusion_matrix(named, labels)),
        "scores of classes": record.per_class
        == evaluation.per_class(named, labels, record.class_names),
    }
    for what in (what for what, holds in said.items() if not holds):
        yield Check(False, f"{records.PREDICTIONS}: its {what} are not those of model and record")
    if all(said.values()):
        yield Check(True, f"{len(labels):,} predictions are the model's, and all counts are theirs")


def _num_near_ties(probabilities: np.ndarray) -> int:
    """Images whose class may change by rounding: two classes are as probable, or nearly so."""
    if probabilities.shape[1] < 2:
        return 0
    second, first = np.partition(probabilities, -2, axis=1)[:, -2:].T
    return int((first - second <= 2 * TOLERANCE).sum())
