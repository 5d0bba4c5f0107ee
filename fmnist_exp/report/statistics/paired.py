"""Two conditions compared seed by seed: pure functions on arrays.

Runs of equal seed share the split, the order of the images and, where the initializers allow it,
the random draws. What they share cancels in the difference, so pairs see smaller effects.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fmnist_exp.report.statistics.intervals import CONFIDENCE, t_interval, wilson_interval

MAX_EXACT = 20  # pairs; 2**20 sign patterns, a few milliseconds


@dataclass(frozen=True)
class Pairs:
    """Values of two arms, joined on the seed.

    Attributes:
        seeds: int (num_pairs,); the seeds that both arms have, ascending.
        values_a: float (num_pairs,); first arm, in the order of `seeds`.
        values_b: float (num_pairs,); second arm.
        unpaired: the seeds of one arm only, ascending.
    """

    seeds: tuple[int, ...]
    values_a: np.ndarray
    values_b: np.ndarray
    unpaired: tuple[int, ...]

    @property
    def differences(self) -> np.ndarray:
        """Float (num_pairs,); first arm minus second, made equal where only rounding differs.

        0.3 - 0.2 and 0.2 - 0.1 differ in the last bits; a test on that spread would be
        nonsense.
        """
        found = self.values_a - self.values_b
        scale = np.abs([self.values_a, self.values_b]).max(initial=0)
        if len(found) and np.ptp(found) <= 32 * np.finfo(float).eps * scale:
            return np.full(len(found), np.median(found))
        return found


@dataclass(frozen=True)
class PairedT:
    """Mean difference, its SD (n - 1 in the denominator), t interval and two-sided p value."""

    mean: float
    std: float
    low: float
    high: float
    p_value: float


def pair_on_seed(
    seeds_a: Sequence[int],
    values_a: Sequence[float],
    seeds_b: Sequence[int],
    values_b: Sequence[float],
) -> Pairs:
    """Join two arms on the seed; the order in which an arm lists its runs means nothing.

    Args:
        seeds_a: int (num_runs_a,); seeds of the first arm, each once.
        values_a: float (num_runs_a,); the metric of each run.
        seeds_b: int (num_runs_b,); seeds of the second arm.
        values_b: float (num_runs_b,).

    Raises:
        ValueError: an arm has a seed twice, so that its partner is not determined.
    """
    arm_a, arm_b = _by_seed(seeds_a, values_a), _by_seed(seeds_b, values_b)
    seeds = sorted(arm_a.keys() & arm_b.keys())
    return Pairs(
        seeds=tuple(seeds),
        values_a=np.array([arm_a[seed] for seed in seeds], dtype=float),
        values_b=np.array([arm_b[seed] for seed in seeds], dtype=float),
        unpaired=tuple(sorted(arm_a.keys() ^ arm_b.keys())),
    )


def _by_seed(seeds: Sequence[int], values: Sequence[float]) -> dict[int, float]:
    repeated = sorted(int(seed) for seed, count in Counter(seeds).items() if count > 1)
    if repeated:
        raise ValueError(
            f"an arm must have each seed once, received twice or more: {repeated}. "
            "A seed that occurs twice has no single partner to be paired with."
        )
    return {int(seed): float(value) for seed, value in zip(seeds, values, strict=True)}


def paired_t(differences: np.ndarray, confidence: float = CONFIDENCE) -> PairedT:
    """Paired t test of no mean difference, with its interval.

    Differences that are all equal leave no spread to judge by; then p is 1 if they are 0 and 0
    if not, the limits of the t test as the spread vanishes. Below two pairs only the mean is
    known, the rest is NaN.

    Args:
        differences: float (num_pairs,).
        confidence: share of such intervals that hold the true mean difference.

    Source:
        Student (1908), The probable error of a mean; as scipy.stats.ttest_rel.
    """
    mean = float(np.mean(differences)) if len(differences) else float("nan")
    std = _std(differences)
    if std > 0:
        statistic = abs(mean) / std * np.sqrt(len(differences))
        p_value = 2 * float(stats.t.sf(statistic, len(differences) - 1))
    else:
        p_value = float("nan") if np.isnan(std) else float(mean == 0)
    return PairedT(mean, std, *t_interval(differences, confidence), p_value)


def sign_flip_p(differences: np.ndarray) -> float:
    """Two-sided p value of the sign-flip test: no assumption but a law symmetric about 0.

    Exact for at most 20 pairs; beyond, 9,999 random sign patterns from a fixed seed. It cannot be
    smaller than 2 / 2**num_pairs, 0.0625 for five pairs. NaN below two pairs.

    Args:
        differences: float (num_pairs,).

    Source:
        Fisher (1935), The design of experiments, section 21. scipy.stats.permutation_test lists
        the patterns one by one, which is too slow beyond 13 pairs; here each pair doubles them.
    """
    if len(differences) < 2:
        return float("nan")
    if len(differences) > MAX_EXACT:
        return _sampled_sign_flip_p(differences)
    sums = differences[:1]  # a sum and its opposite are equally extreme: the first sign is free
    for difference in differences[1:]:
        sums = np.concatenate([sums + difference, sums - difference])
    rounding = 1e-12 * np.abs(differences).sum()
    return float(np.mean(np.abs(sums) >= np.abs(differences.sum()) - rounding))


def _sampled_sign_flip_p(differences: np.ndarray) -> float:
    test = stats.permutation_test(
        (differences,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        batch=2000,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def equivalence_p(differences: np.ndarray, sesoi: float) -> float:
    """P value of two one-sided t tests (TOST): the larger of the two.

    Small values say that the mean difference lies strictly within +/- `sesoi`. Differences that
    are all equal give 0 if they do and 1 if they do not; NaN below two pairs.

    Args:
        differences: float (num_pairs,).
        sesoi: smallest effect of interest, above 0, in the unit of the differences.

    Source:
        Schuirmann (1987), A comparison of the two one-sided tests procedure and the power
        approach; Lakens (2017), Equivalence tests.
    """
    from statsmodels.stats.weightstats import DescrStatsW

    if not sesoi > 0:
        raise ValueError(f"the smallest effect of interest must be above 0, received {sesoi}")
    std = _std(differences)
    if std > 0:
        return float(DescrStatsW(differences).ttost_mean(-sesoi, sesoi)[0])
    return float("nan") if np.isnan(std) else float(abs(differences[0]) >= sesoi)


def d_z(differences: np.ndarray) -> float:
    """Mean difference in units of the SD of the differences.

    It grows as the seeds are paired better, so it is not comparable across designs. 0 for
    differences that are all 0, infinite for others without spread, NaN below two pairs.

    Source:
        Cohen (1988), Statistical power analysis, section 2.3.5.
    """
    std = _std(differences)
    if std == 0:
        return float(np.sign(differences[0]) * np.inf) if differences[0] else 0.0
    return float(np.mean(differences) / std) if std > 0 else float("nan")


def superiority(
    differences: np.ndarray, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Share of seeds in which the first arm has the larger value, with its Wilson interval.

    Args:
        differences: float (num_pairs,).
        confidence: of the interval.

    Returns:
        Share in [0, 1], ties counting one half, lower and upper bound; NaN without pairs.

    Source:
        Grissom & Kim (2012), Effect sizes for research: PS for dependent groups.
    """
    count = len(differences)
    wins = float(np.sum(differences > 0) + np.sum(differences == 0) / 2)
    return (wins / count if count else float("nan"), *wilson_interval(wins, count, confidence))


def _std(differences: np.ndarray) -> float:
    """SD with n - 1; exactly 0 for equal values, where the formula can leave a rounding error."""
    if len(differences) < 2:
        return float("nan")
    return float(np.std(differences, ddof=1)) if np.ptp(differences) else 0.0
