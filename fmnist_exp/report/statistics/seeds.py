"""Statistics of repeated runs, and of two conditions compared seed by seed: pure functions.

Runs of equal seed share the split, the order of the images and, where the initializers allow it,
the random draws. What they share cancels in the difference, so pairs see smaller effects.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
NAN = float("nan")


def t_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Student's t interval for the mean of independent values.

    Args:
        values: float (num_runs,).
        confidence: share of such intervals that hold the true mean.

    Returns:
        Lower and upper bound; NaN below two values, where nothing is known of the spread.

    Source:
        mean +/- t(1 - (1 - confidence) / 2, n - 1) * s / sqrt(n); Student (1908), The probable
        error of a mean. Bootstrap intervals are too narrow below ten values.
    """
    count = len(values)
    if count < 2:
        return NAN, NAN
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = _t_quantile((1 + confidence) / 2, count - 1) * spread / np.sqrt(count)
    return mean - half, mean + half


@cache
def _t_quantile(share: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t; a report asks for few of them, thousands of times."""
    return float(stats.t.ppf(share, degrees_of_freedom))


def described(name: str, values: np.ndarray) -> dict[str, float]:
    """NAME_mean, NAME_std (n - 1 in the denominator), NAME_ci_low and NAME_ci_high of values.

    NaN where there are too few of them.
    """
    low, high = t_interval(values)
    return {
        f"{name}_mean": float(np.mean(values)) if len(values) else NAN,
        f"{name}_std": float(np.std(values, ddof=1)) if len(values) > 1 else NAN,
        f"{name}_ci_low": low,
        f"{name}_ci_high": high,
    }


class Pairs(NamedTuple):
    """Values of two arms, joined on the seed.

    Attributes:
        seeds: the seeds that both arms have, ascending.
        differences: float (num_pairs,); first arm minus second, in the order of `seeds`.
        unpaired: the seeds of one arm only, ascending.
    """

    seeds: tuple[int, ...]
    differences: np.ndarray
    unpaired: tuple[int, ...]


class PairedT(NamedTuple):
    """Mean difference, its SD (n - 1 in the denominator), t interval and two-sided p value."""

    mean: float
    std: float
    low: float
    high: float
    p_value: float


def pair_on_seed(arm_a: Mapping[int, float], arm_b: Mapping[int, float]) -> Pairs:
    """Join two arms, seed -> value of the metric; the order of the runs means nothing.

    Differences that only rounding tells apart are made equal: 0.3 - 0.2 and 0.2 - 0.1 differ in
    the last bits, and a test on that spread would be nonsense.
    """
    seeds = sorted(arm_a.keys() & arm_b.keys())
    values_a, values_b = (np.array([arm[seed] for seed in seeds], float) for arm in (arm_a, arm_b))
    differences = values_a - values_b
    scale = np.abs([values_a, values_b]).max(initial=0)
    if len(seeds) and np.ptp(differences) <= 32 * np.finfo(float).eps * scale:
        differences = np.full(len(seeds), np.median(differences))
    return Pairs(tuple(seeds), differences, tuple(sorted(arm_a.keys() ^ arm_b.keys())))


def paired_t(differences: np.ndarray, confidence: float = CONFIDENCE) -> PairedT:
    """Paired t test of no mean difference, with its interval.

    Differences that are all equal leave no spread to judge by; then p is 1 if they are 0 and 0
    if not, the limits of the t test as the spread vanishes. Below two pairs only the mean is
    known, the rest is NaN.

    Source:
        Student (1908), The probable error of a mean; as scipy.stats.ttest_rel.
    """
    mean = float(np.mean(differences)) if len(differences) else NAN
    std = _std(differences)
    if std > 0:
        statistic = abs(mean) / std * np.sqrt(len(differences))
        p_value = 2 * float(stats.t.sf(statistic, len(differences) - 1))
    else:
        p_value = NAN if np.isnan(std) else float(mean == 0)
    return PairedT(mean, std, *t_interval(differences, confidence), p_value)


def equivalence_p(differences: np.ndarray, sesoi: float) -> float:
    """P value of two one-sided t tests (TOST): the larger of the two.

    Small values say that the mean difference lies strictly within +/- `sesoi`, the smallest effect
    of interest. Differences that are all equal give 0 if they do and 1 if they do not; NaN below
    two pairs or without a `sesoi`.

    Source:
        Schuirmann (1987), A comparison of the two one-sided tests procedure and the power
        approach; Lakens (2017), Equivalence tests. As statsmodels.stats.weightstats.ttost_paired.
    """
    std = _std(differences)
    if np.isnan([std, sesoi]).any():
        return NAN
    if std == 0:
        return float(abs(differences[0]) >= sesoi)
    room = sesoi - abs(np.mean(differences))
    return float(stats.t.sf(room / std * np.sqrt(len(differences)), len(differences) - 1))


def holm(p_values: np.ndarray) -> np.ndarray:
    """P values adjusted so that, at any level, one false rejection in the family is that rare.

    Args:
        p_values: float (num_comparisons,); NaN where there is no test, which then is no member
            of the family.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure; as statsmodels'
        multipletests, which takes a second to import.
    """
    adjusted = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.sum(~np.isnan(p_values))]  # NaN is sorted last
    stepwise = np.arange(len(order), 0, -1) * p_values[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(stepwise), 1)
    return adjusted


def differing_cells(differences: np.ndarray) -> np.ndarray:
    """Which cells of a matrix differ between two conditions, at a false discovery rate of 5 %.

    Args:
        differences: float (num_pairs, num_rows, num_columns).

    Returns:
        bool (num_rows, num_columns); all false below two pairs.

    Source:
        Paired t test of every cell; Benjamini and Hochberg (1995) over all cells.
    """
    if len(differences) < 2:
        return np.zeros(differences.shape[1:], dtype=bool)
    cells = differences.reshape(len(differences), -1).T
    p_values = np.array([paired_t(cell).p_value for cell in cells])
    return (stats.false_discovery_control(p_values) <= 0.05).reshape(differences.shape[1:])


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
    quantiles = stats.t.ppf((1 + confidence) / 2, [freedom, num_seeds - 1])
    half = float(np.max(quantiles * np.sqrt([total, of_seeds])))
    return mean - half, mean + half


def _std(differences: np.ndarray) -> float:
    """SD with n - 1; exactly 0 for equal values, where the formula can leave a rounding error."""
    if len(differences) < 2:
        return NAN
    return float(np.std(differences, ddof=1)) if np.ptp(differences) else 0.0
