"""Verdicts: conditions compared pair by pair on one metric.

The rules stand fixed before any run. For every pair of conditions shown:

- `identical` if their runs are the same in every common seed: no statistics;
- `exploratory` with fewer than five paired seeds: no verdict;
- `practically equal` if two one-sided tests put the difference within +/- the smallest effect of
  interest (Holm);
- else `better` or `worse` if the paired t test finds a difference (Holm);
- else `undecided`, with what could have been seen and the seeds that would settle it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from fmnist_exp.report.statistics import paired, power
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict
from fmnist_exp.report.statistics.intervals import holm, simultaneous_confidence

ALPHA = 0.05
MIN_PAIRS = 5
MAX_CONDITIONS = 8  # of which all pairs are compared, 28; more are compared with the baseline
# Smallest effect of interest, as a fraction: about one standard error of a test accuracy.
SESOI = dict.fromkeys(["test_accuracy", "validation_accuracy", "train_accuracy"], 0.003)
Relation = Callable[[str, str], bool]  # between two conditions
HIGHER_IS_BETTER = {"accuracy": True, "loss": False, "error": False, "seconds": False}


def compare(
    values: Mapping[str, Mapping[int, float]],
    metric: str,
    *,
    baseline: str | None = None,
    sesoi: float | None = None,
    sign_flip: bool = True,
    comparable: Relation = lambda a, b: True,
    identical: Relation = lambda a, b: False,
) -> list[Comparison]:
    """Compare conditions on one metric: all pairs, or each with the baseline.

    The comparisons returned are the family over which Holm and the intervals are adjusted, but
    for those without a test: of fewer than two pairs, or of identical runs. All pairs that are
    comparable are compared, the later condition against the earlier, unless a baseline is given or
    there are more than eight conditions: then each is compared with the baseline, by default the
    first condition that it is comparable with.

    Differences and equivalence are two families, each adjusted on its own at 5 %, since they can
    be wrong in opposite states of the world: `better` or `worse` is false where the true
    difference is 0, `practically equal` where it is `sesoi` or more. No comparison can be in both
    states, so neither family needs to pay for the other; each kind of false verdict occurs in at
    most 5 % of studies.

    Args:
        values: condition -> seed -> value of the metric; completed runs only.
        metric: its last word says which direction is better, see `HIGHER_IS_BETTER`.
        baseline: the condition that the others are held against; None compares all pairs.
        sesoi: smallest effect of interest, fixed before the runs, see `SESOI`; without it nothing
            is `practically equal`.
        sign_flip: whether to run the sign-flip test, which no verdict depends on.
        comparable: whether two conditions may be compared, as they share data and engine.
        identical: whether the runs of two conditions are the same in every common seed.

    Raises:
        ValueError: the baseline is not a condition, the metric's direction is unknown, or a value
            is not finite.
    """
    sign = 1 if higher_is_better(metric) else -1
    _check_finite(values)
    joined = {
        (name_a, name_b): _join(values[name_a], values[name_b])
        for name_a, name_b in _compared(list(values), baseline, comparable)
    }
    same = {names for names in joined if identical(*names)}
    family = sum(len(pairs.seeds) > 1 for names, pairs in joined.items() if names not in same)
    measured = [
        _identical(metric, names, pairs, family, sesoi)
        if names in same
        else _measure(metric, names, pairs, family, sesoi, sign_flip)
        for names, pairs in joined.items()
    ]
    return _judge(measured, sign)


def higher_is_better(metric: str) -> bool:
    """Direction of a metric, by the last word of its name; see `HIGHER_IS_BETTER`."""
    word = metric.rpartition("_")[2]
    if word not in HIGHER_IS_BETTER:
        known = ", ".join(f"*_{word}" for word in HIGHER_IS_BETTER)
        raise ValueError(f"which direction of {metric} is better is not known; known are {known}")
    return HIGHER_IS_BETTER[word]


def _compared(
    conditions: Sequence[str], baseline: str | None, comparable: Relation
) -> list[tuple[str, str]]:
    """Pairs (condition_a, condition_b) that are compared."""
    if baseline is not None and baseline not in conditions:
        raise ValueError(
            f"the baseline must be one of the conditions, received {baseline!r}; "
            f"the conditions are {', '.join(map(repr, conditions))}"
        )
    if baseline is None and len(conditions) <= MAX_CONDITIONS:
        pairs = [(later, earlier) for earlier, later in combinations(conditions, 2)]
    elif baseline is None:
        pairs = [
            (condition, next(first for first in conditions if comparable(condition, first)))
            for condition in conditions
        ]
    else:
        pairs = [(condition, baseline) for condition in conditions]
    return [pair for pair in pairs if pair[0] != pair[1] and comparable(*pair)]


def _check_finite(values: Mapping[str, Mapping[int, float]]) -> None:
    bad = [
        f"{condition!r}, seed {seed}: {value}"
        for condition, runs in values.items()
        for seed, value in runs.items()
        if not math.isfinite(value)
    ]
    if bad:
        raise ValueError(
            f"only finite values can be compared, received {'; '.join(bad)}. "
            "Leave diverged runs out and count them elsewhere."
        )


def _join(arm_a: Mapping[int, float], arm_b: Mapping[int, float]) -> paired.Pairs:
    return paired.pair_on_seed(list(arm_a), list(arm_a.values()), list(arm_b), list(arm_b.values()))


def _identical(
    metric: str, names: tuple[str, str], pairs: paired.Pairs, family: int, sesoi: float | None
) -> Comparison:
    """A comparison of runs that are the same: there is nothing to test."""
    return Comparison(
        metric=metric,
        condition_a=names[0],
        condition_b=names[1],
        num_pairs=len(pairs.seeds),
        difference_mean=0.0,
        verdict=Verdict.IDENTICAL,
        sesoi=math.nan if sesoi is None else sesoi,
        num_comparisons=family,
        unpaired_seeds=pairs.unpaired,
    )


def _measure(
    metric: str,
    names: tuple[str, str],
    pairs: paired.Pairs,
    family: int,
    sesoi: float | None,
    sign_flip: bool,
) -> Comparison:
    """Everything about one comparison but what depends on the others: verdict and adjusted p."""
    differences = pairs.differences
    test = paired.paired_t(differences, simultaneous_confidence(family))
    improvements = differences if higher_is_better(metric) else -differences
    share, share_low, share_high = paired.superiority(improvements)
    detectable, seeds = _plan(test.std, len(differences), family, sesoi)
    return Comparison(
        metric=metric,
        condition_a=names[0],
        condition_b=names[1],
        num_pairs=len(differences),
        difference_mean=test.mean,
        ci_low=test.low,
        ci_high=test.high,
        p_value=test.p_value,
        verdict=Verdict.EXPLORATORY,
        difference_std=test.std,
        d_z=paired.d_z(differences),
        superiority=share,
        superiority_low=share_low,
        superiority_high=share_high,
        p_value_sign_flip=paired.sign_flip_p(differences) if sign_flip else math.nan,
        sesoi=math.nan if sesoi is None else sesoi,
        p_value_equivalence=math.nan if sesoi is None else paired.equivalence_p(differences, sesoi),
        minimum_detectable=detectable,
        seeds_needed=seeds,
        num_comparisons=family,
        unpaired_seeds=pairs.unpaired,
    )


def _plan(std: float, num_pairs: int, family: int, sesoi: float | None) -> tuple[float, float]:
    """Minimum detectable difference and seeds needed; the SD of few pairs is no ground for them."""
    if num_pairs < MIN_PAIRS:
        return math.nan, math.nan
    alpha = ALPHA / family
    seeds = math.nan if sesoi is None else power.seeds_to_settle(std, sesoi, alpha)
    return power.minimum_detectable(std, num_pairs, alpha), seeds


def _judge(comparisons: Sequence[Comparison], sign: int) -> list[Comparison]:
    """Adjust the two families of p values, and give the verdicts."""
    different = holm(np.array([each.p_value for each in comparisons]))
    equal = holm(np.array([each.p_value_equivalence for each in comparisons]))
    return [
        replace(
            each,
            p_value_holm=float(p_different),
            p_value_equivalence_holm=float(p_equal),
            verdict=_verdict(each, p_different, p_equal, sign),
        )
        for each, p_different, p_equal in zip(comparisons, different, equal, strict=True)
    ]


def _verdict(comparison: Comparison, p_different: float, p_equal: float, sign: int) -> Verdict:
    if comparison.verdict == Verdict.IDENTICAL:
        return comparison.verdict
    if comparison.num_pairs < MIN_PAIRS:
        return Verdict.EXPLORATORY
    if p_equal <= ALPHA:  # not so if it is NaN
        return Verdict.EQUAL
    if p_different <= ALPHA:
        return Verdict.BETTER if sign * comparison.difference_mean > 0 else Verdict.WORSE
    return Verdict.UNDECIDED
