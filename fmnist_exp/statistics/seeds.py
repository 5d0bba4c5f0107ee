"""Statistics of repeated runs, and of two conditions compared seed by seed: pure functions.

Runs of equal seed share the split, the order of the images and, where the initializers allow it,
the random draws. What they share cancels in the difference, so pairs see smaller effects.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy import special

CONFIDENCE = 0.95
MIN_SEEDS = 5  # below which no interval and no verdict is given: every seed is shown instead
ANY, SHARE = (-math.inf, math.inf), (0.0, 1.0)  # what a mean can be; a share is an accuracy or F1
ODD_LEVEL = 0.01  # share of normal differences of which one is called odd
NAN = float("nan")
Seed = Any  # what a pair of runs shares: a number, or several; sortable


class Levels(NamedTuple):
    """What the tests of a statement may be false with."""

    difference: float  # two-sided
    equality: float  # of each of two one-sided tests


def t_interval(
    values: np.ndarray, within: tuple[float, float] = ANY, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Student's t interval for the mean of independent values.

    Args:
        values: float (num_runs,).
        within: what the mean can be; an interval that would leave it ends there.
        confidence: share of such intervals that hold the true mean.

    Returns:
        Lower and upper bound; NaN below `MIN_SEEDS` values.

    Source:
        mean +/- t(1 - (1 - confidence) / 2, n - 1) * s / sqrt(n); Student (1908), The probable
        error of a mean. Bootstrap intervals are too narrow below ten values.
    """
    count = len(values)
    if count < MIN_SEEDS:
        return NAN, NAN
    quantile = t_quantile((1 + confidence) / 2, count - 1)
    mean, half = float(np.mean(values)), quantile * standard_deviation(values) / count**0.5
    return max(mean - half, within[0]), min(mean + half, within[1])


@cache
def t_quantile(share: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t; a report asks for few of them, thousands of times."""
    return float(special.stdtrit(degrees_of_freedom, share))


def standard_deviation(values: np.ndarray) -> float:
    """SD with n - 1; NaN below two values, exactly 0 for equal ones, where rounding could show."""
    if len(values) < 2:
        return NAN
    return float(np.std(values, ddof=1)) if np.ptp(values) else 0.0


def paired_differences(arm_a: Mapping[Seed, float], arm_b: Mapping[Seed, float]) -> np.ndarray:
    """Differences of two arms, seed -> value of the metric: float (num_pairs,), by seed.

    They have twelve decimals: 0.3 - 0.2 and 0.2 - 0.1 differ in the last bits, and a test on that
    spread would be nonsense.
    """
    seeds = sorted(arm_a.keys() & arm_b.keys())
    return np.array([arm_a[seed] - arm_b[seed] for seed in seeds], float).round(12)


def paired_p(differences: np.ndarray, least_std: float = 0.0) -> float:
    """Two-sided p value of the paired t test of no mean difference; NaN below two pairs.

    No SD below `least_std` is believed.

    Differences that are all equal leave no spread to judge by; then p is 1 if they are 0 and 0
    if not, the limits of the t test as the spread vanishes.

    Source:
        Student (1908), The probable error of a mean; as scipy.stats.ttest_rel.
    """
    spread = max(standard_deviation(differences), least_std)
    if np.isnan(spread):
        return NAN
    if spread == 0:
        return float(differences[0] == 0)
    statistic = abs(np.mean(differences)) / spread * len(differences) ** 0.5
    return float(2 * special.stdtr(len(differences) - 1, -statistic))


def measured(differences: np.ndarray, levels: Levels, resolution: float = 0.0) -> dict[str, float]:
    """Both intervals of a mean difference and its p value; empty below `MIN_SEEDS` pairs.

    Args:
        differences: float (num_pairs,).
        levels: what the statement may be false with.
        resolution: the step between values. Rounding to it alone has an SD of step / sqrt(12),
            below which no SD is believed.

    Source:
        Paired t, Student (1908). The interval for a difference is two-sided at its level; that for
        equality at twice its own, so that it lies within a band exactly where two one-sided tests
        at that level are significant (Schuirmann 1987).
    """
    count = len(differences)
    if count < MIN_SEEDS:
        return {}
    least = resolution / 12**0.5
    mean, std = float(np.mean(differences)), max(standard_deviation(differences), least)
    shares = 1 - levels.difference / 2, 1 - levels.equality
    wide, narrow = (t_quantile(share, count - 1) * std / count**0.5 for share in shares)
    return {
        "ci_low": mean - wide,
        "ci_high": mean + wide,
        "equal_low": mean - narrow,
        "equal_high": mean + narrow,
        "p_value": paired_p(differences, least),
        "difference_std": std,
    }


def odd_seeds(
    seeds: Sequence[Seed], differences: np.ndarray, resolution: float = 0.0
) -> tuple[Seed, ...]:
    """The seed whose difference is no part of the others, by `outlier`; none below five pairs.

    Where all others are equal up to rounding, no SD below one `resolution` is believed.
    """
    place = outlier(differences, ODD_LEVEL, least_std=resolution)
    return () if place is None else (seeds[place],)


def outlier(values: np.ndarray, level: float, *, least_std: float = 0.0) -> int | None:
    """Index of the value that is too far from the mean of all to be one of them.

    Args:
        values: float (num_values,).
        level: chance that one of values with a normal distribution is named.
        least_std: an SD below it is not believed.

    Returns:
        None if there is none, also below `MIN_SEEDS` values.

    Source:
        Grubbs (1950), Sample criteria for testing outlying observations.
    """
    count = len(values)
    if count < MIN_SEEDS or not np.ptp(values):
        return None
    away = np.abs(values - np.mean(values)) / max(standard_deviation(values), least_std)
    quantile = t_quantile(1 - level / (2 * count), count - 2)
    limit = (count - 1) / (count * (1 + (count - 2) / quantile**2)) ** 0.5
    place = int(np.argmax(away))
    return place if away[place] > limit else None


def new_images_interval(
    correct_a: np.ndarray, correct_b: np.ndarray, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the difference in accuracy for new seeds and new test images.

    Never narrower than the t interval for new seeds alone.

    Args:
        correct_a: bool (num_seeds, num_images), two seeds or more; row s of both arms has the
            same seed.
        correct_b: bool (num_seeds, num_images).
        confidence: share of such intervals that hold the true difference.

    Returns:
        Lower and upper bound of mean(correct_a) - mean(correct_b), as fractions.

    Source:
        Variance of crossed effects, Owen (2007), The pigeonhole bootstrap; Cameron, Gelbach and
        Miller (2011), Robust inference with multiway clustering; degrees of freedom by
        Satterthwaite (1946).
    """
    differences = np.asarray(correct_a, dtype=float) - correct_b
    num_seeds, num_images = differences.shape
    mean = float(differences.mean())
    by_seed, by_image = differences.mean(axis=1), differences.mean(axis=0)
    rest = differences - by_seed[:, None] - by_image + mean
    of_seeds = by_seed.var(ddof=1) / num_seeds
    of_images = by_image.var(ddof=1) / num_images
    of_rest = (rest**2).sum() / ((num_seeds - 1) * (num_images - 1)) / differences.size
    total = max(of_seeds + of_images - of_rest, of_seeds, of_images)
    if total == 0:
        return mean, mean
    residual = (total - of_seeds) ** 2 / (num_images - 1)
    freedom = total**2 / (of_seeds**2 / (num_seeds - 1) + residual)
    quantiles = special.stdtrit([freedom, num_seeds - 1], (1 + confidence) / 2)
    half = float(np.max(quantiles * np.sqrt([total, of_seeds])))
    return mean - half, mean + half
