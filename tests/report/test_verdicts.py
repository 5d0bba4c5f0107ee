"""Verdicts follow their rules, and every number is scipy's or statsmodels' own."""

import math
import time

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from fmnist_exp.report.statistics import power
from fmnist_exp.report.statistics.verdicts import Verdict, comparison_table
from fmnist_exp.report.statistics.verdicts import SESOI, compare

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
    ("offset", "sesoi", "verdict"),
    [
        (0.01 + NOISE, BOUND, "better"),
        (-0.01 + NOISE, BOUND, "worse"),
        (NOISE, BOUND, "practically equal"),
        (NOISE, None, "undecided"),
        (30 * NOISE, BOUND, "undecided"),
        (0.001 + NOISE, BOUND, "practically equal"),  # a difference, but too small to matter
        (0.001 + NOISE, None, "better"),
        ((0.01 + NOISE)[:4], BOUND, "exploratory"),
    ],
)
def test_verdict_on_accuracy(offset, sesoi, verdict):
    (comparison,) = compare(study(offset), "test_accuracy", sesoi=sesoi)
    assert comparison.verdict == verdict


@pytest.mark.parametrize(("offset", "verdict"), [(-0.01, "better"), (0.01, "worse")])
def test_a_lower_loss_is_better(offset, verdict):
    (comparison,) = compare(study(offset + NOISE), "test_loss")
    assert comparison.verdict == verdict
    assert comparison.difference_mean == pytest.approx(offset)


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
    assert len(compare(random_study(0, 60, num_seeds), "test_accuracy", sesoi=BOUND)) == 59
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("conditions", [0, 1])
def test_fewer_than_two_conditions_compare_nothing(conditions):
    values = random_study(0, conditions)
    assert compare(values, "test_accuracy", sesoi=BOUND) == []
    assert comparison_table([]).columns[0] == "metric"


def test_numbers_are_those_of_scipy_and_statsmodels(run_seed):
    values = random_study(run_seed)
    found = compare(values, "test_accuracy", sesoi=BOUND)
    arms = {name: np.array(list(runs.values())) for name, runs in values.items()}
    pairs = [(arms[each.condition_a], arms[each.condition_b]) for each in found]
    tests = [stats.ttest_rel(*pair) for pair in pairs]
    equal = [ttost_paired(*pair, -BOUND, BOUND)[0] for pair in pairs]
    for each, test, p_equal in zip(found, tests, equal, strict=True):
        interval = test.confidence_interval(1 - 0.05 / 3)
        assert each.p_value == pytest.approx(test.pvalue, rel=1e-9)
        assert (each.ci_low, each.ci_high) == pytest.approx((interval.low, interval.high), rel=1e-9)
        assert each.p_value_equivalence == pytest.approx(p_equal, rel=1e-9)
    adjusted = multipletests([test.pvalue for test in tests], method="holm")[1]
    assert [each.p_value_holm for each in found] == pytest.approx(adjusted, rel=1e-9)
    adjusted = multipletests(equal, method="holm")[1]
    assert [each.p_value_equivalence_holm for each in found] == pytest.approx(adjusted, rel=1e-9)


def test_holm_can_take_a_verdict_away():
    # t = 5e-4 / 1.5e-4 with 4 degrees of freedom, p = 0.029: enough alone, not as one of three.
    one, other = 0.0005 + 1.5 * NOISE, 10 * NOISE
    (alone,) = compare(study(one), "test_accuracy")
    among = compare(study(one, other), "test_accuracy")[0]
    assert alone.p_value == among.p_value
    assert (alone.verdict, among.verdict) == (Verdict.BETTER, Verdict.UNDECIDED)


def test_the_order_of_the_seeds_means_nothing():
    values = random_study(0)
    backwards = {name: dict(reversed(runs.items())) for name, runs in values.items()}
    forwards = compare(values, "test_accuracy", sesoi=BOUND)
    assert forwards == compare(backwards, "test_accuracy", sesoi=BOUND)


def test_unpaired_seeds_are_left_out_and_named():
    values = study(NOISE)
    values["c0"][7] = 0.1
    (comparison,) = compare(values, "test_accuracy", sesoi=BOUND)
    assert (comparison.num_pairs, comparison.unpaired_seeds) == (5, (7,))
    assert comparison.verdict == Verdict.EQUAL


def test_no_common_seed_is_exploratory_and_no_member_of_the_family():
    values = {"a": {0: 0.8, 1: 0.81, 2: 0.8}, "b": {0: 0.7, 1: 0.72, 2: 0.7}, "c": {9: 0.5}}
    found = compare(values, "test_accuracy", sesoi=BOUND)
    assert [each.num_pairs for each in found] == [3, 0, 0]
    assert {each.verdict for each in found} == {Verdict.EXPLORATORY}
    assert {each.num_comparisons for each in found} == {1}
    assert math.isnan(found[1].difference_mean)


def test_one_pair_has_a_difference_and_no_more():
    (comparison,) = compare({"a": {0: 0.8}, "b": {0: 0.9}}, "test_accuracy", sesoi=BOUND)
    assert comparison.difference_mean == pytest.approx(0.1)
    assert np.isnan([comparison.ci_low, comparison.p_value, comparison.p_value_holm]).all()


@pytest.mark.parametrize(
    ("gap", "verdict", "p_value"), [(0, "practically equal", 1), (0.01, "better", 0)]
)
def test_without_any_spread_the_difference_itself_decides(gap, verdict, p_value):
    (comparison,) = compare(study(np.full(5, gap)), "test_accuracy", sesoi=BOUND)
    assert (comparison.verdict, comparison.p_value) == (verdict, p_value)
    assert comparison.difference_std == 0


def test_the_table_has_the_columns_of_the_files():
    values = study(NOISE)
    values["c0"] |= {7: 0.1, 8: 0.1}
    table = comparison_table(compare(values, "test_accuracy", sesoi=BOUND))
    assert list(table)[:10] == [
        *("metric", "condition_a", "condition_b", "num_pairs", "difference_mean"),
        *("ci_low", "ci_high", "p_value", "p_value_holm", "verdict"),
    ]
    assert table.loc[0, "unpaired_seeds"] == "7 8"
    assert ",practically equal," in table.to_csv(index=False)
