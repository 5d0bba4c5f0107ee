"""Detectable differences and numbers of seeds keep the power that they promise."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from fmnist_exp.statistics.power import (
    MAX_SEEDS,
    minimum_detectable,
    seeds_to_detect,
    seeds_to_settle,
)

STD = 0.25 * 2**0.5  # of the difference of two independent runs of SD 0.25 points
THIRD = 0.05 / 3
NUM_STUDIES = 4000
ERROR = (0.8 * 0.2 / NUM_STUDIES) ** 0.5  # standard error of a share near 80 %


@pytest.mark.parametrize("num_pairs", [5, 10, 30])
@pytest.mark.parametrize("num_comparisons", [1, 3])
def test_detectable_effect_agrees_with_statsmodels(num_pairs, num_comparisons):
    alpha = 0.05 / num_comparisons
    theirs = TTestPower().solve_power(nobs=num_pairs, alpha=alpha, power=0.8)
    # It solves to about 1e-6, and counts findings of the wrong sign.
    assert minimum_detectable(1, num_pairs, alpha) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("num_pairs", [2, 5, 10, 1000])
@pytest.mark.parametrize("num_comparisons", [1, 28, 500])
def test_detectable_effect_has_the_power_also_where_statsmodels_does_not_solve(
    num_pairs, num_comparisons
):
    tail = 0.05 / num_comparisons / 2
    effect = minimum_detectable(1, num_pairs, 2 * tail)
    # The noncentral t distribution itself, not the function that the code calls.
    found = stats.nct.sf(stats.t.isf(tail, num_pairs - 1), num_pairs - 1, effect * num_pairs**0.5)
    # SciPy's inverse is as exact as that; a verdict takes five pairs.
    assert found == pytest.approx(0.8, abs=1e-6 if num_pairs >= 5 else 1e-3)


@pytest.mark.parametrize(("num_pairs", "points"), [(5, 0.81), (10, 0.43), (20, 0.28), (30, 0.22)])
def test_minimum_detectable_difference_of_three_comparisons(num_pairs, points):
    assert minimum_detectable(STD, num_pairs, THIRD) == pytest.approx(points, abs=0.005)


def test_minimum_detectable_difference_is_found_in_80_percent():
    gap = minimum_detectable(STD, 10, THIRD)
    studies = np.random.default_rng(0).normal(gap, STD, size=(NUM_STUDIES, 10))
    found = np.mean(stats.ttest_1samp(studies, 0, axis=1).pvalue <= THIRD)
    assert found == pytest.approx(0.8, abs=4 * ERROR)


@pytest.mark.parametrize(
    ("points", "seeds"), [(1.0, 5), (0.5, 9), (0.3, 18), (0.2, 36), (0.1, 134)]
)
def test_seeds_to_detect_a_gap(points, seeds):
    assert seeds_to_detect(STD, points, THIRD) == seeds


def test_seeds_to_detect_are_the_fewest():
    seeds = seeds_to_detect(STD, 0.17, 0.05)
    found, fewer = (minimum_detectable(STD, count, 0.05) for count in (seeds, seeds - 1))
    assert found <= 0.17 < fewer


def test_seeds_that_settle_show_equality_in_80_percent():
    seeds = seeds_to_settle(STD, 0.3, THIRD)
    assert seeds >= seeds_to_detect(STD, 0.3, THIRD)
    studies = np.random.default_rng(0).normal(0, STD, size=(NUM_STUDIES, seeds))
    shown = np.mean(DescrStatsW(studies.T).ttost_mean(-0.3, 0.3)[0] <= THIRD)
    assert shown >= 0.8 - 4 * ERROR


def test_no_spread_takes_two_seeds():
    assert (minimum_detectable(0, 5, 0.05), seeds_to_settle(0, 0.3, 0.05)) == (0, 2)


def test_hopeless_numbers_of_seeds_are_capped():
    assert seeds_to_detect(1, 1e-5, 0.05) == MAX_SEEDS
