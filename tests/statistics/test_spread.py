"""The spread of runs: its interval, and what independent errors would make of it."""

import numpy as np
import pytest
from scipy import stats

from fmnist_exp.statistics.spread import independent_std, std_interval


def test_the_interval_of_an_sd_holds_it_in_95_of_100_samples():
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 2, (4000, 10))
    held = [low <= 2 <= high for low, high in (std_interval(s.std(ddof=1), 10) for s in samples)]
    # Four standard errors of a share of 0.95: 4 sqrt(0.95 x 0.05 / 4000) = 0.014.
    assert np.mean(held) == pytest.approx(0.95, abs=0.014)


def test_the_interval_is_that_of_the_chi_squared_distribution():
    low, high = std_interval(3.0, 20)
    assert stats.chi2.cdf(19 * 9 / low**2, 19) == pytest.approx(0.975)
    assert stats.chi2.cdf(19 * 9 / high**2, 19) == pytest.approx(0.025)


def test_of_one_run_nothing_is_known():
    assert np.isnan([*std_interval(float("nan"), 1), independent_std(np.ones((1, 5), bool))]).all()


def test_independent_errors_have_the_predicted_sd_and_shared_ones_a_larger_one():
    generator = np.random.default_rng(1)
    chances = generator.uniform(0.5, 1, 400)
    apart = generator.random((500, 400)) < chances
    # The SD of 500 accuracies has a standard error of 1 / sqrt(998) = 3 % of itself.
    assert independent_std(apart) == pytest.approx(apart.mean(axis=1).std(ddof=1), rel=0.13)
    together = generator.random((500, 1)) < chances  # one draw decides on all images of a run
    assert together.mean(axis=1).std() > 5 * independent_std(together)


def test_calibrated_errors_are_near_the_published_formula():
    generator = np.random.default_rng(2)
    # Two classes and runs that are right with the chance that is uniform in [0, 1] and calibrated:
    # the mean of p (1 - p) is 1/6, of errors 2 p (1 - p) is 1/3: sqrt(error / 2N) is exact.
    chances = generator.random(20_000)
    label = generator.random(20_000) < chances
    right = (generator.random((40, 20_000)) < chances) == label
    error = 1 - right.mean()
    assert independent_std(right) == pytest.approx(np.sqrt(error / (2 * 20_000)), rel=0.02)
