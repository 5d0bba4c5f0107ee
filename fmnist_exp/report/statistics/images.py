"""Statistics of the answers to each test image: pure functions on arrays."""

import numpy as np
from scipy import stats

from fmnist_exp.report.statistics.seeds import CONFIDENCE

NUM_BINS = 15


def reliability_curve(
    confidence: np.ndarray, right: np.ndarray, *, num_bins: int = NUM_BINS
) -> np.ndarray:
    """Points of the reliability diagram, in bins of equal mass, in ascending confidence.

    Bins are cut at quantiles of the confidence. Examples of equal confidence share a bin, so the
    order of the examples means nothing; where many tie, there are fewer and larger bins.

    Args:
        confidence: float (num_examples,); probability of the predicted class.
        right: bool (num_examples,); whether that is the label.
        num_bins: number of bins, if no confidences tie.

    Returns:
        float (3, num_bins): mean confidence, share of right predictions and number of examples
        of each bin that is not empty.

    Source:
        Nguyen & O'Connor (2015), Posterior calibration and exploratory analysis for natural
        language processing models: adaptive binning.
    """
    confidence = confidence.astype(np.float64)
    edges = np.quantile(confidence, np.arange(1, num_bins) / num_bins)
    bins = np.searchsorted(edges, confidence)
    count = np.bincount(bins, minlength=num_bins)
    used = count > 0
    sums = np.array([np.bincount(bins, each, num_bins)[used] for each in (confidence, right)])
    return np.vstack([sums / count[used], count[used]])


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
    stated, observed, count = reliability_curve(confidence, right, num_bins=num_bins)
    return float(np.average(np.abs(observed - stated), weights=count))


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
