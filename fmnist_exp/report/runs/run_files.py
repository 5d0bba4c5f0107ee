"""Strict readers of the tables that a finished run leaves beside its record."""

import csv
import io
from pathlib import Path

import numpy as np

from fmnist_exp.files import open_regular
from fmnist_exp.records import HISTORY_COLUMNS, cannot_read

MAX_BYTES = 20_000_000  # more than 100,000 epochs
History = dict[str, np.ndarray]  # column of history.csv -> float (num_epochs,)


def read_history(path: Path) -> History:
    """Read and check `history.csv`: a column of numbers for each name, a row for each epoch.

    Raises:
        RecordError: the file is missing or is not such a table.
    """
    header, rows = _read_table(path)
    if tuple(header) != HISTORY_COLUMNS:
        wanted, received = ", ".join(HISTORY_COLUMNS), ", ".join(header)
        raise cannot_read(path, f"its columns must be {wanted}, received {received}")
    columns = _numbers(path, rows).T
    if not np.array_equal(columns[0], np.arange(1, len(rows) + 1)):
        raise cannot_read(path, "its epochs must count from 1 without a gap")
    return dict(zip(HISTORY_COLUMNS, columns, strict=True))


def read_confusion_matrix(path: Path) -> tuple[list[str], np.ndarray]:
    """Read and check `confusion_matrix.csv`.

    Returns:
        Names of the classes, and how many test images of the class of a row were given the class
        of a column: float (num_classes, num_classes).

    Raises:
        RecordError: the file is missing or is not such a table.
    """
    header, rows = _read_table(path)
    class_names = header[1:]
    rows_of = [row[0] for row in rows]
    if rows_of != class_names:
        raise cannot_read(
            path, f"its rows must be its columns, {class_names!r}, received {rows_of!r}"[:500]
        )
    counts = _numbers(path, [row[1:] for row in rows])
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise cannot_read(path, "its counts must be finite and not below 0")
    return class_names, counts


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Confusion matrices as shares of the true class; 0 for a class without images.

    Args:
        counts: float (..., num_classes, num_classes); row is the true class.
    """
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file with at least one row, all of one length."""
    try:
        with io.TextIOWrapper(open_regular(path, MAX_BYTES), "utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
    except (OSError, UnicodeError, csv.Error) as error:
        raise cannot_read(path, f"it is not readable CSV ({error})") from error
    except ValueError as error:
        raise cannot_read(path, "it must hold a header and rows, received an empty file") from error
    if not rows:
        raise cannot_read(path, "it must hold at least one row below its header, received none")
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise cannot_read(
                path, f"line {line} must hold {len(header)} cells, received {len(row)}"
            )
    return header, rows


def _numbers(path: Path, rows: list[list[str]]) -> np.ndarray:
    try:
        return np.array(rows, dtype=float)
    except ValueError as error:
        raise cannot_read(path, f"every cell must be a number ({error})") from error
