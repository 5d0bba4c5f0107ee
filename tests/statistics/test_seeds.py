"""Intervals agree with scipy's own and with hand calculation."""

import numpy as np
import pytest
from scipy import optimize, stats

from fmnist_exp.statistics.seeds import SHARE, outlier, t_interval


def test_interval_by_hand():
    # mean 2, s = sqrt(1/2), t(0.975, 4) = 2.7764451, half width 2.7764451 / sqrt(10)
    low, high = t_interval(np.array([1.0, 2.0, 3.0, 2.0, 2.0]))
    assert (low, high) == pytest.approx((2 - 0.8779891, 2 + 0.8779891), rel=1e-7)


def test_interval_of_an_accuracy_ends_at_0_and_1():
    near = np.array([1.0, 1.0, 0.9, 1.0, 1.0])
    assert t_interval(near)[1] > 1
    assert t_interval(near, SHARE) == (t_interval(near)[0], 1)
    assert t_interval(1 - near, SHARE)[0] == 0


def test_interval_agrees_with_scipy(run_seed):
    values = np.random.default_rng(run_seed).normal(size=7)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert t_interval(values) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0, 4.0]])
def test_interval_of_fewer_than_five_values_is_unknown(values):
    assert np.isnan(t_interval(np.array(values))).all()


def test_interval_of_equal_values_has_no_width():
    assert t_interval(np.full(5, 0.5)) == (0.5, 0.5)


@pytest.mark.parametrize("count", [5, 10])
def test_interval_covers_the_mean_in_95_percent(count):
    generator = np.random.default_rng(0)
    draws = generator.normal(size=(4000, count))
    covered = np.mean([low <= 0 <= high for low, high in map(t_interval, draws)])
    # 4,000 repeats: standard error 0.0034; five of them. A normal interval covers 88 % at n = 5.
    assert covered == pytest.approx(0.95, abs=5 * np.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize(("count", "limit"), [(5, 1.715), (10, 2.290), (20, 2.709)])
def test_outlier_begins_at_the_published_bounds_of_grubbs(count, limit):
    """Two-sided, at a level of 5 %: ASTM E178, table 1, one-sided at 2.5 %."""
    rest = np.tile([-1.0, 1.0], count)[: count - 1]
    rest = (rest - rest.mean()) / np.std(rest)  # mean 0, mean square 1

    def distance(value: float) -> float:
        values = np.append(rest, value)
        return float((value - values.mean()) / np.std(values, ddof=1))

    near, far = (
        optimize.brentq(lambda value, at=at: distance(value) - at, 0, 99)
        for at in (limit - 0.001, limit + 0.001)
    )
    assert outlier(np.append(rest, near), 0.05) is None
    assert outlier(np.append(rest, far), 0.05) == count - 1


def test_no_outlier_among_few_or_equal_values():
    assert outlier(np.array([0.0, 0.0, 0.0, 9.0]), 0.05) is None
    assert outlier(np.full(10, 0.3), 0.05) is None
