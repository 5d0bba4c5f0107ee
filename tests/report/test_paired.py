"""Paired tests agree with scipy, statsmodels and hand calculation, also where nothing varies."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from fmnist_exp.report.statistics.seeds import equivalence_p, pair_on_seed, paired_t

THREE = np.array([1.0, 2.0, 3.0])  # mean 2, SD 1, t = 2 sqrt(3)
# With two degrees of freedom the t distribution is 1/2 + t / (2 sqrt(2 + t^2)).
TAIL = 0.5 - 12**0.5 / (2 * 14**0.5)


def arms(seed: int, count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    shared, first, second = np.random.default_rng(seed).normal(size=(3, count))
    return shared + first + 0.3, shared + second


def test_pairs_are_joined_on_the_seed_whatever_the_order():
    pairs = pair_on_seed({3: 0.75, 1: 0.25, 2: 0.5}, {2: 4.0, 3: 8.0, 1: 1.0})
    assert pairs.seeds == (1, 2, 3)
    assert pairs.differences.tolist() == [-0.75, -3.5, -7.25]


def test_seeds_of_one_arm_only_are_named():
    pairs = pair_on_seed({0: 1, 5: 1, 1: 1}, {1: 2, 9: 2})
    assert (pairs.seeds, pairs.unpaired) == ((1,), (0, 5, 9))


def test_seeds_beyond_double_precision_stay_apart():
    assert pair_on_seed({2**63: 1, 2**63 + 1: 2}, {2**63 + 1: 3}).differences.tolist() == [-1]


def test_rounding_is_no_spread():
    first, second = (0.3, 0.2, 0.4), (0.2, 0.1, 0.3)
    assert np.ptp(np.subtract(first, second)) > 0
    assert np.ptp(pair_on_seed(dict(enumerate(first)), dict(enumerate(second))).differences) == 0


def test_paired_t_by_hand():
    test = paired_t(THREE)
    assert (test.mean, test.std) == (2, 1)
    assert test.p_value == pytest.approx(2 * TAIL)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_paired_t_agrees_with_scipy(confidence, run_seed):
    first, second = arms(run_seed)
    test, theirs = paired_t(first - second, confidence), stats.ttest_rel(first, second)
    interval = theirs.confidence_interval(confidence)
    assert test.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert (test.low, test.high) == pytest.approx((interval.low, interval.high), rel=1e-10)


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 1.0), (0.1, 0.0), (-0.1, 0.0)])
def test_paired_t_without_spread_decides(value, p_value):
    test = paired_t(np.full(7, value))
    assert (test.std, test.p_value) == (0, p_value)
    assert (test.low, test.high) == pytest.approx((value, value))


def test_paired_t_of_one_pair_knows_the_mean_only():
    test = paired_t(np.array([0.5]))
    assert test.mean == 0.5
    assert np.isnan([test.std, test.low, test.high, test.p_value]).all()


def test_paired_t_of_no_pair_knows_nothing():
    assert np.isnan(paired_t(np.array([])).mean)


def test_one_pair_gives_no_test():
    assert np.isnan(equivalence_p(np.array([0.5]), 1))


def test_equivalence_by_hand():
    # t = (2 - 4) sqrt(3) = -2 sqrt(3) at the upper bound, which is the nearer one
    assert equivalence_p(THREE, 4) == pytest.approx(TAIL)


def test_equivalence_agrees_with_statsmodels(run_seed):
    first, second = arms(run_seed)
    assert equivalence_p(first - second, 0.7) == pytest.approx(
        ttost_paired(first, second, -0.7, 0.7)[0], rel=1e-10
    )


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 0), (-0.2, 0), (0.3, 1), (-0.4, 1)])
def test_equivalence_without_spread_decides(value, p_value):
    assert equivalence_p(np.full(5, value), 0.3) == p_value
