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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from itertools import combinations

import numpy as np
import pandas as pd

from fmnist_exp.report.statistics import seeds
from fmnist_exp.report.statistics.seeds import PairedT, holm

ALPHA = 0.05
MIN_PAIRS = 5
MAX_CONDITIONS = 8  # of which all pairs are compared, 28; more are compared with the baseline
# Smallest effect of interest, as a fraction: about one standard error of a test accuracy.
SESOI = dict.fromkeys(["test_accuracy", "validation_accuracy", "train_accuracy"], 0.003)
Relation = Callable[[str, str], bool]  # between two conditions
NOT_TESTED = PairedT(0.0, *[math.nan] * 4)  # of runs that are identical
HIGHER_IS_BETTER = {"accuracy": True, "loss": False}  # by the last word of a metric


class Verdict(StrEnum):
    """What a comparison says of condition_a against condition_b."""

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "practically equal"
    UNDECIDED = "undecided"
    EXPLORATORY = "exploratory"
    IDENTICAL = "identical"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two conditions on one metric; NaN where a number cannot be had, in the metric's own unit.

    Of runs that are identical there are no statistics: nothing varies.

    Attributes:
        metric: name of the metric, such as test_accuracy.
        condition_a: the condition that the verdict is about.
        condition_b: the condition that it is held against.
        num_pairs: seeds that both conditions have.
        difference_mean: mean of condition_a minus condition_b over the pairs.
        ci_low: lower bound of the interval; all intervals of a family hold together in 95 %.
        ci_high: upper bound.
        p_value: of the paired t test, two-sided.
        p_value_holm: the same, adjusted for all comparisons of the family.
        verdict: one of `Verdict`.
        difference_std: SD of the differences, n - 1 in the denominator.
        sesoi: smallest effect of interest; NaN if the metric has none.
        p_value_equivalence: of the two one-sided tests against +/- sesoi.
        p_value_equivalence_holm: the same, adjusted for all comparisons of the family.
        num_comparisons: size of the family.
        unpaired_seeds: seeds that only one of the two has, left out.
    """

    metric: str
    condition_a: str
    condition_b: str
    num_pairs: int
    difference_mean: float
    ci_low: float
    ci_high: float
    p_value: float
    p_value_holm: float
    verdict: Verdict
    difference_std: float
    sesoi: float
    p_value_equivalence: float
    p_value_equivalence_holm: float
    num_comparisons: int
    unpaired_seeds: tuple[int, ...]


def comparison_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row per comparison, columns as the attributes; unpaired seeds as text."""
    rows = [
        asdict(each)
        | {"verdict": str(each.verdict), "unpaired_seeds": " ".join(map(str, each.unpaired_seeds))}
        for each in comparisons
    ]
    return pd.DataFrame(rows, columns=[field.name for field in fields(Comparison)])


def compare(
    values: Mapping[str, Mapping[int, float]],
    metric: str,
    *,
    baseline: str | None = None,
    sesoi: float | None = None,
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
        values: condition -> seed -> value of the metric, finite; completed runs only.
        metric: its last word says which direction is better, see `HIGHER_IS_BETTER`.
        baseline: one of the conditions, that the others are held against; None compares all pairs.
        sesoi: smallest effect of interest, fixed before the runs, see `SESOI`; without it nothing
            is `practically equal`.
        comparable: whether two conditions may be compared, as they share data and engine.
        identical: whether the runs of two conditions are the same in every common seed.
    """
    joined = {
        (name_a, name_b): seeds.pair_on_seed(values[name_a], values[name_b])
        for name_a, name_b in _compared(list(values), baseline, comparable)
    }
    same = {names for names in joined if identical(*names)}
    family = sum(len(pairs.seeds) > 1 for names, pairs in joined.items() if names not in same)
    alpha = ALPHA / max(family, 1)  # Dunn (1961): all intervals hold together
    measured = []
    for (name_a, name_b), pairs in joined.items():
        is_same = (name_a, name_b) in same
        test = NOT_TESTED if is_same else seeds.paired_t(pairs.differences, 1 - alpha)
        bound = math.nan if sesoi is None else sesoi
        equivalence = math.nan if is_same else seeds.equivalence_p(pairs.differences, bound)
        comparison = Comparison(
            metric=metric,
            condition_a=name_a,
            condition_b=name_b,
            num_pairs=len(pairs.seeds),
            difference_mean=test.mean,
            ci_low=test.low,
            ci_high=test.high,
            p_value=test.p_value,
            p_value_holm=math.nan,
            verdict=Verdict.IDENTICAL if is_same else Verdict.UNDECIDED,
            difference_std=test.std,
            sesoi=bound,
            p_value_equivalence=equivalence,
            p_value_equivalence_holm=math.nan,
            num_comparisons=family,
            unpaired_seeds=pairs.unpaired,
        )
        measured.append(comparison)
    return _judged(measured)


def _compared(
    conditions: Sequence[str], baseline: str | None, comparable: Relation
) -> list[tuple[str, str]]:
    """Pairs (condition_a, condition_b) that are compared."""
    if baseline is None and len(conditions) <= MAX_CONDITIONS:
        pairs = [(later, earlier) for earlier, later in combinations(conditions, 2)]
    else:
        pairs = [
            (each, baseline or next(first for first in conditions if comparable(each, first)))
            for each in conditions
        ]
    return [pair for pair in pairs if pair[0] != pair[1] and comparable(*pair)]


def _judged(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Adjust the two families of p values, and give the verdicts."""
    different = holm(np.array([each.p_value for each in comparisons]))
    equal = holm(np.array([each.p_value_equivalence for each in comparisons]))
    adjusted = [
        replace(each, p_value_holm=float(p_different), p_value_equivalence_holm=float(p_equal))
        for each, p_different, p_equal in zip(comparisons, different, equal, strict=True)
    ]
    return [replace(each, verdict=_verdict(each)) for each in adjusted]


def _verdict(comparison: Comparison) -> Verdict:
    if comparison.verdict == Verdict.IDENTICAL:
        return Verdict.IDENTICAL
    if comparison.num_pairs < MIN_PAIRS:
        return Verdict.EXPLORATORY
    if comparison.p_value_equivalence_holm <= ALPHA:  # not so if it is NaN
        return Verdict.EQUAL
    if comparison.p_value_holm <= ALPHA:
        is_higher = comparison.difference_mean > 0
        higher_is_better = HIGHER_IS_BETTER[comparison.metric.rpartition("_")[2]]
        return Verdict.BETTER if is_higher == higher_is_better else Verdict.WORSE
    return Verdict.UNDECIDED
