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

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from fmnist_exp.statistics.seeds import (
    MIN_SEEDS,
    NAN,
    Levels,
    Seed,
    measured,
    odd_seeds,
    paired_differences,
)

ALPHA = 0.05
MIN_PAIRS = MIN_SEEDS
MAX_LEVELS = 8  # of a factor, of which all pairs are compared: 28
PRIMARY = "test_accuracy"  # the metric of all verdicts; the others are described
SESOI = 0.003  # smallest effect of interest, as a fraction: about one standard error of an accuracy


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


SAME = (Verdict.EQUAL, Verdict.IDENTICAL)
SETTLED = {Verdict.BETTER, Verdict.WORSE, *SAME}


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes:
        name: what a report calls it.
        values: seed -> value of the metric, finite; completed runs only.
        num_failed: runs that ended without a result.
        diverged: seeds whose run has diverged.
    """

    name: str
    values: Mapping[Seed, float]
    num_failed: int = 0
    diverged: frozenset[Seed] = frozenset()


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
    def seeds(self) -> list[Seed]:
        """The seeds that both arms have, ascending."""
        return sorted(self.arm_a.values.keys() & self.arm_b.values.keys())


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two arms on one metric; NaN where a number cannot be had, in the metric's own unit.

    Attributes:
        metric: name of the metric, such as test_accuracy.
        condition_a, condition_b: the arm that the verdict is about; what it is held against.
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
        look: planned seeds of the look that is shown; None without planned looks.
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
    odd_seeds: tuple[Seed, ...] = ()
    look: int | None = None

    @property
    def settled_after(self) -> int | None:
        """Planned seeds at the look that settled it, whose verdict stands."""
        return self.look if self.verdict in SETTLED else None

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
    counted = [each for each in statements if len(each.seeds) >= MIN_PAIRS and not each.identical]
    families = Counter(map(_family, counted))
    found = []
    for each in statements:
        num_comparisons = families[_family(each)]
        level = ALPHA / max(num_comparisons, 1)
        found.append(compared(each, Levels(level, level), num_comparisons, metric, resolution))
    return found


def _family(statement: Statement) -> str | None:
    """All statements with a verdict are one family; those that describe have one of each kind."""
    return statement.place if statement.descriptive else None


def compared(
    statement: Statement,
    levels: Levels,
    num_comparisons: int,
    metric: str = PRIMARY,
    resolution: float = 0.0,
) -> Comparison:
    """One statement at its own levels, as a member of a family of `num_comparisons`."""
    first, second = statement.arm_a, statement.arm_b
    differences = paired_differences(first.values, second.values)
    numbers = {} if statement.identical else measured(differences, levels, resolution)
    comparison = Comparison(
        metric=metric,
        condition_a=first.name,
        condition_b=second.name,
        place=statement.place,
        num_pairs=len(differences),
        difference_mean=float(np.mean(differences)) if len(differences) else NAN,
        **numbers,
        verdict=Verdict.DESCRIPTIVE,
        num_comparisons=num_comparisons,
        num_failed_a=first.num_failed,
        num_failed_b=second.num_failed,
        odd_seeds=odd_seeds(statement.seeds, differences, resolution),
        look=None,
    )
    if metric != PRIMARY or statement.descriptive:
        return comparison
    verdict = Verdict.IDENTICAL if statement.identical else by_intervals(comparison)
    return replace(comparison, verdict=verdict)


def more_is_better(metric: str) -> bool:
    """Whether a metric is an accuracy, not a loss."""
    return metric.endswith("accuracy")


def by_intervals(comparison: Comparison) -> Verdict:
    """What the intervals of a comparison say; only that of the primary metric is a verdict."""
    if comparison.num_pairs < MIN_PAIRS:
        return Verdict.EXPLORATORY
    is_small = comparison.equal_low > -SESOI and comparison.equal_high < SESOI
    if is_small and comparison.metric == PRIMARY:
        return Verdict.EQUAL
    if comparison.ci_low <= 0 <= comparison.ci_high:
        return Verdict.UNDECIDED
    is_better = (comparison.difference_mean > 0) == more_is_better(comparison.metric)
    more_failed = comparison.num_failed_a - comparison.num_failed_b
    if (more_failed if is_better else -more_failed) > 0:
        return Verdict.SURVIVORS
    return Verdict.BETTER if is_better else Verdict.WORSE
