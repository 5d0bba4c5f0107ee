"""Tables of a finished run are read as they were written, or refused with file, rule and repair."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import tables
from fmnist_exp.rundir.tables import (
    HISTORY_COLUMNS,
    Epoch,
    read_confusion_matrix,
    read_history,
    shares_of,
)

# The columns that every history has; later ones have a default.
COLUMNS = (
    *("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"),
    *("learning_rate", "seconds"),
)
HEADER = ",".join(COLUMNS)
HEADER_AND_ROWS = "it must be CSV with a header and rows of as many numbers"
BAD_HISTORIES = {
    "empty": ("", HEADER_AND_ROWS),
    "no epoch": (f"{HEADER}\n", HEADER_AND_ROWS),
    "other columns": ("epoch,loss\n1,2\n", "its columns must be epoch, .*, received epoch, loss"),
    "text": (f"{HEADER}\n1,2,3,4,5,x,7\n", HEADER_AND_ROWS + ".*'x'"),
    "empty cell": (f"{HEADER}\n1,2,,4,5,6,7\n", HEADER_AND_ROWS),
    "short row": (f"{HEADER}\n1,2,3,4,5,6,7\n2,3\n", HEADER_AND_ROWS),
    "gap": (f"{HEADER}\n1,2,3,4,5,6,7\n3,2,3,4,5,6,7\n", "must count from 1 without a gap"),
    "not utf-8": (b"\xff\xfe", HEADER_AND_ROWS),
    "quote": (f'{HEADER}\n1,2,3,4,5,6,"7\n', HEADER_AND_ROWS),
    "missing": (None, HEADER_AND_ROWS),
}
BAD_MATRICES = {
    "not square": (
        "-,a,b\na,1,2\n",
        r"its rows must be its columns, \['a', 'b'\], received \['a'\]",
    ),
    "other rows": ("-,a,b\na,1,2\nc,3,4\n", r"received \['a', 'c'\]"),
    "negative": ("-,a\na,-1\n", "finite and not below 0"),
    "not a number": ("-,a\na,nan\n", "finite and not below 0"),
    "text": ("-,a\na,many\n", HEADER_AND_ROWS),
    "empty": ("", HEADER_AND_ROWS),
}


def write(path, content):
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_history_is_read_by_column(tmp_path):
    path = write(tmp_path / "h.csv", f"{HEADER}\n1,2.5,0.1,nan,0.2,0.001,7\n2,1.5,0.3,inf,0,0,8\n")
    history = read_history(path)
    assert tuple(history) == HISTORY_COLUMNS
    assert HISTORY_COLUMNS[: len(COLUMNS)] == COLUMNS
    np.testing.assert_array_equal(history["train_loss"], [2.5, 1.5])
    np.testing.assert_array_equal(history["validation_loss"], [np.nan, np.inf])


def test_confusion_matrix_is_read_with_its_class_names(tmp_path):
    path = write(tmp_path / "c.csv", '-,"a, b",ü\n"a, b",3,1\nü,0,4\n')
    class_names, counts = read_confusion_matrix(path)
    assert class_names == ["a, b", "ü"]
    np.testing.assert_array_equal(counts, [[3, 1], [0, 4]])


def test_column_of_later_code_may_be_missing_and_no_other(tmp_path, monkeypatch):
    @dataclass(frozen=True)
    class Longer(Epoch):
        later: float = math.nan

    monkeypatch.setattr(tables, "Epoch", Longer)
    monkeypatch.setattr(tables, "HISTORY_COLUMNS", (*HISTORY_COLUMNS, "later"))
    path = write(tmp_path / "h.csv", f"{HEADER}\n1,2.5,0.1,1,0.2,0.001,7\n")
    np.testing.assert_array_equal(read_history(path)["later"], [np.nan])
    between = ",0" * (len(HISTORY_COLUMNS) - len(COLUMNS))
    row = f"1,2.5,0.1,1,0.2,0.001,7{between},8"
    path = write(tmp_path / "h.csv", f"{','.join(HISTORY_COLUMNS)},later\n{row}\n")
    np.testing.assert_array_equal(read_history(path)["later"], [8])
    tables.write_history(tmp_path, [Longer(1, *[0.5] * (len(COLUMNS) - 1), later=9)])
    np.testing.assert_array_equal(read_history(tmp_path / "history.csv")["later"], [9])


@pytest.mark.parametrize("case", BAD_HISTORIES)
def test_bad_history_is_refused_with_its_path_and_a_repair(tmp_path, case):
    content, message = BAD_HISTORIES[case]
    path = write(tmp_path / "history.csv", content)
    with pytest.raises(RecordError, match=rf"cannot read {path}: .*{message}.*Give the command"):
        read_history(path)


@pytest.mark.parametrize("case", BAD_MATRICES)
def test_bad_confusion_matrix_is_refused_with_its_path_and_a_repair(tmp_path, case):
    content, message = BAD_MATRICES[case]
    path = write(tmp_path / "confusion_matrix.csv", content)
    with pytest.raises(RecordError, match=rf"cannot read {path}: .*{message}.*Give the command"):
        read_confusion_matrix(path)


def test_shares_are_of_the_true_class_and_zero_without_images():
    counts = np.array([[3, 1], [0, 0]])
    np.testing.assert_array_equal(shares_of(counts), [[0.75, 0.25], [0, 0]])
