"""Comparisons in words: one sentence each, with its effect, its interval and its verdict."""

import math

from fmnist_exp.console import counted
from fmnist_exp.report.page.formatting import MINUS, UNKNOWN, amount, bounds, p_value
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict
from fmnist_exp.report.statistics.verdicts import MIN_PAIRS


def sentence(comparison: Comparison) -> str:
    """What one comparison found, for people: effect, interval, pairs, verdict, what is left open.

    For example `he_normal - glorot_uniform = -0.21 pp [-0.60, +0.18] in test accuracy, 10 paired
    seeds: undecided; ...`, with a true minus sign. The interval is simultaneous over the family.
    """
    metric = comparison.metric
    text = f"{comparison.condition_a} {MINUS} {comparison.condition_b}"
    if comparison.num_pairs:
        text += f" = {amount(comparison.difference_mean, metric, signed=True)}"
        text += f" {bounds((comparison.ci_low, comparison.ci_high), metric)}".removesuffix(
            f" {UNKNOWN}"
        )
    seeds = counted(comparison.num_pairs, "paired seed")
    text = f"{text} in {metric.replace('_', ' ')}, {seeds}: {_finding(comparison)}."
    left_out = len(comparison.unpaired_seeds)
    if left_out:
        text += f" Left out: {counted(left_out, 'seed')} that only one of the two has."
    return text


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


def _p(value: float) -> str:
    """The p value after Holm; it decides, since the interval beside it is a little wider."""
    return "p < 0.001" if value < 0.001 else f"p = {p_value(value)}"
