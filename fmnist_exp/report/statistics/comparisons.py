"""What a comparison of two conditions holds, and the table of many."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

import pandas as pd


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
        minimum_detectable: true difference that would be found with 80 % power.
        seeds_needed: paired seeds that tell a difference of sesoi from none; see `power`.
        num_comparisons: size of the family.
        unpaired_seeds: seeds that only one of the two has, left out.
    """

    metric: str
    condition_a: str
    condition_b: str
    num_pairs: int
    difference_mean: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    p_value_holm: float = math.nan
    verdict: Verdict
    difference_std: float = math.nan
    sesoi: float = math.nan
    p_value_equivalence: float = math.nan
    p_value_equivalence_holm: float = math.nan
    minimum_detectable: float = math.nan
    seeds_needed: float = math.nan
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
