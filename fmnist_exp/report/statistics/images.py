"""Statistics of the answers to each test image: pure functions on arrays."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from fmnist_exp.report.statistics.intervals import CONFIDENCE

NUM_BINS = 15


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
