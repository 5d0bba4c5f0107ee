"""Statistics of repeated runs: pure functions on arrays, no files and no figures."""

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


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
        return float("nan"), float("nan")
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * spread / np.sqrt(count)
    return mean - half, mean + half
