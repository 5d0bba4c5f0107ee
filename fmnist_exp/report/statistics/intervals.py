"""Statistics of repeated runs: pure functions on arrays, no files and no figures."""

from functools import cache

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
        f"{name}_mean": float(np.mean(values)) if len(values) else np.nan,
        f"{name}_std": float(np.std(values, ddof=1)) if len(values) > 1 else np.nan,
        f"{name}_ci_low": low,
        f"{name}_ci_high": high,
    }


def wilson_interval(num_hits: int, num_trials: int) -> tuple[float, float]:
    """Wilson's 95 % score interval for a proportion, such as the recall of one class.

    It holds for one fitted model: it knows nothing of the spread over seeds.

    Args:
        num_hits: hits among the trials.
        num_trials: number of independent trials.

    Returns:
        Lower and upper bound in [0, 1]; NaN without a trial.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if num_trials == 0:
        return float("nan"), float("nan")
    found = stats.binomtest(num_hits, num_trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def holm(p_values: np.ndarray) -> np.ndarray:
    """P values adjusted so that, at any level, one false rejection in the family is that rare.

    Args:
        p_values: float (num_comparisons,); NaN where there is no test, which then is no member
            of the family.

    Returns:
        float (num_comparisons,); compare them with the level itself.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure. The same numbers as
        statsmodels' multipletests, which collects garbage at every call: 0.1 s amid many records.
    """
    adjusted = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.sum(~np.isnan(p_values))]  # NaN is sorted last
    stepwise = np.arange(len(order), 0, -1) * p_values[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(stepwise), 1)
    return adjusted
