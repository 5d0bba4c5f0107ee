"""Statistics of which test images the runs get right: pure functions on arrays."""

from functools import lru_cache

import numpy as np

from fmnist_exp.report.statistics.intervals import CONFIDENCE

BATCH = 100  # resamples multiplied at a time, to bound memory


def two_way_interval(
    correct_a: np.ndarray,
    correct_b: np.ndarray,
    *,
    confidence: float = CONFIDENCE,
    num_resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Bootstrap interval of the difference in accuracy for new seeds and new test images.

    Seeds and images are both drawn with replacement, the same ones for both arms. The interval is
    conservative, as the noise of single answers counts twice: nominal 95 % covers 97 to 100 %.

    Args:
        correct_a: bool (num_seeds, num_images); row s of both arms has the same seed.
        correct_b: bool (num_seeds, num_images).
        confidence: nominal confidence of the percentile interval.
        num_resamples: bootstrap samples.
        seed: of the resampling.

    Returns:
        Lower and upper bound of mean(correct_a) - mean(correct_b), as fractions.

    Source:
        Sellam et al. (2022), The MultiBERTs: multi-bootstrap with paired seeds.
    """
    difference = np.asarray(correct_a, dtype=np.float32) - np.asarray(correct_b, dtype=np.float32)
    num_seeds, num_images = difference.shape
    images = _drawn(num_images, num_resamples, seed)
    by_seed = np.concatenate(
        [
            # Numbers of one type are what the fast matrix product takes.
            images[row : row + BATCH].astype(np.float32) @ difference.T
            for row in range(0, num_resamples, BATCH)
        ]
    )
    generator = np.random.default_rng([seed, num_seeds])
    even = np.full(num_seeds, 1 / num_seeds)
    seeds = generator.multinomial(num_seeds, even, size=num_resamples)
    means = (by_seed * seeds).sum(axis=1) / difference.size
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


@lru_cache(maxsize=1)
def _drawn(num_images: int, num_resamples: int, seed: int) -> np.ndarray:
    """How often each resample draws each image; the same ones serve every pair of conditions.

    Returns:
        int (num_resamples, num_images); rows sum to num_images.
    """
    generator = np.random.default_rng(seed)
    counts = np.empty((num_resamples, num_images), dtype=np.uint16)
    for row in counts:
        row[:] = np.bincount(generator.integers(num_images, size=num_images), minlength=num_images)
    return counts


def independent_error_std(correct: np.ndarray) -> float:
    """SD of test accuracy over seeds, if every image were answered independently of the others.

    A seed SD far above it says that whole runs are better or worse; one near 0 says that the
    seeds did not take effect.

    Args:
        correct: bool (num_seeds, num_images).

    Returns:
        sqrt(mean_j p_j (1 - p_j) / num_images), p_j being image j's chance to be right; NaN for
        one seed.

    Source:
        Jordan (2023), Calibrated chaos: variance between runs of neural network training is
        harmless and inevitable. p (1 - p) is estimated without bias, n - 1 in the denominator.
    """
    num_seeds, num_images = correct.shape
    if num_seeds < 2:
        return float("nan")
    return float(np.sqrt(correct.var(axis=0, ddof=1).mean() / num_images))
