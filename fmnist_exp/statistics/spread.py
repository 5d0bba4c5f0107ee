"""How far runs of one condition lie apart, and how far they would if each image were on its own."""

import numpy as np
from scipy import stats

from fmnist_exp.statistics.seeds import CONFIDENCE, NAN


def std_interval(std: float, count: int) -> tuple[float, float]:
    """Interval for the SD of normal values; NaN below two of them.

    Args:
        std: SD of the values, n - 1 in the denominator.
        count: number of values.

    Source:
        (n - 1) s^2 / sigma^2 has a chi-squared distribution with n - 1 degrees of freedom
        (Cochran 1934).
    """
    if count < 2:
        return NAN, NAN
    tail = (1 - CONFIDENCE) / 2
    quantiles = stats.chi2.ppf([1 - tail, tail], count - 1)
    low, high = std * np.sqrt((count - 1) / quantiles)
    return float(low), float(high)


def independent_std(correct: np.ndarray) -> float:
    """SD of the accuracy of runs whose errors on one image say nothing of those on another.

    The sum over images of p (1 - p), p the chance that a run is right, each without bias; where
    p is itself as sure as the answers, it is near sqrt(error / 2N) (Jordan 2023, Calibrated chaos,
    arXiv 2304.01910, section 4).

    Args:
        correct: bool (num_runs, num_images); which answers are right.

    Returns:
        NaN below two runs.
    """
    num_runs, num_images = correct.shape
    if num_runs < 2:
        return NAN
    variances = correct.astype(float).var(axis=0, ddof=1)
    return float(np.sqrt(variances.sum())) / num_images
