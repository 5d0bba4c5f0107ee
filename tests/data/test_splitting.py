"""The split is disjoint, complete, stratified, and the same as ever."""

import hashlib

import numpy as np
import pytest

from fmnist_exp.data.loading import stratified_split
from fmnist_exp.errors import ConfigError

LABELS = np.repeat(np.arange(10), 50)


def test_split_is_disjoint_and_complete(run_seed):
    train, validation = stratified_split(LABELS, 0.2, run_seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(500))


def test_split_is_stratified(run_seed):
    train, validation = stratified_split(LABELS, 0.2, run_seed)
    assert np.bincount(LABELS[train]).tolist() == [40] * 10
    assert np.bincount(LABELS[validation]).tolist() == [10] * 10


def test_split_depends_on_its_seed_alone():
    first, again, other = (stratified_split(LABELS, 0.2, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_class_with_one_image_cannot_be_split():
    with pytest.raises(ConfigError, match=r"data.validation_fraction=0.2 cannot split 3 images"):
        stratified_split(np.array([0, 0, 1]), 0.2, 0)


def test_split_stays_what_it_was_in_every_kept_run():
    """Classes of many sizes, so that shares must be rounded and drawn; the hash was recorded."""
    digest = hashlib.sha256()
    for seed in range(20):
        generator = np.random.default_rng(seed)
        counts = generator.integers(10, 40, size=generator.integers(2, 11))
        labels = generator.permutation(np.repeat(np.arange(len(counts)), counts))
        for fraction in (0.2, 1 / 3, 0.5):
            for part in stratified_split(labels, fraction, seed):
                digest.update(part.astype("<i8").tobytes())
    assert digest.hexdigest() == "97e1a3876eab6d98e86af13fff09db2b3b47875b2c9acb4c1237598f7ef2f623"


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_split_too_small_for_every_class_is_refused(fraction):
    with pytest.raises(ConfigError, match="every class needs an image in both splits"):
        stratified_split(LABELS, fraction, 0)
