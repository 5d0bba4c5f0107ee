"""Lines below an answer: what one comparison has found, or one place, in plain words."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fmnist_exp.console import counted
from fmnist_exp.report.claims import Judged, Ruling
from fmnist_exp.report.page.outcomes import more_failed
from fmnist_exp.report.page.words import (
    BOUND,
    DECIDED,
    UNSETTLED,
    arms_of,
    both,
    points,
    winner,
)
from fmnist_exp.report.runs.conditions import printable
from fmnist_exp.statistics.verdicts import MIN_PAIRS, SAME, SESOI, Comparison, Verdict

MAX_SEEDS = 3  # that are named in a line


def line(each: Comparison) -> str:
    """What one comparison found."""
    a, b, seeds = each.condition_a, each.condition_b, counted(each.num_pairs, "seed")
    where = f"{at(each.place)}: " if each.place else ""
    low, high = sorted((each.ci_low, each.ci_high))
    mean = points(each.difference_mean)
    if each.verdict == Verdict.IDENTICAL:
        text = f"{a} and {b} are the same in every seed: the choice had no effect on training."
    elif each.verdict == Verdict.EXPLORATORY:
        text = f"{a} against {b}: {seeds}, and an answer takes {MIN_PAIRS}."
    elif each.verdict == Verdict.EQUAL:
        about = f"differ by less than {BOUND} points (observed {mean})."
        text = (
            f"It does not matter whether you choose {a} or {b}: their mean test accuracies {about}"
        )
        if more_failed(each):
            text = f"Where their runs completed, the mean test accuracies of {a} and {b} {about}"
        if low > 0 or high < 0:
            text += " A small difference is there, too small to matter."
    elif each.verdict in DECIDED:
        first, second = (a, b) if each.verdict == Verdict.BETTER else (b, a)
        near, far = sorted((abs(low), abs(high)))
        text = (
            f"{first} is better than {second}: its mean test accuracy is higher by {mean} points "
            f"({points(near)} to {points(far)}, {seeds})."
        )
        if near >= SESOI:
            text += " That is a difference that matters."
    elif each.verdict == Verdict.SURVIVORS:
        better = a if each.difference_mean > 0 else b
        text = (
            f"{a} against {b} is not settled: the completed runs of {better} are better by {mean} "
            "points, but more of its runs ended without a result."
        )
    else:
        text = (
            f"{a} against {b} is not settled: after {seeds} anything from {signed(low)} to "
            f"{signed(high)} points is possible."
        )
    when = f" Settled after {each.settled_after} seeds." if each.settled_after else ""
    return f"{where}{text}{when}{on_failures([each])}{on_odd([each])}"


def signed(value: float) -> str:
    """A difference of accuracies in percentage points, with its sign."""
    sign = "\N{MINUS SIGN}" if value < 0 else "+"
    return f"{sign}{points(value)}"


def on_failures(comparisons: Sequence[Comparison]) -> str:
    """How many runs of each arm ended without a result; empty if none did."""
    failed = {each.condition_a: each.num_failed_a for each in comparisons}
    failed |= {each.condition_b: each.num_failed_b for each in comparisons}
    told = [f"{count} of {name}" for name, count in failed.items() if count]
    return f" Runs without a result: {both(told)}." if told else ""


def on_odd(comparisons: Sequence[Comparison]) -> str:
    """Seeds whose difference stands out; empty if none does."""
    seeds = sorted({seed for each in comparisons for seed in each.odd_seeds})
    if not seeds:
        return ""
    named = both([str(seed) for seed in seeds[:MAX_SEEDS]]) + " and more" * bool(seeds[MAX_SEEDS:])
    return f" Runs stand out: seeds {named}." if seeds[1:] else f" A run stands out: seed {named}."


def short(comparisons: Sequence[Comparison]) -> str:
    """What was found at one place, in a few words."""
    verdicts = {each.verdict for each in comparisons}
    if not comparisons:
        return UNSETTLED[2]
    if verdicts == {Verdict.EXPLORATORY}:
        return UNSETTLED[1]
    if verdicts <= {*SAME}:
        return "no difference that matters"
    better = winner(comparisons)
    if not better:
        return UNSETTLED[0]
    arms = arms_of(comparisons)
    for arm in arms:
        if all((arm, other) in better for other in arms if other != arm):
            return f"{arm} is better"
    worse = [arm for arm in arms if any((other, arm) in better for other in arms)]
    return f"{both(worse)} {'is' if len(worse) == 1 else 'are'} worse"


def at(place: str) -> str:
    """Where something holds, as a sentence begins."""
    if place.startswith("no "):
        return f"Without {place.removeprefix('no ')}"
    return place.capitalize() if place.startswith("averaged") else f"At {place}"


def tally(judged: Sequence[Judged]) -> str:
    """How many claims have which verdict."""
    counts = Counter(each.verdict for each in judged)
    told = ", ".join(f"{counts[each]} {each}" for each in Ruling if counts[each])
    return told.removeprefix("1 ") if len(judged) == 1 else told


def on_claims(judged: Sequence[Judged]) -> Iterator[str]:
    """How many claims have which verdict, and why some have none; nothing without claims."""
    if judged:
        yield f"{counted(len(judged), 'claim')}: {tally(judged)}."
    wrong: dict[str, dict[str, None]] = {}
    for each in judged:
        if each.verdict == Ruling.NOT_JUDGED:
            wrong.setdefault(each.reason, {})[each.claim.comparison] = None
    for reason, comparisons in wrong.items():
        yield printable(f"Not judged, as {reason}: {'; '.join(comparisons)}.")
