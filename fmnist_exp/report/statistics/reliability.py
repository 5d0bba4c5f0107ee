"""Whether stated probabilities can be believed: pure functions on arrays."""

from dataclasses import dataclass

import numpy as np

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

    Biased upwards, the more so the smaller the bins; arguments as `reliability_curve`.

    Returns:
        Calibration error as a fraction in [0, 1]; 0 is perfectly calibrated.

    Source:
        Guo et al. (2017), On calibration of modern neural networks, section 2, with the bins of
        `reliability_curve`. scikit-learn has no such function.
    """
    curve = reliability_curve(confidence, right, num_bins=num_bins)
    gaps = np.abs(curve.accuracy - curve.confidence)
    return float(np.average(gaps, weights=curve.count))


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared distance of the probabilities from the truth, summed over the classes.

    Args:
        probabilities: float (num_examples, num_classes), maybe in half precision.
        labels: int (num_examples,); class indices in [0, num_classes).

    Returns:
        A number in [0, 2]; 0 is certain and right, 2 certain and wrong.

    Source:
        Brier (1950), Verification of forecasts expressed in terms of probability;
        sklearn.metrics.brier_score_loss.
    """
    from sklearn.metrics import brier_score_loss

    rows = probabilities.astype(np.float64)
    rows /= rows.sum(axis=1, keepdims=True)  # half precision has moved them a little from 1
    classes = np.arange(rows.shape[1])
    return float(brier_score_loss(labels, rows, labels=classes, scale_by_half=False))
