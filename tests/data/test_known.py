"""Published data are known by the hashes of their files, wherever these lie."""

import re

import numpy as np
import pytest
from idx_files import NAMES, arrays_of, write_data, write_idx

from fmnist_exp.data import __main__ as command
from fmnist_exp.data import known, other, sources
from fmnist_exp.data.idx import read_idx, sha256_of_idx
from fmnist_exp.errors import DataError


@pytest.fixture(autouse=True)
def read_anew():
    other.read.cache_clear()


def read(folder):
    return other.read(str(folder))


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Tiny files in the place of those of MNIST and of Fashion-MNIST, in folders of these names."""
    for name, labels in {"MNIST": [0, 1], known.FASHION_MNIST: list(range(10))}.items():
        arrays = arrays_of(labels, (2, 2), num_train=120 // len(labels), num_test=30 // len(labels))
        write_data(tmp_path / name, arrays)
        for file, array in zip(NAMES, arrays, strict=True):
            monkeypatch.setitem(known.SHA256[name], file, sha256_of_idx(array))
            monkeypatch.setitem(sources.SHAPES, file, array.shape)
    return tmp_path


def test_published_files_are_known_by_name(published):
    assert read(published / "MNIST").name == "MNIST"
    found = read(published / known.FASHION_MNIST)
    assert (found.name, found.class_names) == ("Fashion-MNIST", known.FASHION_MNIST_CLASSES)
    write_idx(published / "MNIST" / NAMES[3], np.arange(30) % 2 == 0)
    other.read.cache_clear()
    assert re.fullmatch("idx [0-9a-f]{8}", read(published / "MNIST").name)


def test_files_of_mnist_are_no_fashion_mnist(published):
    with pytest.raises(DataError, match=r"/MNIST/train-i.*: these are MNIST's files; pass data=id"):
        sources.find(published / "MNIST")
    assert sources.find(published / known.FASHION_MNIST).source == "data.dir"


def test_fashion_mnist_is_found_where_torchvision_and_keras_keep_it(published, monkeypatch):
    lain = published / known.FASHION_MNIST
    for place in ("FashionMNIST/raw", ".keras/datasets/fashion-mnist"):
        (published / place).parent.mkdir(parents=True)
        (published / place).symlink_to(lain)
    for given in (published, published / "FashionMNIST"):
        assert sources.find(given).path == published / "FashionMNIST/raw"
    monkeypatch.setenv("XDG_CACHE_HOME", str(published / "empty"))
    monkeypatch.setenv("HOME", str(published))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert sources.find(fetch=False).source == "Keras's cache"


def test_command_says_what_a_folder_holds(published, monkeypatch, capsys):
    """What is not known is read and checked as well, and not taken for what is published."""
    write_data(published / "own", arrays_of([3, 8], (5, 4)))
    (published / "own" / "classes.txt").write_text("three\neight")
    own = read(published / "own").name
    for name, lines in {
        "MNIST": ["data    MNIST", "classes 2: 0, 1"],
        "own": [f"data    {own}, of no published hashes", "classes 2: three, eight"],
    }.items():
        monkeypatch.setattr("sys.argv", ["data", "--dir", str(published / name)])
        command.main()
        told = capsys.readouterr().out.splitlines()
        assert told[:2] == ["source  data.dir", f"path    {published / name}"]
        assert [told[2], told[-1]] == lines
        for file, line in zip(NAMES, told[3:7], strict=True):
            array = read_idx(published / name / file, (None,) * (3 if "images" in file else 1))
            assert line == f"sha256  {sha256_of_idx(array)}  {file}  {array.shape}"
