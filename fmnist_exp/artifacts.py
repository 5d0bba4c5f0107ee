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
    from fmnist_exp.engine.backend import keras

TABLES = (records.HISTORY, records.CONFUSION_MATRIX, records.CLASSIFICATION_REPORT)
CLASS_COLUMNS = ("precision", "recall", "f1", "support")


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
    """Save a plain model, with the state of its optimizer."""
    with records.atomic_path(path) as temporary:
        model.save(temporary)


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
