"""Paired tests agree with scipy and hand calculation, also where nothing varies."""

import numpy as np
import pytest
from scipy import stats

from fmnist_exp.statistics.seeds import ANY, paired_differences, paired_p, t_interval

THREE = np.array([1.0, 2.0, 3.0])  # mean 2, SD 1, t = 2 sqrt(3)
# With two degrees of freedom the t distribution is 1/2 + t / (2 sqrt(2 + t^2)).
TAIL = 0.5 - 12**0.5 / (2 * 14**0.5)


def arms(seed: int, count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    shared, first, second = np.random.default_rng(seed).normal(size=(3, count))
    return shared + first + 0.3, shared + second


def test_pairs_are_joined_on_the_seed_whatever_the_order():
    found = paired_differences({3: 0.75, 1: 0.25, 2: 0.5}, {2: 4.0, 3: 8.0, 1: 1.0})
    assert found.tolist() == [-0.75, -3.5, -7.25]


def test_seeds_of_one_arm_only_are_left_out():
    assert paired_differences({0: 1, 5: 1, 1: 1}, {1: 2, 9: 2}).tolist() == [-1]


def test_seeds_beyond_double_precision_stay_apart():
    assert paired_differences({2**63: 1, 2**63 + 1: 2}, {2**63 + 1: 3}).tolist() == [-1]


def test_rounding_is_no_spread():
    first, second = (0.3, 0.2, 0.4), (0.2, 0.1, 0.3)
    assert np.ptp(np.subtract(first, second)) > 0
    assert np.ptp(paired_differences(dict(enumerate(first)), dict(enumerate(second)))) == 0


def test_paired_p_by_hand():
    assert paired_p(THREE) == pytest.approx(2 * TAIL)


def test_paired_p_agrees_with_scipy(run_seed):
    first, second = arms(run_seed)
    assert paired_p(first - second) == pytest.approx(
        stats.ttest_rel(first, second).pvalue, rel=1e-10
    )


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_interval_of_a_difference_agrees_with_scipy(confidence, run_seed):
    first, second = arms(run_seed)
    interval = stats.ttest_rel(first, second).confidence_interval(confidence)
    assert t_interval(first - second, ANY, confidence) == pytest.approx(
        (interval.low, interval.high), rel=1e-10
    )


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 1.0), (0.1, 0.0), (-0.1, 0.0)])
def test_paired_p_without_spread_decides(value, p_value):
    assert paired_p(np.full(7, value)) == p_value


@pytest.mark.parametrize("values", [[], [0.5]])
def test_fewer_than_two_pairs_are_no_test(values):
    assert np.isnan(paired_p(np.array(values)))
