"""Verdicts follow their rules, and every number is scipy's or statsmodels' own."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from fmnist_exp.statistics import verdicts
from fmnist_exp.statistics.verdicts import (
    PRIMARY,
    SESOI,
    Arm,
    Statement,
    Verdict,
)

NOISE = np.array([-3, -1, 0, 1, 3]) * 1e-4


def study(*offsets: np.ndarray) -> dict[str, dict[int, float]]:
    """Conditions c0, c1, ... of which each lies its offsets above c0, seed by seed."""
    shared = 0.88 + np.arange(len(offsets[0])) * 1e-3
    arms = [shared, *(shared + offset for offset in offsets)]
    return {f"c{index}": dict(enumerate(arm.tolist())) for index, arm in enumerate(arms)}


def random_study(seed: int, num_conditions: int = 3, num_seeds: int = 10, std: float = 0.004):
    arms = np.random.default_rng(seed).normal(0.88, std, size=(num_conditions, num_seeds))
    return {f"c{index}": dict(enumerate(arm.tolist())) for index, arm in enumerate(arms)}


def compare(values, metric=PRIMARY, **options):
    """All pairs of conditions on a metric, the later against the earlier."""
    pairs = combinations([Arm(name, runs) for name, runs in values.items()], 2)
    return verdicts.compare([Statement(b, a) for a, b in pairs], metric, **options)


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
    (comparison,) = compare(study(offset))
    assert comparison.verdict == verdict


@pytest.mark.parametrize("metric", ["test_loss", "validation_accuracy"])
def test_all_metrics_but_test_accuracy_have_an_interval_and_no_verdict(metric):
    (comparison,) = compare(study(0.01 + NOISE), metric)
    assert (comparison.verdict, comparison.is_descriptive) == ("", True)
    assert comparison.ci_low < comparison.difference_mean < comparison.ci_high


def test_what_is_described_is_no_member_of_the_family():
    first, second = (Arm(name, runs) for name, runs in study(NOISE).items())
    usual = Statement(second, first)
    alone = verdicts.compare([usual])
    beside = verdicts.compare([usual, Statement(second, first, "interaction", descriptive=True)])
    assert beside[0] == alone[0]
    assert (beside[1].verdict, beside[1].num_comparisons) == ("", 1)


@pytest.mark.parametrize("conditions", [0, 1])
def test_fewer_than_two_conditions_compare_nothing(conditions):
    assert compare(random_study(0, conditions)) == []


def test_numbers_are_those_of_scipy(run_seed):
    values = random_study(run_seed)
    arms = {name: np.array(list(runs.values())) for name, runs in values.items()}
    for each in compare(values):
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
        for each in compare(values):
            pair = arms[each.condition_a], arms[each.condition_b]
            is_equal = 3 * ttost_paired(*pair, -SESOI, SESOI)[0] < 0.05
            is_different = 3 * stats.ttest_rel(*pair).pvalue < 0.05
            assert (each.verdict == Verdict.EQUAL) == is_equal
            assert (each.verdict == Verdict.UNDECIDED) == (not is_equal and not is_different)


def test_further_comparisons_can_take_a_verdict_away():
    # t = 5e-3 / 1.5e-3 with 4 degrees of freedom, p = 0.029: enough alone, not as one of three.
    one, other = 0.005 + 15 * NOISE, 100 * NOISE
    (alone,) = compare(study(one))
    among = compare(study(one, other))[0]
    assert alone.p_value == among.p_value
    assert (alone.verdict, among.verdict) == (Verdict.BETTER, Verdict.UNDECIDED)


def test_the_order_of_the_seeds_means_nothing():
    values = random_study(0)
    backwards = {name: dict(reversed(runs.items())) for name, runs in values.items()}
    forwards = compare(values)
    assert forwards == compare(backwards)


def test_unpaired_seeds_are_left_out():
    values = study(NOISE)
    values["c0"][7] = 0.1
    (comparison,) = compare(values)
    assert (comparison.num_pairs, comparison.verdict) == (5, Verdict.EQUAL)


def test_no_common_seed_is_exploratory_and_no_member_of_the_family():
    values = study(NOISE) | {"c2": {9: 0.5}}
    found = compare(values)
    assert [each.num_pairs for each in found] == [5, 0, 0]
    assert [each.verdict for each in found] == ["practically equal", *["exploratory"] * 2]
    assert {each.num_comparisons for each in found} == {1}
    assert math.isnan(found[1].difference_mean)


def test_one_pair_has_a_difference_and_no_more():
    (comparison,) = compare({"a": {0: 0.8}, "b": {0: 0.9}})
    assert comparison.difference_mean == pytest.approx(0.1)
    assert np.isnan([comparison.ci_low, comparison.equal_low, comparison.p_value]).all()


@pytest.mark.parametrize(
    ("gap", "verdict", "p_value"), [(0, "practically equal", 1), (0.01, "better", 0)]
)
def test_without_any_spread_the_difference_itself_decides(gap, verdict, p_value):
    (comparison,) = compare(study(np.full(5, gap)))
    assert (comparison.verdict, comparison.p_value) == (verdict, p_value)
    assert comparison.difference_std == 0


def test_no_spread_below_that_of_rounding_is_believed():
    # Two arms that differ by the same in all five seeds, on images of which one makes 0.002.
    (comparison,) = compare(study(np.full(5, 0.002)), resolution=0.002)
    assert comparison.difference_std == pytest.approx(0.002 / math.sqrt(12))
    # t(0.975, 4) = 2.776
    half = 2.776445 * 0.002 / math.sqrt(12 * 5)
    assert (comparison.ci_low, comparison.ci_high) == pytest.approx((0.002 - half, 0.002 + half))
    assert comparison.p_value == pytest.approx(stats.t.sf(math.sqrt(60), 4) * 2)


@pytest.mark.parametrize(("gap", "failed"), [(0.01, (1, 0)), (-0.01, (0, 1))])
def test_an_arm_that_failed_more_is_not_called_better(gap, failed):
    first, second = (
        Arm(name, runs, count)
        for (name, runs), count in zip(study(gap + NOISE).items(), failed[::-1], strict=True)
    )
    (comparison,) = verdicts.compare([Statement(second, first)])
    assert comparison.verdict == Verdict.SURVIVORS
    (other,) = verdicts.compare(
        [Statement(Arm("c1", second.values, 1), Arm("c0", first.values, 1))]
    )
    assert other.verdict in (Verdict.BETTER, Verdict.WORSE)


def test_a_seed_whose_difference_lies_far_from_all_others_is_named():
    (comparison,) = compare(study(np.array([1, 2, 3, 2, 1, 2, -500]) * 1e-4))
    assert comparison.odd_seeds == (6,)
    assert compare(study(NOISE))[0].odd_seeds == ()


def test_no_verdict_contradicts_the_interval_beside_it_in_2000_random_studies():
    generator = np.random.default_rng(0)
    for _ in range(2000):
        num_arms, num_seeds = generator.integers(2, 6), generator.integers(2, 30)
        spread = 10 ** generator.uniform(-4.5, -1.5)
        means = 0.85 + generator.choice([0, 0.002, 0.003, 0.01, 0.1], num_arms)
        noise = generator.standard_t(generator.choice([2, 30]), size=(num_arms, num_seeds))
        values = (means[:, None] + spread * noise).round(generator.integers(3, 6)).clip(0, 1)
        arms = [
            Arm(str(arm), dict(enumerate(each.tolist())), int(generator.integers(0, 3)))
            for arm, each in enumerate(values)
        ]
        found = verdicts.compare([Statement(b, a) for a, b in combinations(arms, 2)])
        for each in found:
            inside = each.equal_low > -SESOI and each.equal_high < SESOI
            above, below = each.ci_low > 0, each.ci_high < 0
            assert {
                Verdict.EQUAL: inside,
                Verdict.BETTER: above and not inside,
                Verdict.WORSE: below and not inside,
                Verdict.SURVIVORS: (above or below) and not inside,
                Verdict.UNDECIDED: not (inside or above or below),
                Verdict.EXPLORATORY: math.isnan(each.ci_low) and each.num_pairs < 5,
            }[each.verdict]
