"""Intervals agree with scipy's own and with hand calculation."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from fmnist_exp.report.statistics.seeds import described, holm, t_interval


def test_interval_by_hand():
    # mean 2, s = 1, t(0.975, 2) = 4.302653, half width 4.302653 / sqrt(3)
    low, high = t_interval(np.array([1.0, 2.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 2.4841377, 2 + 2.4841377), rel=1e-7)


def test_interval_agrees_with_scipy(run_seed):
    values = np.random.default_rng(run_seed).normal(size=7)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert t_interval(values) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_interval_of_fewer_than_two_values_is_unknown(values):
    assert np.isnan(t_interval(np.array(values))).all()


def test_interval_of_equal_values_has_no_width():
    assert t_interval(np.array([0.5, 0.5, 0.5])) == (0.5, 0.5)


@pytest.mark.parametrize("count", [3, 10])
def test_interval_covers_the_mean_in_95_percent(count):
    generator = np.random.default_rng(0)
    draws = generator.normal(size=(4000, count))
    covered = np.mean([low <= 0 <= high for low, high in map(t_interval, draws)])
    # 4,000 repeats: standard error 0.0034; five of them. A normal interval covers 81 % at n = 3.
    assert covered == pytest.approx(0.95, abs=5 * np.sqrt(0.95 * 0.05 / 4000))


def test_described_values_have_mean_sd_and_interval():
    found = described("x", np.array([0.87, 0.88, 0.89]))
    assert (found["x_mean"], found["x_std"]) == pytest.approx((0.88, 0.01))
    # t(0.975, 2) / sqrt(3) = 2.484138
    assert found["x_ci_high"] == pytest.approx(0.88 + 0.02484138)
    assert np.isnan(list(described("x", np.array([])).values())).all()


def test_holm_by_hand():
    # 3 * 0.01, then 2 * 0.03, then 1 * 0.04, which may not fall below the one before it
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def test_holm_agrees_with_statsmodels(run_seed):
    p_values = np.random.default_rng(run_seed).uniform(size=12) ** 3
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], rel=1e-12)


def test_holm_leaves_out_what_was_not_tested():
    assert holm(np.array([np.nan, 0.01, 0.04])) == pytest.approx([np.nan, 0.02, 0.04], nan_ok=True)


def test_holm_of_no_test_is_empty():
    assert holm(np.array([])).size == 0
