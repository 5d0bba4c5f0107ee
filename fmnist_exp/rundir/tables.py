"""The tables that a finished run leaves beside its record: written, and read strictly."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp.files import atomic_path, open_regular, read_arrays, write_text
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import CLASS_METRICS, cannot_read

MAX_BYTES = 20_000_000  # of a CSV file: more than 100,000 epochs
MAX_PREDICTIONS_BYTES = 200_000_000  # Fashion-MNIST takes 0.1 MB
History = dict[str, np.ndarray]  # column of history.csv -> float (num_epochs,)


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run: a row of `history.csv`, whose columns are these fields.

    A field that is added gets a default, `math.nan`: what tables of former code have instead.

    Attributes:
        epoch: counted from 1.
        train_loss: mean over the epoch, while learning.
        train_accuracy: fraction, while learning.
        validation_loss: at the end of the epoch.
        validation_accuracy: fraction, at the end of the epoch.
        learning_rate: of the last step of the epoch.
        seconds: that the epoch took.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class LayerSignal:
    """A layer of a network before training: a row of `signal.csv`, whose columns are these fields.

    Attributes:
        layer: counted from 1; the last one is the output.
        fan_in, fan_out: inputs and units of the layer.
        weight_sd: standard deviation of its weights.
        mean_square: of its pre-activations, over images and units.
        gradient_norm: Euclidean norm of the gradient of the mean loss by its weights.
        dead_share: of its units, those that answer every image alike.
        initial_loss: cross-entropy of the whole network, the same in each row.
        favourite_share: of the images, those in the class that the network names most often.
    """

    layer: int
    fan_in: int
    fan_out: int
    weight_sd: float
    mean_square: float
    gradient_norm: float
    dead_share: float
    initial_loss: float
    favourite_share: float


SIGNAL_COLUMNS = tuple(each.name for each in fields(LayerSignal))
HISTORY_COLUMNS = tuple(each.name for each in fields(Epoch))


def read_history(path: Path) -> History:
    """Read and check `history.csv`: a column of numbers for each name, a row for each epoch.

    Raises:
        RecordError: the file is missing or is not such a table.
    """
    header, _, numbers = _read_table(path)
    later = {each.name: each.default for each in fields(Epoch) if each.name not in header}
    if tuple(header) != HISTORY_COLUMNS[: len(header)] or MISSING in later.values():
        wanted, received = ", ".join(HISTORY_COLUMNS), ", ".join(header)
        raise cannot_read(path, f"its columns must be {wanted}, received {received}")
    columns = dict(zip(header, numbers.T, strict=True))
    if not np.array_equal(columns["epoch"], np.arange(1, len(numbers) + 1)):
        raise cannot_read(path, "its epochs must count from 1 without a gap")
    return columns | {name: np.full(len(numbers), value) for name, value in later.items()}


def read_signal(path: Path) -> History | None:
    """Read and check `signal.csv`: column -> float (num_layers,); None for runs of former code.

    Raises:
        RecordError: the file is not such a table.
    """
    if not path.exists():
        return None
    header, _, numbers = _read_table(path)
    if tuple(header) != SIGNAL_COLUMNS:
        wanted, received = ", ".join(SIGNAL_COLUMNS), ", ".join(header)
        raise cannot_read(path, f"its columns must be {wanted}, received {received}")
    columns = dict(zip(header, numbers.T, strict=True))
    if not np.array_equal(columns["layer"], np.arange(1, len(numbers) + 1)):
        raise cannot_read(path, "its layers must count from 1 without a gap")
    fans = numbers[:, [header.index("fan_in"), header.index("fan_out")]]
    if not (np.isfinite(fans).all() and (fans >= 1).all()):
        raise cannot_read(path, "its layers must have inputs and units, 1 or more")
    return columns


def read_confusion_matrix(path: Path) -> tuple[list[str], np.ndarray]:
    """Read and check `confusion_matrix.csv`.

    Returns:
        Names of the classes, and how many test images of the class of a row were given the class
        of a column: float (num_classes, num_classes).

    Raises:
        RecordError: the file is missing or is not such a table.
    """
    class_names, rows_of, counts = _read_table(path, num_names=1)
    if rows_of != class_names:
        problem = f"its rows must be its columns, {class_names!r}, received {rows_of!r}"
        raise cannot_read(path, problem[:500])
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise cannot_read(path, "its counts must be finite and not below 0")
    return class_names, counts


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Confusion matrices as shares of the true class; 0 for a class without images.

    Args:
        counts: float (..., num_classes, num_classes); row is the true class.
    """
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)


def _read_table(path: Path, num_names: int = 0) -> tuple[list[str], list[str], np.ndarray]:
    """A CSV file with at least one row, whose name stands in `num_names` columns, 0 or 1.

    Returns:
        Names of the other columns, names of the rows, and float (num_rows, num_columns).
    """
    try:
        with io.TextIOWrapper(open_regular(path, MAX_BYTES), "utf-8", newline="") as file:
            header, first, *others = csv.reader(file, strict=True)
        rows = [first, *others]
        cells = [row[num_names:] for row in rows]
        numbers = np.array(cells, dtype=float).reshape(len(rows), len(header) - num_names)
    except (OSError, csv.Error, ValueError) as error:
        problem = f"it must be CSV with a header and rows of as many numbers ({error})"
        raise cannot_read(path, problem) from error
    return header[num_names:], ["".join(row[:num_names]) for row in rows], numbers


def write_predictions(folder: Path, probabilities: np.ndarray, labels: np.ndarray) -> None:
    """Write the predictions for the test images.

    Args:
        folder: the run directory.
        probabilities: float (num_test, num_classes).
        labels: int (num_test,).
    """
    with atomic_path(folder / records.PREDICTIONS) as temporary:
        np.savez_compressed(
            temporary,
            probabilities=probabilities.astype(np.float16),
            predicted=probabilities.argmax(axis=1).astype(np.uint8),  # half precision has ties
            labels=labels.astype(np.uint8),
        )


def read_predictions(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read and check `predictions.npz`.

    Returns:
        Of each image the probabilities, float16 (num_test, num_classes); the predicted class and
        the true one, uint8 (num_test,).

    Raises:
        RecordError: the file is missing or damaged.
    """
    try:
        arrays = read_arrays(path, MAX_PREDICTIONS_BYTES)
        probabilities, labels = arrays["probabilities"], arrays["labels"]
        num_images, num_classes = probabilities.shape
        if probabilities.dtype.kind != "f" or not np.isfinite(probabilities).all():
            raise ValueError("probabilities must be finite")
        # Runs of former code have not stored it; half precision has ties that they did not have.
        predicted = arrays.get("predicted", probabilities.argmax(axis=1))
        for each in (labels, predicted):
            is_one_each = each.dtype.kind in "iu" and each.shape == (num_images,)
            if not is_one_each or not 0 <= each.min() <= each.max() < num_classes:
                raise ValueError(f"a class for each of {num_images} images, received {each.shape}")
    except (OSError, ValueError, KeyError) as error:
        raise cannot_read(path, f"it must hold `probabilities` and `labels` ({error})") from error
    return probabilities, predicted.astype(np.uint8), labels.astype(np.uint8)


def write_confusion_matrix(folder: Path, matrix: np.ndarray, class_names: Sequence[str]) -> None:
    """Write the counts int (num_classes, num_classes) of a confusion matrix, true class by row."""
    counts = [[name, *row] for name, row in zip(class_names, matrix.tolist(), strict=True)]
    header = ["true \\ predicted", *class_names]
    write_text(folder / records.CONFUSION_MATRIX, _csv([header, *counts]))


def write_class_scores(folder: Path, per_class: Mapping[str, Mapping[str, float | None]]) -> None:
    """Write precision, recall, F1 and support of every class; what is None stays empty."""
    rows = [[name, *(row[column] for column in CLASS_METRICS)] for name, row in per_class.items()]
    write_text(folder / records.CLASSIFICATION_REPORT, _csv([["class", *CLASS_METRICS], *rows]))


def write_history(folder: Path, epochs: Sequence[Epoch]) -> None:
    """Write one row per epoch."""
    write_text(folder / records.HISTORY, _csv([HISTORY_COLUMNS, *map(astuple, epochs)]))


def write_signal(folder: Path, layers: Sequence[LayerSignal]) -> None:
    """Write one row per layer, numbers with six digits: the last bits are those of a library."""
    rows = [[f"{number:.6g}" for number in astuple(layer)] for layer in layers]
    write_text(folder / records.SIGNAL, _csv([SIGNAL_COLUMNS, *rows]))


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
