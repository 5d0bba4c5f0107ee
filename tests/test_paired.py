"""Paired tests agree with scipy, statsmodels and hand calculation, also where nothing varies."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from fmnist_exp.report.statistics.paired import (
    d_z,
    equivalence_p,
    pair_on_seed,
    paired_t,
    sign_flip_p,
    superiority,
)

THREE = np.array([1.0, 2.0, 3.0])  # mean 2, SD 1, t = 2 sqrt(3)
# With two degrees of freedom the t distribution is 1/2 + t / (2 sqrt(2 + t^2)).
TAIL = 0.5 - 12**0.5 / (2 * 14**0.5)


def arms(seed: int, count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    shared, first, second = np.random.default_rng(seed).normal(size=(3, count))
    return shared + first + 0.3, shared + second


def test_pairs_are_joined_on_the_seed_whatever_the_order():
    pairs = pair_on_seed([3, 1, 2], [0.3, 0.1, 0.2], [2, 3, 1], [0.02, 0.03, 0.01])
    assert pairs.seeds == (1, 2, 3)
    assert pairs.values_a.tolist() == [0.1, 0.2, 0.3]
    assert pairs.values_b.tolist() == [0.01, 0.02, 0.03]


def test_seeds_of_one_arm_only_are_named():
    pairs = pair_on_seed([0, 5, 1], [1, 1, 1], [1, 9], [2, 2])
    assert (pairs.seeds, pairs.unpaired) == ((1,), (0, 5, 9))


def test_repeated_seeds_are_refused_by_name():
    with pytest.raises(ValueError, match=r"each seed once, received twice or more: \[4, 7\]"):
        pair_on_seed([4, 4, 7, 7, 1], [0] * 5, [1], [0])


def test_seeds_beyond_double_precision_stay_apart():
    assert pair_on_seed([2**63, 2**63 + 1], [1, 2], [2**63 + 1], [3]).values_a.tolist() == [2]


def test_rounding_is_no_spread():
    differences = pair_on_seed([0, 1, 2], [0.3, 0.2, 0.4], [0, 1, 2], [0.2, 0.1, 0.3])
    assert np.ptp(differences.values_a - differences.values_b) > 0
    assert np.ptp(differences.differences) == 0


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


@pytest.mark.parametrize(
    ("differences", "p_value"), [([1, 2, 3], 2 / 8), ([1, -2, 3], 6 / 8), ([0, 0, 0], 1)]
)
def test_sign_flip_by_hand(differences, p_value):
    assert sign_flip_p(np.array(differences, dtype=float)) == p_value


@pytest.mark.parametrize("count", [2, 6, 10])
def test_sign_flip_agrees_with_scipy(count, run_seed):
    # Accuracies are multiples of 1/10,000, so many sign patterns tie, exactly only as integers:
    # on the fractions scipy takes a mean of 1e-17 for larger than one of 0.
    images = np.random.default_rng(run_seed).integers(-5, 9, count)
    theirs = stats.permutation_test(
        (images,), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(images / 10_000) == pytest.approx(theirs.pvalue, rel=1e-12)


def test_sign_flip_of_many_pairs_is_sampled_and_repeatable(run_seed):
    differences = np.random.default_rng(run_seed).normal(0.4, 1, size=25)
    sampled = sign_flip_p(differences)
    assert sampled == sign_flip_p(differences)
    # 9,999 patterns: standard error 0.005 at most; at 25 normal pairs the t test is as close.
    assert sampled == pytest.approx(paired_t(differences).p_value, abs=0.03)


@pytest.mark.parametrize("function", [sign_flip_p, d_z, lambda values: equivalence_p(values, 1)])
def test_one_pair_gives_no_test(function):
    assert np.isnan(function(np.array([0.5])))


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


@pytest.mark.parametrize("sesoi", [0, -0.1, np.nan])
def test_equivalence_needs_an_effect_of_interest(sesoi):
    with pytest.raises(ValueError, match="must be above 0"):
        equivalence_p(THREE, sesoi)


@pytest.mark.parametrize(
    ("differences", "effect"), [([1, 2, 3], 2), ([0, 0], 0), ([2, 2], np.inf), ([-2, -2], -np.inf)]
)
def test_d_z_is_the_mean_in_sds(differences, effect):
    assert d_z(np.array(differences, dtype=float)) == effect


def test_superiority_counts_a_tie_as_one_half():
    share, low, high = superiority(np.array([1.0, 0.0, -1.0, 2.0]))
    assert share == 2.5 / 4
    assert 0 < low < share < high < 1


def test_superiority_of_no_pair_is_unknown():
    assert np.isnan(superiority(np.array([]))).all()
