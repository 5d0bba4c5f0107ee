"""The files that a finished run leaves, but for its record and its figures."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fmnist_exp import data, evaluation, records
from fmnist_exp.config import RunConfig
from fmnist_exp.data import DataSplits
from fmnist_exp.records import write_text

if TYPE_CHECKING:
    from fmnist_exp.engine.backend import keras

TABLES = (records.HISTORY, records.CONFUSION_MATRIX, records.CLASSIFICATION_REPORT)
CLASS_COLUMNS = ("precision", "recall", "f1", "support")
LEAST_KERAS = "3.8"  # that loads a saved model; tried with 3.8.0, 3.12.0 and 3.14.0
# Arguments of layers and initializers that later versions of Keras have added, and their defaults.
ADDED_SINCE = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def write_answers(folder: Path, probabilities: np.ndarray, splits: DataSplits) -> None:
    """Write the predictions for the test images, and their confusion matrix.

    Args:
        folder: where.
        probabilities: float (num_test, num_classes).
        splits: the data.
    """
    labels = splits.test.labels
    records.write_atomically(
        folder / records.PREDICTIONS,
        lambda file: np.savez_compressed(
            file,
            probabilities=probabilities.astype(np.float16),
            predicted=probabilities.argmax(axis=1).astype(np.uint8),  # half precision has ties
            labels=labels.astype(np.uint8),
            labels_sha256=data.sha256_of_arrays(labels),
        ),
    )
    matrix = evaluation.confusion_matrix(probabilities, labels)
    counts = [[name, *row] for name, row in zip(splits.class_names, matrix.tolist(), strict=True)]
    header = ["true \\ predicted", *splits.class_names]
    write_text(folder / records.CONFUSION_MATRIX, _csv([header, *counts]))


def write_class_scores(folder: Path, per_class: Mapping[str, Mapping[str, float | None]]) -> None:
    """Write precision, recall, F1 and support of every class; what is None stays empty."""
    rows = [[name, *(row[column] for column in CLASS_COLUMNS)] for name, row in per_class.items()]
    write_text(folder / records.CLASSIFICATION_REPORT, _csv([["class", *CLASS_COLUMNS], *rows]))


def write_model(path: Path, model: "keras.Model") -> None:
    """Save a plain model, with the state of its optimizer.

    Keras refuses arguments that it does not know, even without a value; they are left out.
    """
    with records.atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as saved:
            parts = {name: saved.read(name) for name in saved.namelist()}
        config = _for_older_keras(json.loads(parts["config.json"]))
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(temporary, "w") as portable:
            for name, content in parts.items():
                portable.writestr(zipfile.ZipInfo(name), content)


def least_keras(config: RunConfig) -> str:
    """The least version of Keras that loads the model of a run."""
    later = config.optimizer.class_name == "Muon" or config.model.activation == "sparse_sigmoid"
    return metadata.version("keras") if later else LEAST_KERAS


def _for_older_keras(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_older_keras(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _for_older_keras(each)
            for key, each in value.items()
            if key not in ADDED_SINCE or each != ADDED_SINCE[key]
        }
    return value


def hash_artifacts(folder: Path, model_name: str) -> dict[str, str]:
    """File name -> sha256 of its bytes."""
    names = (*TABLES, records.PREDICTIONS, model_name)
    return {name: records.sha256_of(folder / name) for name in names}


def write_history(folder: Path, rows: Sequence[records.EpochRow]) -> None:
    """Write one row per epoch."""
    values = [[row[name] for name in records.HISTORY_COLUMNS] for row in rows]
    write_text(folder / records.HISTORY, _csv([records.HISTORY_COLUMNS, *values]))


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
