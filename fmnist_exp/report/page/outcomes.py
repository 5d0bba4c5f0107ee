"""What a group of comparisons has found, in one sentence: those of a study, or of one place."""

import math
from collections.abc import Collection, Mapping, Sequence

from fmnist_exp.report.formatting import fixed
from fmnist_exp.report.page.words import (
    BOUND,
    MAX_NAMES,
    POINTS,
    Noun,
    arms_of,
    both,
    points,
    winner,
)
from fmnist_exp.statistics.verdicts import MIN_PAIRS, SAME, Comparison, Verdict


def outcome(comparisons: Sequence[Comparison], noun: Noun) -> tuple[str, ...]:
    """What a study with one factor has found, or one place or average of several.

    Args:
        comparisons: of test accuracy, at least one.
        noun: what the arms are.

    Returns:
        The sentence, and shorter forms of it.
    """
    verdicts = {each.verdict for each in comparisons}
    if verdicts == {Verdict.IDENTICAL}:
        return (f"The {noun.one} had no effect on training: all runs of a seed are the same",)
    if verdicts <= {Verdict.EXPLORATORY, Verdict.IDENTICAL}:
        return (f"No answer yet: fewer than {MIN_PAIRS} common seeds",)
    if verdicts <= {*SAME}:
        return _all_same(comparisons, noun)
    if better := winner(comparisons):
        if baseline := _baseline(comparisons):
            return _with_baseline(baseline, better, noun)
        return _with_winner(comparisons, better, noun)
    return _without_winner(comparisons, noun)


def most_possible(comparisons: Sequence[Comparison]) -> str:
    """The largest difference that the intervals leave possible, in points."""
    bounds = [abs(bound) for each in comparisons for bound in (each.ci_low, each.ci_high)]
    most = max(bound for bound in bounds if not math.isnan(bound))
    return fixed(POINTS * most, 2)


def more_failed(each: Comparison) -> str | None:
    """The arm of a comparison of which more runs ended without a result."""
    if each.num_failed_a == each.num_failed_b:
        return None
    return each.condition_a if each.num_failed_a > each.num_failed_b else each.condition_b


def _all_same(comparisons: Sequence[Comparison], noun: Noun) -> tuple[str, ...]:
    failed = list(dict.fromkeys(filter(None, map(more_failed, comparisons))))
    differ = f"differ by {BOUND} points or more"
    if failed:
        start = f"Where runs completed, no two {noun.many} {differ}"
        return f"{start}; but more runs of {both(failed)} failed", f"{start}; but some failed more"
    if baseline := _baseline(comparisons):
        names = (baseline, "the baseline")
        return tuple(
            f"No {noun.one} differs from {name} by {BOUND} points or more" for name in names
        )
    count = len(arms_of(comparisons))
    return (
        f"It does not matter which of the {count} {noun.many} you choose: no two {differ}",
        f"No two {noun.many} {differ}",
    )


def _baseline(comparisons: Sequence[Comparison]) -> str | None:
    """The arm that all others are held against, where these are not held against each other."""
    count = len(arms_of(comparisons))
    return None if len(comparisons) == count * (count - 1) / 2 else comparisons[0].condition_b


def _with_baseline(
    baseline: str, better: Mapping[tuple[str, str], Comparison], noun: Noun
) -> tuple[str, ...]:
    """Which arms are better or worse than the one that all are held against."""
    above = {first: each for (first, second), each in better.items() if second == baseline}
    below = {second: each for (first, second), each in better.items() if first == baseline}
    named, counts = [], []
    for arms, what in ((above, "better"), (below, "worse")):
        if arms:
            most = max(arms, key=lambda arm: abs(arms[arm].difference_mean))
            short = f"{len(arms)} {noun.many if len(arms) > 1 else noun.one} {_are(arms)} {what}"
            long = f"{both(list(arms))} {_are(arms)} {what}" if len(arms) <= MAX_NAMES else short
            named.append(long + f", {most} by most" * (len(arms) > 1))
            counts.append(short)
    return (
        f"Against {baseline}: {'; '.join(named)}",
        f"Against {baseline}: {'; '.join(counts)}",
        f"Against the baseline: {'; '.join(counts)}",
    )


def _are(arms: Collection[str]) -> str:
    return "is" if len(arms) == 1 else "are"


def _with_winner(
    comparisons: Sequence[Comparison],
    better: Mapping[tuple[str, str], Comparison],
    noun: Noun,
) -> tuple[str, ...]:
    arms = arms_of(comparisons)
    worse = {loser for _, loser in better}
    left = [arm for arm in arms if arm not in worse]
    out = [arm for arm in arms if arm in worse]
    for arm in left:
        beaten = [other for other in arms if (arm, other) in better]
        if len(beaten) == len(arms) - 1:
            following = min(beaten, key=lambda other: abs(better[arm, other].difference_mean))
            return _chosen(arm, following, better[arm, following], len(arms), noun)
    if len(left) == 1:
        rest = f"every other {noun.one} is worse than another one"
        return f"Choose {left[0]}: {rest}", f"Choose one {noun.one}: {rest}"
    named = f"among {both(left)}" if len(left) <= MAX_NAMES else f"among {len(left)} {noun.many}"
    rest = "the other" if len(out) == 1 else f"the other {len(out)}"
    losers = both(out) if len(out) <= MAX_NAMES else rest
    end = f"{_are(out)} worse than at least one of these"
    return (
        f"Choose {named}: {losers} {end}",
        f"Choose among {len(left)} {noun.many}: {losers} {end}",
        f"Choose among {len(left)} {noun.many}: {rest} {end}",
    )


def _chosen(
    arm: str, following: str, comparison: Comparison, count: int, noun: Noun
) -> tuple[str, ...]:
    low, high = sorted((abs(comparison.ci_low), abs(comparison.ci_high)))
    by = f"by {points(comparison.difference_mean)} points ({points(low)} to {points(high)})"
    if count == 2:
        return (
            f"Choose {arm}: it is better than {following} {by}",
            f"Choose {arm}: it is better than the other {noun.one} {by}",
            f"One {noun.one} is better than the other {by}",
        )
    return (
        f"Choose {arm}: it is better than every other {noun.one}, {by} over the next, {following}",
        f"Choose {arm}: it is better than every other {noun.one}, {by} over the next",
        f"{arm} is better than every other {noun.one}",
        f"One {noun.one} is better than every other, {by} over the next",
    )


def _without_winner(comparisons: Sequence[Comparison], noun: Noun) -> tuple[str, ...]:
    ahead = [
        each.condition_a if each.difference_mean > 0 else each.condition_b
        for each in comparisons
        if each.verdict == Verdict.SURVIVORS
    ]
    if ahead:
        return tuple(
            f"Not settled: {name} is better where it completed, but more of its runs failed"
            for name in (ahead[0], "one")
        )
    if any(each.verdict == Verdict.EXPLORATORY for each in comparisons):
        return (f"Not settled yet: some {noun.many} have fewer than {MIN_PAIRS} common seeds",)
    most = most_possible(comparisons)
    if baseline := _baseline(comparisons):
        return tuple(
            f"Not settled yet: if any {noun.one} differs from {name}, then by at most {most} points"
            for name in (baseline, "the baseline")
        )
    same = [each for each in comparisons if each.verdict in SAME]
    if same:
        pair = both([same[0].condition_a, same[0].condition_b])
        start = f"The {noun.many} make at most {most} points of difference"
        rest = [arm for arm in arms_of(comparisons) if arm not in arms_of(same)]
        return (
            (
                f"{start}; {pair} can be exchanged; {both(rest) if rest else 'the rest'} "
                f"{'are' if len(rest) > 1 else 'is'} not settled"
            ),
            f"{start}; some can be exchanged, the rest is not settled",
            f"Some {noun.many} can be exchanged, the rest is not settled",
        )
    return (f"Not settled yet: if the {noun.many} differ, then by at most {most} points",)
