"""Verdicts: conditions compared pair by pair on one metric.

The rules stand fixed before any run, and the intervals decide. The level of 5 % is shared equally
by all m comparisons of a metric (Bonferroni). For every pair of conditions shown:

- `identical` if their runs are the same in every common seed: no statistics;
- `exploratory` with fewer than five paired seeds: no verdict;
- `practically equal` if the interval for equality lies within +/- the smallest effect of interest;
- else `better` or `worse` if the interval of the difference does not hold 0;
- else `undecided`, with what could have been seen and the seeds that would settle it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from itertools import combinations

import numpy as np
import pandas as pd

from fmnist_exp.report.statistics.seeds import (
    NAN,
    paired_differences,
    paired_p,
    standard_deviation,
    t_interval,
)

ALPHA = 0.05
MIN_PAIRS = 5
MAX_CONDITIONS = 8  # of which all pairs are compared, 28; more are compared with the baseline
# Smallest effect of interest, as a fraction: about one standard error of a test accuracy. Without
# one nothing is `practically equal`.
SESOI = {"test_accuracy": 0.003}
HIGHER_IS_BETTER = {"test_accuracy": True, "test_loss": False}
Relation = Callable[[str, str], bool]  # between two conditions


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
    """Two conditions on one metric, in its own unit; NaN where a number cannot be had.

    Of runs that are identical there are no statistics: nothing varies.

    Attributes:
        metric: name of the metric, such as test_accuracy.
        condition_a: the condition that the verdict is about.
        condition_b: the condition that it is held against.
        num_pairs: seeds that both conditions have.
        difference_mean: mean of condition_a minus condition_b over the pairs.
        ci_low: lower bound of the interval that decides on a difference; all intervals of a
            family hold together in 95 %.
        ci_high: upper bound.
        equal_low: lower bound of the interval that decides on equality: the two one-sided tests
            at the same level (Schuirmann 1987) as an interval of twice that level.
        equal_high: upper bound.
        p_value: of the paired t test, two-sided, not adjusted.
        verdict: one of `Verdict`.
        difference_std: SD of the differences, n - 1 in the denominator.
        num_comparisons: size of the family.
    """

    metric: str
    condition_a: str
    condition_b: str
    num_pairs: int
    difference_mean: float
    ci_low: float
    ci_high: float
    equal_low: float
    equal_high: float
    p_value: float
    verdict: Verdict
    difference_std: float
    num_comparisons: int


def comparison_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row per comparison, columns as the attributes."""
    columns = [field.name for field in fields(Comparison)]
    return pd.DataFrame(map(asdict, comparisons), columns=columns)


def compare(
    values: Mapping[str, Mapping[int, float]],
    metric: str,
    *,
    baseline: str | None = None,
    comparable: Relation = lambda a, b: True,
    identical: Relation = lambda a, b: False,
) -> list[Comparison]:
    """Compare conditions on one metric: all pairs, or each with the baseline.

    The comparisons returned are the family that shares the level, but for those without a test: of
    fewer than two pairs, or of identical runs. All pairs that are comparable are compared, the
    later condition against the earlier, unless a baseline is given or there are more than eight
    conditions: then each is compared with the baseline, by default the first condition that it is
    comparable with.

    Differences and equality have 5 % each, since they can be wrong in opposite states of the
    world: `better` or `worse` is false where the true difference is 0, `practically equal` where it
    is the smallest effect of interest or more. No comparison can be in both states.

    Args:
        values: condition -> seed -> value of the metric, finite; completed runs only.
        metric: one of `HIGHER_IS_BETTER`.
        baseline: one of the conditions, that the others are held against; None compares all pairs.
        comparable: whether two conditions may be compared, as they share data and engine.
        identical: whether the runs of two conditions are the same in every common seed.
    """
    pairs = _compared(list(values), baseline, comparable)
    differences = {(a, b): paired_differences(values[a], values[b]) for a, b in pairs}
    same = {pair for pair in pairs if identical(*pair)}
    family = sum(len(differences[pair]) > 1 and pair not in same for pair in pairs)
    alpha = ALPHA / max(family, 1)  # Dunn (1961): all intervals hold together
    found = []
    for pair, every in differences.items():
        tested = every[: 1 if pair in same else None]  # of one value nothing but the mean is known
        (low, high), equal = t_interval(tested, 1 - alpha), t_interval(tested, 1 - 2 * alpha)
        verdict = _verdict(metric, len(every), (low, high), equal)
        comparison = Comparison(
            metric=metric,
            condition_a=pair[0],
            condition_b=pair[1],
            num_pairs=len(every),
            difference_mean=float(np.mean(tested)) if len(tested) else NAN,
            ci_low=low,
            ci_high=high,
            equal_low=equal[0],
            equal_high=equal[1],
            p_value=paired_p(tested),
            verdict=Verdict.IDENTICAL if pair in same else verdict,
            difference_std=standard_deviation(tested),
            num_comparisons=family,
        )
        found.append(comparison)
    return found


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


def _verdict(
    metric: str, num_pairs: int, different: tuple[float, float], equal: tuple[float, float]
) -> Verdict:
    """What the two intervals of a difference say."""
    if num_pairs < MIN_PAIRS:
        return Verdict.EXPLORATORY
    bound = SESOI.get(metric, 0.0)
    if -bound < equal[0] and equal[1] < bound:
        return Verdict.EQUAL
    if not (different[0] > 0 or different[1] < 0):
        return Verdict.UNDECIDED
    return Verdict.BETTER if (different[0] > 0) == HIGHER_IS_BETTER[metric] else Verdict.WORSE
