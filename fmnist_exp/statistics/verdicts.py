"""Verdicts: what a study may say of two arms, decided by the intervals that are shown beside it.

The rules stand fixed before any run. All m statements with a verdict share the level `ALPHA`, each
has ALPHA / m. Of one pair `better` or `worse` can be false only where there is no difference, and
`practically equal` only where there is one of `SESOI` or more; so a study makes any false statement
in at most `ALPHA` of cases (Bonferroni; Dunn 1961). The first rule that applies decides:

- `identical` if the runs are the same in every common seed: no statistics;
- `exploratory` with fewer than five paired seeds: no interval and no verdict;
- `practically equal` if the interval for equality lies within +/- the smallest effect of interest;
- `better` or `worse` if the interval for a difference leaves out 0;
- `survivors differ` in the place of `better` for an arm of which more runs have failed;
- `undecided` else.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

import numpy as np
import pandas as pd

from fmnist_exp.statistics.seeds import (
    MIN_SEEDS,
    paired_differences,
    paired_p,
    standard_deviation,
    t_quantile,
)

ALPHA = 0.05
MIN_PAIRS = MIN_SEEDS
PRIMARY = "test_accuracy"  # the metric of all verdicts; the others are described
SESOI = 0.003  # smallest effect of interest, as a fraction: about one standard error of an accuracy
ODD_MADS = 5  # from the median, in median absolute deviations: such a difference is named
NAN = math.nan


class Verdict(StrEnum):
    """What a comparison says of condition_a against condition_b."""

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "practically equal"
    UNDECIDED = "undecided"
    SURVIVORS = "survivors differ"
    EXPLORATORY = "exploratory"
    IDENTICAL = "identical"
    DESCRIPTIVE = ""


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes:
        name: what a report calls it.
        values: seed -> value of the metric, finite; completed runs only.
        num_failed: runs that ended without a result.
    """

    name: str
    values: Mapping[int, float]
    num_failed: int = 0


@dataclass(frozen=True)
class Statement:
    """Two arms that are compared.

    Attributes:
        arm_a: the arm that the verdict is about.
        arm_b: the arm that it is held against.
        place: levels of the other factors where this holds; empty with one factor.
        identical: whether the runs of both are the same in every common seed.
        descriptive: whether it never has a verdict.
    """

    arm_a: Arm
    arm_b: Arm
    place: str = ""
    identical: bool = False
    descriptive: bool = False

    @property
    def seeds(self) -> list[int]:
        """The seeds that both arms have, ascending."""
        return sorted(self.arm_a.values.keys() & self.arm_b.values.keys())


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two arms on one metric; NaN where a number cannot be had, in the metric's own unit.

    Attributes:
        metric: name of the metric, such as test_accuracy.
        condition_a: the arm that the verdict is about.
        condition_b: the arm that it is held against.
        num_pairs: seeds that both arms have.
        difference_mean: mean of condition_a minus condition_b over the pairs.
        ci_low, ci_high: interval that decides on a difference; those of a family hold together.
        equal_low, equal_high: interval that decides on equality, inside the other.
        p_value: of the paired t test, two-sided, not adjusted.
        verdict: one of `Verdict`.
        place: levels of the other factors where this holds; empty with one factor.
        difference_std: SD of the differences, n - 1 in the denominator.
        num_comparisons: size of its family; m for statements with a verdict.
        num_failed_a, num_failed_b: runs of each arm that ended without a result.
        odd_seeds: seeds whose difference lies far from all others.
    """

    metric: str
    condition_a: str
    condition_b: str
    num_pairs: int
    difference_mean: float
    ci_low: float = NAN
    ci_high: float = NAN
    equal_low: float = NAN
    equal_high: float = NAN
    p_value: float = NAN
    verdict: Verdict
    place: str
    difference_std: float = NAN
    num_comparisons: int
    num_failed_a: int = 0
    num_failed_b: int = 0
    odd_seeds: tuple[int, ...] = ()

    @property
    def is_descriptive(self) -> bool:
        """Whether it makes no statement that could be false."""
        return self.verdict == Verdict.DESCRIPTIVE


def compare(
    statements: Sequence[Statement], metric: str = PRIMARY, *, resolution: float = 0.0
) -> list[Comparison]:
    """Compare arms on one metric; verdicts are given on the primary metric alone.

    Args:
        statements: what is compared with what.
        metric: what `Arm.values` are; more is better of the primary metric.
        resolution: the step between values that the metric can have, 1 / images for an accuracy.
            Rounding to it alone has an SD of step / sqrt(12), below which no SD is believed.
    """
    joined = [paired_differences(each.arm_a.values, each.arm_b.values) for each in statements]
    families = Counter(
        _family(each)
        for each, differences in zip(statements, joined, strict=True)
        if len(differences) >= MIN_PAIRS and not each.identical
    )
    found = []
    for each, differences in zip(statements, joined, strict=True):
        num_comparisons = families[_family(each)]
        level = ALPHA / max(num_comparisons, 1)
        numbers = {} if each.identical else measured(differences, level, resolution)
        comparison = Comparison(
            metric=metric,
            condition_a=each.arm_a.name,
            condition_b=each.arm_b.name,
            place=each.place,
            num_pairs=len(differences),
            difference_mean=0.0 if each.identical else _mean(differences),
            **numbers,
            verdict=Verdict.DESCRIPTIVE,
            num_comparisons=num_comparisons,
            num_failed_a=each.arm_a.num_failed,
            num_failed_b=each.arm_b.num_failed,
            odd_seeds=odd_seeds(each.seeds, differences, resolution),
        )
        if metric == PRIMARY and not each.descriptive:
            verdict = Verdict.IDENTICAL if each.identical else _verdict(comparison)
            comparison = replace(comparison, verdict=verdict)
        found.append(comparison)
    return found


def _family(statement: Statement) -> str | None:
    """All statements with a verdict are one family; those that describe have one of each kind."""
    return statement.place if statement.descriptive else None


def measured(differences: np.ndarray, level: float, resolution: float = 0.0) -> dict[str, float]:
    """Both intervals of a mean difference and its p value; empty below `MIN_PAIRS` pairs.

    Args:
        differences: float (num_pairs,).
        level: what the statement may be false with.
        resolution: as `compare` takes it.

    Source:
        Paired t, Student (1908). The interval for a difference is two-sided at `level`; that for
        equality at twice that, so that it lies within a band exactly where two one-sided tests
        at `level` are significant (Schuirmann 1987).
    """
    count = len(differences)
    if count < MIN_PAIRS:
        return {}
    least = resolution / math.sqrt(12)
    mean, std = _mean(differences), max(standard_deviation(differences), least)
    error = std / math.sqrt(count)
    wide, narrow = (t_quantile(share, count - 1) * error for share in (1 - level / 2, 1 - level))
    return {
        "ci_low": mean - wide,
        "ci_high": mean + wide,
        "equal_low": mean - narrow,
        "equal_high": mean + narrow,
        "p_value": paired_p(differences, least),
        "difference_std": std,
    }


def odd_seeds(
    seeds: Sequence[int], differences: np.ndarray, resolution: float = 0.0
) -> tuple[int, ...]:
    """Seeds whose difference lies more than five median absolute deviations from the median.

    None below five pairs. A deviation counts as one `resolution` at least.
    """
    if len(differences) < MIN_PAIRS:
        return ()
    away = np.abs(differences - np.median(differences))
    far = away > ODD_MADS * max(float(np.median(away)), resolution)
    return tuple(seed for seed, is_far in zip(seeds, far, strict=True) if is_far)


def _verdict(comparison: Comparison) -> Verdict:
    if comparison.num_pairs < MIN_PAIRS:
        return Verdict.EXPLORATORY
    if comparison.equal_low > -SESOI and comparison.equal_high < SESOI:
        return Verdict.EQUAL
    if comparison.ci_low <= 0 <= comparison.ci_high:
        return Verdict.UNDECIDED
    is_better = comparison.difference_mean > 0
    more_failed = comparison.num_failed_a - comparison.num_failed_b
    if (more_failed if is_better else -more_failed) > 0:
        return Verdict.SURVIVORS
    return Verdict.BETTER if is_better else Verdict.WORSE


def comparison_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row per comparison, columns as the attributes and `descriptive`; seeds as text."""
    rows = [
        asdict(each)
        | {
            "verdict": str(each.verdict),
            "descriptive": each.is_descriptive,
            "odd_seeds": " ".join(map(str, each.odd_seeds)),
        }
        for each in comparisons
    ]
    names = [each.name for each in fields(Comparison)]
    return pd.DataFrame(rows, columns=[*names, "descriptive"])


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else NAN
