"""The files that a finished run leaves, but for its record and its figures."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fmnist_exp import data, evaluation, records
from fmnist_exp.data import DataSplits
from fmnist_exp.records import write_text

if TYPE_CHECKING:
    from fmnist_exp.backend import keras

TABLES = (records.HISTORY, records.CONFUSION_MATRIX, records.CLASSIFICATION_REPORT)
CLASS_COLUMNS = ("precision", "recall", "f1", "support")


def write_artifacts(
    folder: Path,
    model: "keras.Model",
    model_name: str,
    rows: Sequence[Mapping[str, float]],
    probabilities: np.ndarray,
    splits: DataSplits,
) -> dict[str, str]:
    """Write history, predictions, confusion matrix, report of the classes and model.

    Args:
        folder: where.
        model: the trained plain model.
        model_name: name of its file.
        rows: the history, keys as in `records.HISTORY_COLUMNS`.
        probabilities: float (num_test, num_classes), of the test images.
        splits: the data.

    Returns:
        File name -> sha256 of its bytes.
    """
    write_history(folder, rows)
    labels = splits.test.labels
    records.write_atomically(
        folder / records.PREDICTIONS,
        lambda file: np.savez_compressed(
            file,
            probabilities=probabilities.astype(np.float16),
            labels=labels.astype(np.uint8),
            labels_sha256=data.sha256_of_arrays(labels),
        ),
    )
    matrix = evaluation.confusion_matrix(probabilities, labels)
    counts = [[name, *row] for name, row in zip(splits.class_names, matrix.tolist(), strict=True)]
    header = ["true \\ predicted", *splits.class_names]
    write_text(folder / records.CONFUSION_MATRIX, _csv([header, *counts]))
    scores = evaluation.per_class(probabilities, labels, splits.class_names)
    report = [[name, *(row[column] for column in CLASS_COLUMNS)] for name, row in scores.items()]
    write_text(folder / records.CLASSIFICATION_REPORT, _csv([["class", *CLASS_COLUMNS], *report]))
    with records.atomic_path(folder / model_name) as path:
        model.save(path)
    return {
        name: records.sha256_of(folder / name)
        for name in (*TABLES, records.PREDICTIONS, model_name)
    }


def write_history(folder: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write one row per epoch."""
    values = [[row[name] for name in records.HISTORY_COLUMNS] for row in rows]
    write_text(folder / records.HISTORY, _csv([records.HISTORY_COLUMNS, *values]))


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
