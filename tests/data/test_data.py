"""Splits are disjoint, complete, stratified, and fixed by their own seed."""

import numpy as np
import pytest
from conftest import command, config_of
from idx_files import arrays_of, write_data

from fmnist_exp.data import loading, sources
from fmnist_exp.errors import ConfigError


def test_runs_with_different_seeds_share_a_split():
    assert config_of("data=synthetic", "seed=0").data == config_of("data=synthetic", "seed=1").data


@pytest.mark.parametrize(
    ("name", "sizes", "pixels"),
    [("synthetic", (1600, 400, 500), 64), ("digits", (1149, 288, 360), 64)],
)
def test_small_data_sets_have_the_promised_sizes(name, sizes, pixels):
    splits = loading.load(config_of(f"data={name}").data)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == sizes
    for split in (splits.train, splits.validation, splits.test):
        assert split.images.shape == (len(split), pixels)
        assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int32)
        assert set(split.labels) == set(range(10))


def test_digits_keep_their_seventeen_levels():
    assert len(np.unique(loading.load(config_of("data=digits").data).train.images)) == 17


def test_subset_takes_the_first_images():
    few = loading.load(config_of("data=digits", "data.num_test=7").data)
    assert len(few.test) == 7


def test_subset_larger_than_the_data_is_refused():
    with pytest.raises(ConfigError, match=r"data.num_test must be at most 360, received 361"):
        loading.load(config_of("data=digits", "data.num_test=361").data)


def test_subset_without_a_class_is_refused(tmp_path):
    images, labels, *test = arrays_of([0, 1])
    by_class = np.argsort(labels, kind="stable")
    write_data(tmp_path, [images[by_class], labels[by_class], *test])
    given = ("data=idx", f"data.dir={tmp_path}")
    with pytest.raises(ConfigError, match=r"received 20: the first so many have none of '1'\."):
        loading.load(config_of(*given, "data.num_train=20").data)
    assert len(loading.load(config_of(*given, "data.num_train=30").data).train) == 24


def test_one_changed_pixel_changes_the_hash():
    images = np.zeros((2, 4), np.uint8)
    before = loading.sha256_of_arrays(images)
    images[1, 2] = 1
    assert loading.sha256_of_arrays(images) != before


@pytest.mark.slow
def test_real_data_have_the_published_facts():
    """Means and counts as published with the data set; the test fails where it is absent."""
    splits = loading.load(config_of().data)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (48000, 12000, 10000)
    assert np.bincount(splits.train.labels).tolist() == [4800] * 10
    assert np.bincount(splits.test.labels).tolist() == [1000] * 10
    pixels = np.concatenate([splits.train.images, splits.validation.images]) / 255
    assert round(float(pixels.mean()), 4) == 0.2860
    assert round(float(pixels.std()), 4) == 0.3530


def test_data_are_decoded_once_however_often_they_are_split(tmp_path, monkeypatch):
    folders = []

    def find(folder, *, fetch):
        folders.append(folder)
        labels = np.arange(40, dtype=np.int32) % 10
        images = np.arange(40 * 4, dtype=np.uint8).reshape(40, 2, 2)
        return sources.FoundData("data.dir", folder, (images, labels, images, labels))

    monkeypatch.setattr(sources, "find", find)
    of_seed = [f"data.split_seed={seed}" for seed in range(3)]
    changes = [*of_seed, "data.num_test=10", "data.validation_fraction=0.5", of_seed[0]]
    splits = [
        loading.load(config_of(f"data.dir={tmp_path}", "data.validation_fraction=0.4", change).data)
        for change in changes
    ]
    assert folders == [tmp_path]
    assert len({each.sha256 for each in splits}) == 5
    assert splits[0].sha256 == splits[-1].sha256
    loading.load(config_of(f"data.dir={tmp_path / 'other'}", "data.validation_fraction=0.4").data)
    assert folders == [tmp_path, tmp_path / "other"]


def test_command_reports_source_path_hashes_and_shapes():
    result = command("-m", "fmnist_exp.data")
    assert result.returncode == 0
    for part in ("source  ", "path    ", "c59f468a2f672dc8", "(10000, 28, 28)"):
        assert part in result.stdout


FETCH_NOWHERE = """
import pathlib
from fmnist_exp.data import __main__ as command, sources
sources.DEBIAN_DIR = pathlib.Path("nowhere")
sources.MIRRORS = ("https://127.0.0.1:9",)
command.main()
"""


def test_command_says_what_it_downloads(tmp_path):
    result = command(
        "-c", FETCH_NOWHERE, XDG_CACHE_HOME=str(tmp_path), no_proxy="127.0.0.1", PATH=""
    )
    assert "downloading https://127.0.0.1:9/train-images-idx3-ubyte.gz\n" in result.stderr
    assert "DataError: Fashion-MNIST was not found" in result.stderr


def test_command_names_the_missing_folder(tmp_path):
    result = command("-m", "fmnist_exp.data", "--dir", tmp_path / "nowhere")
    assert result.returncode == 2
    assert "DataError: cannot read the folder" in result.stderr
    assert "Traceback" not in result.stderr
