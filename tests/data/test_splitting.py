"""The split is disjoint, complete, stratified, and the same as scikit-learn's."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from fmnist_exp.data.splitting import stratified_split
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


@pytest.mark.parametrize("fraction", [0.1, 0.2, 1 / 3, 0.5, 0.6])
def test_split_is_that_of_scikit_learn(fraction, run_seed):
    """Classes of many sizes, equal ones among them, so that shares must be rounded and drawn."""
    generator = np.random.default_rng(run_seed)
    for _ in range(20):
        counts = generator.integers(4, 12, size=generator.integers(2, 11))
        labels = generator.permutation(np.repeat(np.arange(len(counts)), counts))
        if np.ceil(fraction * len(labels)) < len(counts):
            continue
        seed = int(generator.integers(2**32))
        expected = train_test_split(
            np.arange(len(labels)), test_size=fraction, random_state=seed, stratify=labels
        )
        for received, indices in zip(
            stratified_split(labels, fraction, seed), expected, strict=True
        ):
            np.testing.assert_array_equal(received, np.sort(indices))


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_split_too_small_for_every_class_is_refused(fraction):
    with pytest.raises(ConfigError, match="every class needs an image in both splits"):
        stratified_split(LABELS, fraction, 0)
