"""What a study says of the claims that were written before its first run.

A claim is held against the interval and the verdict that the report shows anyway; nothing is
computed for claims alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.named import compared_by, condition_of, why_not
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.claims import WITHIN, Claim
from fmnist_exp.statistics.seeds import ANY, NAN, SHARE, t_interval
from fmnist_exp.statistics.verdicts import (
    MIN_PAIRS,
    SAME,
    SESOI,
    Comparison,
    Verdict,
    by_intervals,
    more_is_better,
)

# rule -> verdicts of a comparison that support it, and that contradict it
BY_VERDICT = {
    "better": ((Verdict.BETTER,), (Verdict.WORSE, *SAME)),
    "worse": ((Verdict.WORSE,), (Verdict.BETTER, *SAME)),
    "not better": ((Verdict.WORSE, *SAME), (Verdict.BETTER,)),
}
FOUND = {
    Verdict.BETTER: "A is better",
    Verdict.WORSE: "A is worse",
    Verdict.EQUAL: "no difference that matters",
    Verdict.IDENTICAL: "all runs of a seed are the same",
    Verdict.UNDECIDED: "the interval holds 0",
    Verdict.SURVIVORS: "more runs of the side that looks better ended without a result",
}


class Ruling(StrEnum):
    """What a study says of a claim."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    INCONCLUSIVE = "inconclusive"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Judged:
    """A claim, and what a study says of it.

    Attributes:
        claim: as it was written before the first run.
        verdict: what the study says.
        reason: why, in a few words.
        mean: of the difference A - B, or of the one condition, in the metric's own unit.
        low, high: the interval that decides; NaN without any.
        num_pairs: seeds that both conditions have, or that the one has.
    """

    claim: Claim
    verdict: Ruling
    reason: str
    mean: float = NAN
    low: float = NAN
    high: float = NAN
    num_pairs: int = 0


def judge(findings: Findings) -> list[Judged]:
    """The claims of a study, judged, in the order in which they were written."""
    return [_judged(each, findings) for each in findings.study.claims]


def claims_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """One row for each claim: its parts as in the file of the study, and what `Judged` says."""
    names = ("verdict", "mean", "low", "high", "num_pairs", "reason")
    rows = [each.claim.plain() | {name: getattr(each, name) for name in names} for each in judged]
    return pd.DataFrame(rows, columns=[*Claim.model_fields, *names])


def _judged(claim: Claim, findings: Findings) -> Judged:
    if claim.is_difference:
        comparison = compared_by(claim, findings)
        if comparison is not None:
            return _of_difference(claim, comparison)
    else:
        condition = condition_of(claim, findings)
        if condition is not None:
            return _of_condition(claim, condition)
    is_known, reason = why_not(claim, findings)
    return Judged(claim, Ruling.INCONCLUSIVE if is_known else Ruling.NOT_JUDGED, reason)


def _of_difference(claim: Claim, each: Comparison) -> Judged:
    """A claim on two conditions, by their comparison."""
    verdict = _verdict(each)
    is_equal = claim.rule == "equal"
    low, high = (each.equal_low, each.equal_high) if is_equal else (each.ci_low, each.ci_high)
    if verdict == Verdict.IDENTICAL:
        low = high = 0.0
    if each.num_pairs < MIN_PAIRS:
        ruling, reason = Ruling.INCONCLUSIVE, _too_few(each.num_pairs, "pair")
    elif is_equal:
        ruling, reason = _on_equality(each, verdict)
    elif claim.bound is not None:
        on_bound = _on_size if claim.rule.startswith(WITHIN) else _on_bound
        ruling, reason = on_bound(claim, low, high, (each.num_failed_a, each.num_failed_b))
    else:
        supporting, contradicting = BY_VERDICT[claim.rule]
        ruling = _ruling(verdict in supporting, verdict in contradicting)
        reason = FOUND[verdict]
    return Judged(claim, ruling, reason, each.difference_mean, low, high, each.num_pairs)


def _of_condition(claim: Claim, condition: Condition) -> Judged:
    """A claim on one condition, by the 95 % interval of its mean."""
    values = condition.values(claim.metric)
    low, high = t_interval(values, SHARE if more_is_better(claim.metric) else ANY)
    if len(values) < MIN_PAIRS:
        ruling, reason = Ruling.INCONCLUSIVE, _too_few(len(values), "seed")
    else:
        ruling, reason = _on_bound(claim, low, high, (len(condition.failed_seeds), 0))
    return Judged(claim, ruling, reason, float(np.mean(values)), low, high, len(values))


def _verdict(each: Comparison) -> Verdict:
    """The verdict of a comparison; of one that is described, what its intervals say."""
    if each.verdict != Verdict.DESCRIPTIVE:
        return each.verdict
    if each.num_pairs >= MIN_PAIRS and math.isnan(each.ci_low):  # so `compared` leaves equal runs
        return Verdict.IDENTICAL
    return by_intervals(each)


def _on_equality(each: Comparison, verdict: Verdict) -> tuple[Ruling, str]:
    """What a comparison of test accuracy says of `equal`."""
    if verdict in SAME:
        return Ruling.SUPPORTED, FOUND[verdict]
    if verdict == Verdict.SURVIVORS:
        return Ruling.INCONCLUSIVE, FOUND[verdict]
    if each.ci_low >= SESOI or each.ci_high <= -SESOI:
        return Ruling.NOT_SUPPORTED, f"{FOUND[verdict]}, by a difference that matters"
    return Ruling.INCONCLUSIVE, "the difference may matter or not"


def _on_bound(claim: Claim, low: float, high: float, failed: tuple[int, int]) -> tuple[Ruling, str]:
    """What an interval says of `above X` and `below X`."""
    bound, is_above = claim.bound, claim.rule.startswith("above")
    assert bound is not None
    supports, contradicts = (
        (low > bound, high <= bound) if is_above else (high < bound, low >= bound)
    )
    if not (supports or contradicts):
        return Ruling.INCONCLUSIVE, "the interval holds the number"
    lies_above = supports == is_above
    if _of_survivors(lies_above == more_is_better(claim.metric), failed):
        return Ruling.INCONCLUSIVE, FOUND[Verdict.SURVIVORS]
    where = "above" if lies_above else "below"
    return _ruling(supports, contradicts), f"the whole interval lies {where}"


def _on_size(claim: Claim, low: float, high: float, failed: tuple[int, int]) -> tuple[Ruling, str]:
    """What an interval says of `within X`."""
    bound = claim.bound
    assert bound is not None
    supports, contradicts = -bound < low and high < bound, low >= bound or high <= -bound
    if not (supports or contradicts):
        return Ruling.INCONCLUSIVE, "the interval holds sizes on both sides"
    if failed[0] != failed[1]:
        return Ruling.INCONCLUSIVE, "more runs of one side ended without a result"
    size = "smaller" if supports else "larger"
    return _ruling(supports, contradicts), f"the whole interval is {size}"


def _ruling(supports: bool, contradicts: bool) -> Ruling:
    if supports:
        return Ruling.SUPPORTED
    return Ruling.NOT_SUPPORTED if contradicts else Ruling.INCONCLUSIVE


def _of_survivors(is_better: bool, failed: tuple[int, int]) -> bool:
    """Whether more runs of the side that looks better have ended without a result."""
    return failed[0] > failed[1] if is_better else failed[1] > failed[0]


def _too_few(count: int, noun: str) -> str:
    return f"{counted(count, noun)}, and an answer takes {MIN_PAIRS}"
