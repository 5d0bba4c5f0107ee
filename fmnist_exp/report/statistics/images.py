"""Statistics of the answers to each test image: pure functions on arrays."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fmnist_exp.report.statistics.intervals import CONFIDENCE

NUM_BINS = 15
NUM_RESAMPLES = 2000
BATCH = 100  # resamples multiplied at a time, to bound memory


@dataclass(frozen=True)
class Reliability:
    """Confidence against accuracy, bin by bin, in ascending confidence; no bin is empty.

    Attributes:
        confidence: float (num_bins,); mean probability of the predicted class.
        accuracy: float (num_bins,); share of right predictions.
        count: int (num_bins,); examples in each bin.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


def reliability_curve(
    confidence: np.ndarray, right: np.ndarray, *, num_bins: int = NUM_BINS
) -> Reliability:
    """Points of the reliability diagram, in bins of equal mass.

    Bins are cut at quantiles of the confidence. Examples of equal confidence share a bin, so the
    order of the examples means nothing; where many tie, there are fewer and larger bins.

    Args:
        confidence: float (num_examples,); probability of the predicted class.
        right: bool (num_examples,); whether that is the label.
        num_bins: number of bins, if no confidences tie.

    Source:
        Nguyen & O'Connor (2015), Posterior calibration and exploratory analysis for natural
        language processing models: adaptive binning.
    """
    confidence = confidence.astype(np.float64)
    edges = np.quantile(confidence, np.arange(1, num_bins) / num_bins)
    bins = np.searchsorted(edges, confidence)
    count = np.bincount(bins, minlength=num_bins)
    used = count > 0
    return Reliability(
        confidence=np.bincount(bins, confidence, num_bins)[used] / count[used],
        accuracy=np.bincount(bins, right, num_bins)[used] / count[used],
        count=count[used],
    )


def expected_calibration_error(
    confidence: np.ndarray, right: np.ndarray, *, num_bins: int = NUM_BINS
) -> float:
    """Average gap between stated confidence and observed accuracy, in bins of equal mass.

    A fraction in [0, 1]; 0 is perfectly calibrated. Biased upwards, the more so the smaller the
    bins; arguments as `reliability_curve`.

    Source:
        Guo et al. (2017), On calibration of modern neural networks, section 2, with the bins of
        `reliability_curve`. scikit-learn has no such function.
    """
    curve = reliability_curve(confidence, right, num_bins=num_bins)
    gaps = np.abs(curve.accuracy - curve.confidence)
    return float(np.average(gaps, weights=curve.count))


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance of the probabilities from the truth, summed over the classes.

    A number in [0, 2]; 0 is certain and right, 2 certain and wrong.

    Args:
        probabilities: float (num_examples, num_classes), maybe in half precision.
        labels: int (num_examples,); class indices in [0, num_classes).

    Source:
        Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    rows = probabilities.astype(np.float64)
    rows /= rows.sum(axis=1, keepdims=True)  # half precision has moved them a little from 1
    rows[np.arange(len(rows)), labels] -= 1
    return float((rows**2).sum(axis=1).mean())


def two_way_interval(
    correct_a: np.ndarray,
    correct_b: np.ndarray,
    *,
    confidence: float = CONFIDENCE,
    num_resamples: int = NUM_RESAMPLES,
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
