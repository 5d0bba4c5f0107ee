"""Verdicts of planned looks: published boundaries, an error for all looks, the first one stands."""

import math

import numpy as np
import pytest
from scipy import stats

from fmnist_exp.statistics.seeds import Levels
from fmnist_exp.statistics.sequential import boundaries, follow, levels, planned_looks
from fmnist_exp.statistics.verdicts import SESOI, Arm, Comparison, Statement, compare

FIFTHS = np.arange(1, 6) / 5
NOISE = np.array([-3, -1, 0, 1, 3] * 12) * 1e-4
LOOKS = planned_looks(60)
# Of three statements and at most 60 seeds, by another program with 400 nodes.
DIFFERENCE = [
    *(0.001388889, 0.001622397, 0.001928630, 0.002255319, 0.002591682, 0.002934283),
    *(0.003281730, 0.003633360, 0.003988812, 0.004347866, 0.004710376, 0.005076232),
]
EQUALITY = [
    *(0.001388889, 0.001663458, 0.002009425, 0.002376961, 0.002755940, 0.003143100),
    *(0.003537078, 0.003937189, 0.004343038, 0.004754361, 0.005170972, 0.005592723),
]


def arm(name: str, values: np.ndarray, diverged: set[int] = frozenset()) -> Arm:
    """An arm without the values of its diverged seeds."""
    kept = {seed: value for seed, value in enumerate(values.tolist()) if seed not in diverged}
    return Arm(name, kept, len(diverged), frozenset(diverged))


def pair(differences: np.ndarray, a: set[int] = frozenset(), b: set[int] = frozenset()):
    """A statement about so many seeds, of which some have diverged in either arm."""
    base = 0.88 + np.arange(len(differences)) % 7 * 1e-3
    return Statement(arm("a", base + differences, a), arm("b", base, b))


def followed(statements: list[Statement], looks: tuple[int, ...], **options) -> list[Comparison]:
    """The verdicts of a plan that holds these statements alone."""
    return follow(statements, looks, len(statements), **options)


def test_looks_are_every_five_seeds_and_the_most():
    assert planned_looks(5) == (5,)
    assert planned_looks(12) == (5, 10, 12)
    assert planned_looks(20) == (5, 10, 15, 20)


@pytest.mark.parametrize(
    ("spent", "published"),
    [
        # Lan and DeMets (1983): spending like Pocock's boundaries and like O'Brien and Fleming's.
        (0.05 * np.log(1 + (math.e - 1) * FIFTHS), [2.438, 2.427, 2.410, 2.397, 2.386]),
        (
            4 * stats.norm.sf(stats.norm.isf(0.0125) / np.sqrt(FIFTHS)),
            [4.877, 3.357, 2.680, 2.290, 2.031],
        ),
        (0.05 * FIFTHS, [2.5758, 2.4920, 2.4108, 2.3391, 2.2755]),  # Kim and DeMets (1987), rho 1
    ],
)
def test_boundaries_are_the_published_ones(spent, published):
    assert boundaries(FIFTHS, spent) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize(
    ("num_comparisons", "expected"),
    [
        (
            1,
            [
                *((0.00417, 0.00417), (0.00507, 0.00524), (0.00738, 0.00790)),
                *((0.00987, 0.01078), (0.01789, 0.02029)),
            ],
        ),
        (
            3,
            [
                *((0.00139, 0.00139), (0.00162, 0.00166), (0.00226, 0.00238)),
                *((0.00293, 0.00314), (0.00508, 0.00559)),
            ],
        ),
    ],
)
def test_levels_of_60_seeds(num_comparisons, expected):
    at = dict(zip(LOOKS, levels(LOOKS, num_comparisons), strict=True))
    found = [at[num_seeds] for num_seeds in (5, 10, 20, 30, 60)]
    assert np.array(found) == pytest.approx(np.array(expected), abs=5.1e-6)


def test_the_chances_to_leave_at_all_looks_sum_to_alpha():
    """By the normal integral over five dimensions, which scipy gives to its tolerance of 1e-5."""
    bounds = boundaries(FIFTHS, 0.05 * FIFTHS) * np.sqrt(FIFTHS)
    walk = stats.multivariate_normal(
        cov=np.minimum.outer(FIFTHS, FIFTHS), abseps=1e-6, maxpts=10**6, seed=0
    )
    inside = walk.cdf(bounds, lower_limit=-bounds)
    assert 1 - inside == pytest.approx(0.05, abs=1e-5)


def test_simulated_paths_leave_as_often_as_planned(run_seed):
    num_paths = 100_000
    shares = np.array(LOOKS) / 60
    steps = np.random.default_rng(run_seed).normal(0, 12**-0.5, (num_paths, len(LOOKS)))
    z_values = np.abs(np.cumsum(steps, axis=1)) / np.sqrt(shares)
    has_left = np.logical_or.accumulate(z_values > boundaries(shares, 0.05 * shares), axis=1)
    errors = np.sqrt(0.05 * shares * (1 - 0.05 * shares) / num_paths)
    # Five standard errors: 12 looks and 100 seeds stay within them in 999 of 1,000 cases.
    assert np.all(np.abs(has_left.mean(axis=0) - 0.05 * shares) < 5 * errors)


def test_one_look_is_the_ordinary_comparison(run_seed):
    generator = np.random.default_rng(run_seed)
    assert levels((10,), 2)[0] == pytest.approx(Levels(0.025, 0.025))
    statements = [pair(generator.normal(mean, 0.002, 10)) for mean in (0, 0.004)]
    for found, ordinary in zip(followed(statements, (10,)), compare(statements), strict=True):
        assert found.verdict == ordinary.verdict
        for name in ("ci_low", "ci_high", "equal_low", "equal_high", "p_value"):
            assert getattr(found, name) == pytest.approx(getattr(ordinary, name), rel=1e-9)


def expected_of(differences: np.ndarray) -> tuple[str, int | None]:
    """Verdict and seeds of one of three pairs, from p values of scipy and the levels above."""
    looks = np.array([each for each in LOOKS if each <= len(differences)])
    means = np.array([differences[:each].mean() for each in looks])
    errors = np.array([stats.sem(differences[:each]) for each in looks])
    p_different = 2 * stats.t.sf(np.abs(means) / errors, looks - 1)
    p_equal = stats.t.sf((SESOI - np.abs(means)) / errors, looks - 1)
    for place, num_seeds in enumerate(looks.tolist()):
        if p_equal[place] < EQUALITY[place]:
            return "practically equal", num_seeds
        if p_different[place] < DIFFERENCE[place]:
            return "better" if means[place] > 0 else "worse", num_seeds
    return "undecided" if len(looks) else "exploratory", None


def test_500_random_studies_have_the_verdicts_of_adjusted_tests():
    generator, settled = np.random.default_rng(0), 0
    for _ in range(500):
        mean, std = generator.choice([0, 0.002, 0.003, 0.01]), generator.choice([0.0035, 0.006])
        differences = generator.normal(mean, std, (3, generator.integers(1, 61))).round(4)
        for found, row in zip(followed([*map(pair, differences)], LOOKS), differences, strict=True):
            assert (found.verdict, found.settled_after) == expected_of(row)
            settled += found.settled_after is not None
    assert 300 < settled < 1200  # both kinds are there


def test_the_first_verdict_stands_whatever_later_seeds_say():
    early = 0.02 + NOISE[:5]
    (found,) = followed([pair(np.r_[early, -0.05 + NOISE])], LOOKS)
    assert (found.verdict, found.settled_after, found.num_pairs) == ("better", 5, 5)
    assert [found] == followed([pair(early)], LOOKS)


def test_what_no_look_settles_shows_the_last_whole_one():
    statement = pair(30 * NOISE[:17])
    (found,) = followed([statement], LOOKS)
    assert (found.verdict, found.settled_after, found.num_pairs) == ("undecided", None, 15)
    assert found.ci_low < 0 < found.ci_high


@pytest.mark.parametrize(("missing", "num_pairs"), [(3, 4), (7, 5), (12, 10)])
def test_a_look_counts_once_all_its_seeds_have_ended(missing, num_pairs):
    whole = pair(30 * NOISE[:15])
    values = {seed: value for seed, value in whole.arm_b.values.items() if seed != missing}
    (found,) = followed([Statement(whole.arm_a, Arm("b", values, 1))], LOOKS)
    assert found.verdict == ("exploratory" if missing == 3 else "undecided")
    assert found.num_pairs == num_pairs
    assert math.isnan(found.ci_low) == (missing == 3)


def test_a_statement_without_any_value_is_exploratory_and_still_has_its_share():
    empty = Statement(Arm("a", {}), Arm("b", {}))
    first, second = followed([pair(30 * NOISE[:10]), empty], LOOKS)
    assert (second.verdict, second.num_pairs, second.num_comparisons) == ("exploratory", 0, 2)
    assert first.ci_high - first.difference_mean == pytest.approx(
        stats.t.isf(levels(LOOKS, 2)[1].difference / 2, 9) * first.difference_std / 10**0.5
    )


def test_a_diverged_seed_has_ended_and_is_counted_at_its_look():
    (found,) = followed([pair(0.02 + NOISE[:15], b={3, 10})], LOOKS)
    # Four pairs after five seeds are too few.
    assert (found.verdict, found.settled_after, found.num_pairs) == ("better", 10, 9)
    assert (found.num_failed_a, found.num_failed_b) == (0, 1)


def test_an_arm_that_diverged_more_is_not_called_better_at_any_look():
    (found,) = followed([pair(0.02 + NOISE[:20], a={3})], LOOKS)
    assert (found.verdict, found.settled_after) == ("survivors differ", None)
    assert (found.num_pairs, found.num_failed_a) == (19, 1)
    (both,) = followed([pair(0.02 + NOISE[:20], a={3}, b={13})], LOOKS)
    assert (both.verdict, both.settled_after) == ("better", 15)


@pytest.mark.parametrize(
    ("num_seeds", "verdict", "settled_after"), [(4, "exploratory", None), (7, "identical", 5)]
)
def test_identical_runs_are_settled_by_the_first_look(num_seeds, verdict, settled_after):
    whole = pair(np.zeros(num_seeds))
    (found,) = followed([Statement(whole.arm_a, whole.arm_b, identical=True)], LOOKS)
    assert (found.verdict, found.settled_after) == (verdict, settled_after)


def test_no_spread_below_that_of_rounding_is_believed():
    (found,) = followed([pair(np.full(5, 0.002))], (5,), resolution=0.002)
    assert found.difference_std == pytest.approx(0.002 / math.sqrt(12))


def test_a_seed_far_from_all_others_is_named_if_the_look_has_it():
    differences = np.r_[30 * NOISE[:20]]
    differences[[7, 18]] = 0.1
    (found,) = followed([pair(differences[:18])], LOOKS)
    assert (found.num_pairs, found.odd_seeds) == (15, (7,))
