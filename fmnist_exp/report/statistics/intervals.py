"""Statistics of repeated runs: pure functions on arrays, no files and no figures."""

from functools import cache

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


def wilson_interval(num_hits: int, num_trials: int) -> tuple[float, float]:
    """Wilson's 95 % score interval for a proportion, such as the recall of one class.

    It holds for one fitted model: it knows nothing of the spread over seeds. NaN without a trial.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if num_trials == 0:
        return NAN, NAN
    found = stats.binomtest(num_hits, num_trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
