"""The interval for new seeds and new images agrees with closed forms and covers the truth."""

import numpy as np
import pytest
from scipy import stats

from fmnist_exp.statistics.seeds import new_images_interval


def test_interval_of_seeds_that_agree_is_that_of_the_images():
    correct_a = np.tile(np.arange(1000) < 300, (5, 1))
    found = new_images_interval(correct_a, np.zeros_like(correct_a))
    std = (0.3 * 0.7 / 999) ** 0.5
    assert found == pytest.approx(stats.t.interval(0.95, 999, 0.3, std), rel=1e-9)


def test_interval_of_images_that_agree_is_that_of_the_seeds():
    correct_a = np.tile((np.arange(60) < 30)[:, None], (1, 40))
    found = new_images_interval(correct_a, np.zeros_like(correct_a))
    std = (0.5 * 0.5 / 59) ** 0.5
    assert found == pytest.approx(stats.t.interval(0.95, 59, 0.5, std), rel=1e-9)


def test_interval_of_equal_arms_is_zero(run_seed):
    correct = np.random.default_rng(run_seed).random((4, 50)) < 0.8
    assert new_images_interval(correct, correct) == (0, 0)


def test_interval_widens_with_confidence_and_is_as_wide_as_that_of_the_seeds(run_seed):
    correct_a, correct_b = np.random.default_rng(run_seed).random((2, 6, 200)) < 0.8
    wide = new_images_interval(correct_a, correct_b)
    low, high = new_images_interval(correct_a, correct_b, 0.5)
    assert wide[0] < low < high < wide[1]
    by_seed = correct_a.mean(axis=1) - correct_b.mean(axis=1)
    seeds = stats.ttest_1samp(by_seed, 0).confidence_interval(0.95)
    assert wide[1] - wide[0] >= (seeds.high - seeds.low) * (1 - 1e-12)


def test_interval_holds_the_truth_as_often_as_it_says(run_seed):
    """Arms of equal accuracy whose chance to be right differs by image and by seed."""
    generator = np.random.default_rng(run_seed)
    num_hits, num_studies = 0, 400
    for _ in range(num_studies):
        image = generator.normal(0, 1, (2, 1, 300))
        seed = generator.normal(0, 0.3, (2, 8, 1))
        correct = generator.normal(1 + image + seed, 1) > 0
        low, high = new_images_interval(*correct)
        num_hits += low <= 0 <= high
    # Binomial SE of 95 % in 400 studies is 1.1 %; four of them.
    assert num_hits / num_studies > 0.95 - 4 * 0.011
