"""Verdicts follow their rules, and every number is scipy's or statsmodels' own."""

import math
import time

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from fmnist_exp.report.statistics.verdicts import SESOI, Verdict, compare, comparison_table

BOUND = SESOI["test_accuracy"]
NOISE = np.array([-3, -1, 0, 1, 3]) * 1e-4


def study(*offsets: np.ndarray) -> dict[str, dict[int, float]]:
    """Conditions c0, c1, ... of which each lies its offsets above c0, seed by seed."""
    shared = 0.88 + np.arange(len(offsets[0])) * 1e-3
    arms = [shared, *(shared + offset for offset in offsets)]
    return {f"c{index}": dict(enumerate(arm.tolist())) for index, arm in enumerate(arms)}


def random_study(seed: int, num_conditions: int = 3, num_seeds: int = 10, std: float = 0.004):
    arms = np.random.default_rng(seed).normal(0.88, std, size=(num_conditions, num_seeds))
    return {f"c{index}": dict(enumerate(arm.tolist())) for index, arm in enumerate(arms)}


@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (0.01 + NOISE, "better"),
        (-0.01 + NOISE, "worse"),
        (NOISE, "practically equal"),
        (30 * NOISE, "undecided"),
        (0.001 + NOISE, "practically equal"),  # a difference, but too small to matter
        ((0.01 + NOISE)[:4], "exploratory"),
    ],
)
def test_verdict_on_accuracy(offset, verdict):
    (comparison,) = compare(study(offset), "test_accuracy")
    assert comparison.verdict == verdict


@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (-0.01 + NOISE, "better"),
        (0.01 + NOISE, "worse"),
        (0.001 + NOISE, "worse"),  # a loss has no smallest effect of interest
        (NOISE, "undecided"),
        (0 * NOISE, "undecided"),
    ],
)
def test_a_lower_loss_is_better(offset, verdict):
    (comparison,) = compare(study(offset), "test_loss")
    assert comparison.verdict == verdict
    assert comparison.difference_mean == pytest.approx(offset.mean())


def test_all_pairs_hold_the_later_condition_against_the_earlier():
    found = compare(random_study(0), "test_accuracy")
    pairs = [(each.condition_a, each.condition_b) for each in found]
    assert pairs == [("c1", "c0"), ("c2", "c0"), ("c2", "c1")]


def test_a_baseline_is_what_every_other_condition_is_held_against():
    found = compare(random_study(0), "test_accuracy", baseline="c1")
    assert [(each.condition_a, each.condition_b) for each in found] == [("c0", "c1"), ("c2", "c1")]
    assert {each.num_comparisons for each in found} == {2}


@pytest.mark.parametrize(("num_conditions", "num_comparisons"), [(8, 28), (9, 8)])
def test_more_than_eight_conditions_are_held_against_the_first(num_conditions, num_comparisons):
    found = compare(random_study(0, num_conditions, 5), "test_accuracy")
    assert len(found) == num_comparisons


@pytest.mark.parametrize("num_seeds", [10, 20])
def test_sixty_conditions_take_less_than_five_seconds(num_seeds):
    started = time.perf_counter()
    assert len(compare(random_study(0, 60, num_seeds), "test_accuracy")) == 59
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("conditions", [0, 1])
def test_fewer_than_two_conditions_compare_nothing(conditions):
    values = random_study(0, conditions)
    assert compare(values, "test_accuracy") == []
    assert comparison_table([]).columns[0] == "metric"


def test_numbers_are_those_of_scipy(run_seed):
    values = random_study(run_seed)
    arms = {name: np.array(list(runs.values())) for name, runs in values.items()}
    for each in compare(values, "test_accuracy"):
        test = stats.ttest_rel(arms[each.condition_a], arms[each.condition_b])
        interval = test.confidence_interval(1 - 0.05 / 3)
        assert each.p_value == pytest.approx(test.pvalue, rel=1e-9)
        assert (each.ci_low, each.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-9)
        interval = test.confidence_interval(1 - 2 * 0.05 / 3)
        found = each.equal_low, each.equal_high
        assert found == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_verdicts_are_those_of_adjusted_tests(run_seed):
    """The intervals decide as Bonferroni's p values of the paired tests and of TOST do."""
    for std in (0.0002, 0.002, 0.004):
        values = random_study(run_seed, std=std)
        arms = {name: np.array(list(runs.values())) for name, runs in values.items()}
        for each in compare(values, "test_accuracy"):
            pair = arms[each.condition_a], arms[each.condition_b]
            is_equal = 3 * ttost_paired(*pair, -BOUND, BOUND)[0] < 0.05
            is_different = 3 * stats.ttest_rel(*pair).pvalue < 0.05
            assert (each.verdict == Verdict.EQUAL) == is_equal
            assert (each.verdict == Verdict.UNDECIDED) == (not is_equal and not is_different)


def test_further_comparisons_can_take_a_verdict_away():
    # t = 5e-4 / 1.5e-4 with 4 degrees of freedom, p = 0.029: enough alone, not as one of three.
    one, other = 0.0005 + 1.5 * NOISE, 10 * NOISE
    (alone,) = compare(study(one), "test_loss")
    among = compare(study(one, other), "test_loss")[0]
    assert alone.p_value == among.p_value
    assert (alone.verdict, among.verdict) == (Verdict.WORSE, Verdict.UNDECIDED)


def test_the_order_of_the_seeds_means_nothing():
    values = random_study(0)
    backwards = {name: dict(reversed(runs.items())) for name, runs in values.items()}
    forwards = compare(values, "test_accuracy")
    assert forwards == compare(backwards, "test_accuracy")


def test_unpaired_seeds_are_left_out():
    values = study(NOISE)
    values["c0"][7] = 0.1
    (comparison,) = compare(values, "test_accuracy")
    assert (comparison.num_pairs, comparison.verdict) == (5, Verdict.EQUAL)


def test_no_common_seed_is_exploratory_and_no_member_of_the_family():
    values = {"a": {0: 0.8, 1: 0.81, 2: 0.8}, "b": {0: 0.7, 1: 0.72, 2: 0.7}, "c": {9: 0.5}}
    found = compare(values, "test_accuracy")
    assert [each.num_pairs for each in found] == [3, 0, 0]
    assert {each.verdict for each in found} == {Verdict.EXPLORATORY}
    assert {each.num_comparisons for each in found} == {1}
    assert math.isnan(found[1].difference_mean)


def test_one_pair_has_a_difference_and_no_more():
    (comparison,) = compare({"a": {0: 0.8}, "b": {0: 0.9}}, "test_accuracy")
    assert comparison.difference_mean == pytest.approx(0.1)
    assert np.isnan([comparison.ci_low, comparison.equal_low, comparison.p_value]).all()


@pytest.mark.parametrize(
    ("gap", "verdict", "p_value"), [(0, "practically equal", 1), (0.01, "better", 0)]
)
def test_without_any_spread_the_difference_itself_decides(gap, verdict, p_value):
    (comparison,) = compare(study(np.full(5, gap)), "test_accuracy")
    assert (comparison.verdict, comparison.p_value) == (verdict, p_value)
    assert comparison.difference_std == 0


def test_the_table_has_the_columns_of_the_files():
    table = comparison_table(compare(study(NOISE), "test_accuracy"))
    assert list(table)[:11] == [
        *("metric", "condition_a", "condition_b", "num_pairs", "difference_mean"),
        *("ci_low", "ci_high", "equal_low", "equal_high", "p_value", "verdict"),
    ]
    assert ",practically equal," in table.to_csv(index=False)
