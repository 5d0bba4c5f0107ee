"""The fault catalogue, part D, beyond test_idx.py and test_sources.py: what only looks like data.

Every test here would hang or fill the memory without the check that it claims.
"""

import gzip
import os
import resource
import struct
import urllib.error

import numpy as np
import pytest
from study import write_run

from fmnist_exp.data import sources
from fmnist_exp.data.idx import read_idx
from fmnist_exp.errors import DataError, RecordError
from fmnist_exp.files import read_arrays, read_regular
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.report.runs.predictions import read_predictions
from fmnist_exp.rundir import records

SHAPE = (60_000, 28, 28)
HEADER = struct.pack(">HBB3I", 0, 8, 3, *SHAPE)


@pytest.mark.parametrize("name", ["f", "f.gz"])
def test_D20_named_pipe_in_place_of_data_is_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=rf"{tmp_path / name}: .*it is not a regular file"):
        read_idx(tmp_path / name, SHAPE)


def test_D20_device_in_place_of_data_is_refused(tmp_path):
    (tmp_path / "f").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="it is not a regular file"):
        read_idx(tmp_path / "f", SHAPE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            struct.pack(">HBB3I", 0, 8, 3, 28, 28, 60_000),
            "must start with the header .*, received '000008030000001c0000001c0000ea60",
        ),
        (b"\0\0\x0d\3" + HEADER[4:] + np.full(4, np.nan, ">f4").tobytes(), "must start with"),
    ],
    ids=["transposed", "floats"],
)
def test_D22_other_arrays_than_the_published_are_refused(tmp_path, content, message):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "f", SHAPE)


@pytest.mark.slow
def test_D21_bomb_is_unpacked_no_further_than_an_intact_file(tmp_path):
    """A hundred times the size of the data, in 10 MB: the most that is read is one byte more."""
    bomb = gzip.compress(HEADER + bytes(10**7)) + gzip.compress(bytes(10**9), compresslevel=1) * 5
    (tmp_path / "f.gz").write_bytes(bomb)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="received more"):
        read_idx(tmp_path / "f.gz", SHAPE)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    # Bytes are gathered in one buffer and copied once.
    assert grown < 4 * np.prod(SHAPE)


@pytest.mark.parametrize(
    "problem",
    [
        urllib.error.HTTPError("https://x", 404, "Not Found", None, None),
        TimeoutError("timed out"),
        ConnectionResetError("connection reset by peer"),
    ],
    ids=["404", "timeout", "cut"],
)
def test_D23_download_that_breaks_is_told_and_leaves_nothing(problem, monkeypatch, tmp_path):
    def answer(url, timeout):
        raise problem

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sources, "DEBIAN_DIR", tmp_path / "nowhere")
    monkeypatch.setattr(sources.urllib.request, "urlopen", answer)
    monkeypatch.setenv("PATH", "")  # no apt-get
    with pytest.raises(DataError, match=str(problem)):
        sources.find()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


FILES_OF_A_RUN = (records.RECORD, records.HISTORY, records.CONFUSION_MATRIX, records.PREDICTIONS)


@pytest.mark.parametrize("name", FILES_OF_A_RUN)
@pytest.mark.parametrize("kind", ["pipe", "endless", "huge"])
def test_D20_file_of_a_run_that_is_none_is_refused_by_name(tmp_path, name, kind):
    write_run(tmp_path / "0", answers=True)
    path = tmp_path / "0" / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 10**12)  # takes no space
    with pytest.raises(RecordError, match=rf"cannot read {path}: .*(regular|at most)"):
        read_predictions([(run.record.seed, run.path) for run in read_study([tmp_path]).runs])


def test_D21_archive_that_unpacks_to_more_than_it_may_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(10**6))
    with pytest.raises(ValueError, match=r"at most 100000 bytes, received 8000\d\d\d"):
        read_arrays(tmp_path / "a.npz", 100_000)


def test_archive_with_objects_is_refused_without_running_them(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    np.savez(tmp_path / "a.npz", a=np.array([Evil()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(tmp_path / "a.npz", 10**6)
    assert not (tmp_path / "evil").exists()


def test_folder_in_place_of_a_file_is_told(tmp_path):
    with pytest.raises(OSError, match="it is not a regular file"):
        read_regular(tmp_path, 10)
