"""Stored answers are read strictly, measured run by run and compared image by image."""

from pathlib import Path

import numpy as np
import pytest

from fmnist_exp.data.loading import Split
from fmnist_exp.engine import evaluation
from fmnist_exp.errors import RecordError
from fmnist_exp.report.runs.predictions import read_predictions
from fmnist_exp.rundir.records import PREDICTIONS
from fmnist_exp.rundir.tables import write_predictions

LABELS = np.array([0, 1, 1], dtype=np.uint8)
# right, right, wrong
PROBABILITIES = np.array([[0.75, 0.25], [0.25, 0.75], [1, 0]], dtype=np.float16)


def write(folder: Path, probabilities=PROBABILITIES, labels=LABELS, **others) -> tuple[int, Path]:
    folder.mkdir()
    np.savez(folder / PREDICTIONS, probabilities=probabilities, labels=labels, **others)
    return int(folder.name), folder


def test_measures_of_one_run(tmp_path):
    found = read_predictions([write(tmp_path / "3")])
    assert found.seeds == (3,)
    np.testing.assert_array_equal(found.predicted, [[0, 1, 0]])
    np.testing.assert_array_equal(found.correct, [[True, True, False]])
    # 2 right at 75 %, 1 wrong at 100 %
    assert found.ece == pytest.approx([(2 * 0.25 + 1) / 3])


def test_accuracy_is_the_record_s_though_half_precision_has_ties(tmp_path):
    images = np.zeros((3, 4), np.uint8)
    split = Split(images, np.array([1, 1, 0], np.int32))
    close = np.array([[0.49999, 0.50001], [0.50001, 0.49999], [0.9, 0.1]], np.float32)
    write_predictions(tmp_path, close, split.labels)
    found = read_predictions([(0, tmp_path)])
    assert found.correct.mean() == evaluation.accuracy(close, split.labels) == 2 / 3
    with np.load(tmp_path / PREDICTIONS) as stored:
        assert stored["predicted"].dtype == np.uint8
        assert stored["probabilities"].argmax(axis=1).tolist() == [0, 0, 0]  # as former code read


def test_runs_on_other_images_are_not_put_together(tmp_path):
    assert (
        read_predictions([write(tmp_path / "0"), write(tmp_path / "1", labels=1 - LABELS)]) is None
    )


BAD = {
    "not an archive": b"hello",
    "half an archive": b"PK\x03\x04",
    "no labels": {"probabilities": PROBABILITIES},
    "one row too few": {"probabilities": PROBABILITIES[:2], "labels": LABELS},
    "a label without column": {"probabilities": PROBABILITIES, "labels": LABELS + 1},
    "not finite": {"probabilities": PROBABILITIES * np.float16(np.nan), "labels": LABELS},
    "empty": {"probabilities": PROBABILITIES[:0], "labels": LABELS[:0]},
    "flat": {"probabilities": PROBABILITIES[:, 0], "labels": LABELS},
    "objects": {"probabilities": np.array([None]), "labels": LABELS},
}


@pytest.mark.parametrize("case", BAD)
def test_damaged_file_is_refused_with_path_and_repair(tmp_path, case):
    path = tmp_path / PREDICTIONS
    if isinstance(BAD[case], bytes):
        path.write_bytes(BAD[case])
    else:
        np.savez(path, **BAD[case])
    with pytest.raises(
        RecordError, match=rf"cannot read {path}: .*Give the command of the run again"
    ):
        read_predictions([(0, tmp_path)])


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_flipped_bytes_are_noticed(tmp_path, place):
    rows = np.random.default_rng(0).dirichlet([1, 1], 1000).astype(np.float16)
    path = tmp_path / PREDICTIONS
    np.savez_compressed(path, probabilities=rows, labels=np.zeros(1000, np.uint8))
    content = bytearray(path.read_bytes())
    middle = int(place * len(content))
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(RecordError, match="Give the command of the run again"):
        read_predictions([(0, tmp_path)])
