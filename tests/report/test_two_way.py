"""The interval for new seeds and new images agrees with closed forms."""

import numpy as np
import pytest

from fmnist_exp.report.statistics.images import two_way_interval

# A 2.5 % quantile of 2,000 normal resamples has standard error sqrt(0.025 * 0.975 / 2000) / f,
# f = 0.0584 / SD being the density there: 0.06 SD. Five of them.
QUANTILE_ERROR = 5 * 0.06


def test_interval_of_seeds_that_agree_is_that_of_the_images():
    correct_a = np.tile(np.arange(1000) < 300, (5, 1))
    low, high = two_way_interval(correct_a, np.zeros_like(correct_a))
    std = (0.3 * 0.7 / 1000) ** 0.5
    expected = (0.3 - 1.96 * std, 0.3 + 1.96 * std)
    assert (low, high) == pytest.approx(expected, abs=QUANTILE_ERROR * std)


def test_interval_of_images_that_agree_is_that_of_the_seeds():
    correct_a = np.tile((np.arange(60) < 30)[:, None], (1, 40))
    low, high = two_way_interval(correct_a, np.zeros_like(correct_a))
    std = 0.5 / 60**0.5
    expected = (0.5 - 1.96 * std, 0.5 + 1.96 * std)
    assert (low, high) == pytest.approx(expected, abs=QUANTILE_ERROR * std)


def test_interval_of_equal_arms_is_zero(run_seed):
    correct = np.random.default_rng(run_seed).random((4, 50)) < 0.8
    assert two_way_interval(correct, correct) == (0, 0)


def test_interval_is_repeatable_and_narrows_with_confidence(run_seed):
    correct_a, correct_b = np.random.default_rng(run_seed).random((2, 6, 200)) < 0.8
    wide = two_way_interval(correct_a, correct_b, seed=run_seed)
    assert wide == two_way_interval(correct_a, correct_b, seed=run_seed)
    low, high = two_way_interval(correct_a, correct_b, seed=run_seed, confidence=0.5)
    assert wide[0] < low < high < wide[1]


def test_the_number_of_resamples_need_not_fill_the_last_batch():
    correct = np.eye(3, dtype=bool)
    low, high = two_way_interval(correct, ~correct, num_resamples=101)
    assert -1 <= low <= high <= 1
