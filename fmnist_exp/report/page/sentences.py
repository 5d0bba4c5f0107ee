"""Comparisons in words: one sentence each, with its effect, its interval and its verdict."""

import math

from fmnist_exp.report.statistics.comparisons import Comparison, Verdict
from fmnist_exp.report.statistics.verdicts import MIN_PAIRS

# last word of a metric -> factor, decimals, unit; accuracies are read in percentage points
UNITS = {
    "accuracy": (100, 2, " pp"),
    "loss": (1, 4, ""),
    "error": (1, 4, ""),
    "seconds": (1, 1, " s"),
}


def sentence(comparison: Comparison) -> str:
    """What one comparison found, for people: effect, interval, pairs, verdict, what is left open.

    For example `he_normal - glorot_uniform = -0.21 pp [-0.60, +0.18] in test accuracy, 10 paired
    seeds: undecided; ...`, with a true minus sign. The interval is simultaneous over the family.
    """
    name = f"{comparison.condition_a} − {comparison.condition_b}"  # noqa: RUF001 (a minus sign)
    seeds = _plural(comparison.num_pairs, "paired seed")
    text = f"{name}{_effect(comparison)} in {comparison.metric.replace('_', ' ')}, {seeds}: "
    return text + f"{_finding(comparison)}.{_left_out(comparison)}"


def amount(value: float, metric: str, *, signed: bool = False, unit: bool = True) -> str:
    """A value or a difference of a metric as people read it, such as -0.21 pp or 0.3521."""
    factor, decimals, name = UNITS[metric.rpartition("_")[2]]
    digits = f"{abs(factor * value):.{decimals}f}"
    is_zero = not float(digits)
    sign = "" if is_zero else "−" if value < 0 else "+" if signed else ""  # noqa: RUF001
    return f"{sign}{digits}{name if unit else ''}"


def _effect(comparison: Comparison) -> str:
    if not comparison.num_pairs:
        return ""
    metric = comparison.metric
    text = f" = {amount(comparison.difference_mean, metric, signed=True)}"
    if math.isnan(comparison.ci_low):
        return text
    low, high = (
        amount(bound, metric, signed=True, unit=False)
        for bound in (comparison.ci_low, comparison.ci_high)
    )
    return f"{text} [{low}, {high}]"


def _finding(comparison: Comparison) -> str:
    verdict = comparison.verdict
    if verdict == Verdict.IDENTICAL:
        return (
            "identical in every seed, with the same loss and accuracy on training, validation and "
            "test images"
        )
    if verdict == Verdict.EXPLORATORY:
        return f"exploratory; a verdict takes {MIN_PAIRS} or more"
    if verdict == Verdict.EQUAL:
        bound = amount(comparison.sesoi, comparison.metric)
        return f"practically equal at ±{bound} ({_p(comparison.p_value_equivalence_holm)})"
    if verdict == Verdict.UNDECIDED:
        return f"undecided; {_what_it_takes(comparison)}"
    return f"{comparison.condition_a} is {verdict} ({_p(comparison.p_value_holm)})"


def _what_it_takes(comparison: Comparison) -> str:
    if comparison.difference_std == 0:
        return "it is the same in every seed"
    seen = amount(comparison.minimum_detectable, comparison.metric)
    text = f"a difference of {seen} would have been seen with 80 % power"
    if math.isnan(comparison.sesoi):
        return text
    sesoi = amount(comparison.sesoi, comparison.metric)
    if comparison.seeds_needed <= comparison.num_pairs:
        return f"{text}; these seeds tell {sesoi} from none, a difference in between takes more"
    return f"{text}, and about {comparison.seeds_needed:,.0f} seeds would tell {sesoi} from none"


def _p(p_value: float) -> str:
    """The p value after Holm; it decides, since the interval beside it is a little wider."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _left_out(comparison: Comparison) -> str:
    count = len(comparison.unpaired_seeds)
    return f" Left out: {_plural(count, 'seed')} that only one of the two has." if count else ""


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
