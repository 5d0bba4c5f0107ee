"""The sentences of an answer: every template that says what was found, in plain words.

The first line of a report has at most `MAX_WORDS` words; each template is given with a shorter
form for long names, and the first that fits is taken.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from fmnist_exp.console import counted
from fmnist_exp.report.runs.conditions import LAYERS, WIDTHS
from fmnist_exp.statistics.verdicts import MIN_PAIRS, SESOI, Comparison, Verdict

MAX_WORDS = 25
MAX_NAMES = 4  # that are listed in the first line
POINTS = 100  # percentage points in a fraction
DECIDED = (Verdict.BETTER, Verdict.WORSE)
SAME = (Verdict.EQUAL, Verdict.IDENTICAL)
UNSETTLED = ("not settled", "too few seeds")  # what `short` says without an answer
BOUND = f"{POINTS * SESOI:g}"


class Noun:
    """What a factor and its levels are called, such as initializer or value of learning_rate.

    Attributes:
        one: one level of it.
        many: several.
    """

    def __init__(self, column: str) -> None:
        if column == WIDTHS:
            self.one, self.many = "choice of hidden layers", "choices of hidden layers"
            return
        name = column.rpartition(".")[2]
        head = "value" if name != column else "number" if column == LAYERS else ""
        self.one = f"{head} of {name}" if head else name
        self.many = f"{head}s of {name}" if head else f"{name}s"

    @staticmethod
    def level(label: str) -> str:
        """A level without the name of its factor: 0.1 for learning_rate=0.1."""
        return label.rpartition("=")[2].removesuffix(f" {LAYERS}")


def points(value: float) -> str:
    """A difference of accuracies in percentage points, without its sign."""
    return f"{abs(POINTS * value):.2f}"


def at_most(value: float) -> str:
    """A bound in percentage points, rounded up so that it stays true."""
    return f"{math.ceil(round(POINTS * POINTS * value, 6)) / POINTS:.2f}"


def both(names: Sequence[str], joint: str = "and") -> str:
    """Names as a person lists them; semicolons part those that hold commas."""
    *others, last = names
    if any(", " in name for name in names):
        return f"{'; '.join(others)}; {joint} {last}" if others else last
    return f"{', '.join(others)} {joint} {last}" if others else last


def fitting(*candidates: str) -> str:
    """The first sentence that is short enough, else the last."""
    return next((each for each in candidates if len(each.split()) <= MAX_WORDS), candidates[-1])


def winner(comparisons: Iterable[Comparison]) -> dict[tuple[str, str], Comparison]:
    """(better arm, worse arm) -> comparison, of those that found a difference."""
    return {
        (each.condition_a, each.condition_b)
        if each.verdict == Verdict.BETTER
        else (each.condition_b, each.condition_a): each
        for each in comparisons
        if each.verdict in DECIDED
    }


def arms_of(comparisons: Sequence[Comparison]) -> list[str]:
    """The arms that are compared, the baseline or the earliest first."""
    pairs = [(each.condition_b, each.condition_a) for each in comparisons]
    return list(dict.fromkeys(name for pair in pairs for name in pair))


def answer(comparisons: Sequence[Comparison], noun: Noun, where: str = "") -> str:
    """The first line of a study with one factor, or of one place or average of several.

    Args:
        comparisons: of test accuracy, at least one.
        noun: what the arms are.
        where: what the sentence ends with, such as `, averaged over optimizer`.
    """
    candidates = _candidates(comparisons, noun)
    return fitting(*(f"{text.removesuffix('.')}{where}." for text in candidates))


def _candidates(comparisons: Sequence[Comparison], noun: Noun) -> tuple[str, ...]:
    """The answer, and shorter forms of it."""
    verdicts = {each.verdict for each in comparisons}
    if verdicts == {Verdict.IDENTICAL}:
        return (f"The {noun.one} had no effect on training: all runs of a seed are the same.",)
    if verdicts <= {Verdict.EXPLORATORY, Verdict.IDENTICAL}:
        return (f"No answer yet: fewer than {MIN_PAIRS} seeds.",)
    if verdicts <= {*SAME}:
        if baseline := _baseline(comparisons):
            return tuple(
                f"No {noun.one} differs from {name} by {BOUND} points or more."
                for name in (baseline, "the baseline")
            )
        count = len(arms_of(comparisons))
        return (
            (
                f"It does not matter which of the {count} {noun.many} you choose: no two differ by "
                f"{BOUND} points or more."
            ),
        )
    if better := winner(comparisons):
        return _with_winner(comparisons, better, noun)
    return _without_winner(comparisons, noun)


def _baseline(comparisons: Sequence[Comparison]) -> str | None:
    """The arm that all others are held against, where these are not held against each other."""
    count = len(arms_of(comparisons))
    return None if len(comparisons) == count * (count - 1) / 2 else comparisons[0].condition_b


def _with_winner(
    comparisons: Sequence[Comparison],
    better: dict[tuple[str, str], Comparison],
    noun: Noun,
) -> tuple[str, ...]:
    arms = arms_of(comparisons)
    worse = {loser for _, loser in better}
    left = [arm for arm in arms if arm not in worse]
    for arm in left:
        beaten = [other for other in arms if (arm, other) in better]
        if len(beaten) == len(arms) - 1:
            following = min(beaten, key=lambda other: abs(better[arm, other].difference_mean))
            return _chosen(arm, following, better[arm, following], len(arms), noun)
    out = [arm for arm in arms if arm in worse]
    few = max(len(left), len(out)) <= MAX_NAMES
    among = "among " * (len(left) > 1)
    are = "is" if len(out) == 1 else "are"
    named = f"Choose {among}{both(left)}: {both(out)} {are} worse than at least one of these."
    rest = "the other" if len(out) == 1 else f"the other {len(out)}"
    left_one = f"among {len(left)} {noun.many}" if len(left) > 1 else f"one {noun.one}"
    return (
        *([named] if few else []),
        f"Choose {left_one}: {rest} {are} worse than at least one of these.",
    )


def _chosen(
    arm: str, following: str, comparison: Comparison, count: int, noun: Noun
) -> tuple[str, ...]:
    low, high = sorted((abs(comparison.ci_low), abs(comparison.ci_high)))
    by = f"by {points(comparison.difference_mean)} points ({points(low)} to {points(high)})"
    if count == 2:
        return (
            f"Choose {arm}: it is better than {following} {by}.",
            f"Choose {arm}: it is better than the other {noun.one} {by}.",
            f"One {noun.one} is better than the other {by}.",
        )
    return (
        f"Choose {arm}: it is better than every other {noun.one}, {by} over the next, {following}.",
        f"Choose {arm}: it is better than every other {noun.one}, {by} over the next.",
        f"One {noun.one} is better than every other, {by} over the next.",
    )


def _without_winner(comparisons: Sequence[Comparison], noun: Noun) -> tuple[str, ...]:
    ahead = [
        each.condition_a if each.difference_mean > 0 else each.condition_b
        for each in comparisons
        if each.verdict == Verdict.SURVIVORS
    ]
    if ahead:
        return tuple(
            f"Not settled: {name} is better where it completed, but more of its runs failed."
            for name in (ahead[0], "one")
        )
    if any(each.verdict == Verdict.EXPLORATORY for each in comparisons):
        return (f"Not settled yet: some {noun.many} have fewer than {MIN_PAIRS} common seeds.",)
    bounds = [abs(bound) for each in comparisons for bound in (each.ci_low, each.ci_high)]
    most = at_most(max(bound for bound in bounds if not math.isnan(bound)))
    if baseline := _baseline(comparisons):
        return tuple(
            f"Not settled yet: if a {noun.one} differs from {name}, then by at most {most} points."
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
                f"{'are' if len(rest) > 1 else 'is'} not settled."
            ),
            f"{start}; some can be exchanged, the rest is not settled.",
        )
    return (f"Not settled yet: if the {noun.many} differ, then by at most {most} points.",)


def short(comparisons: Sequence[Comparison]) -> str:
    """What was found at one place, in a few words."""
    verdicts = {each.verdict for each in comparisons}
    if verdicts == {Verdict.EXPLORATORY}:
        return UNSETTLED[1]
    if verdicts <= {*SAME}:
        return "no difference"
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
    return place.capitalize() if place.startswith("averaged") else f"At {place}"


def by_place(factor: str, found: Mapping[str, str], *, depends: bool) -> str:
    """The first line where not all places have the same words.

    Args:
        factor: what the places are levels of.
        found: place -> `short` words there.
        depends: whether answers differ, and not only in what is settled.
    """
    places: dict[str, list[str]] = {}
    for place, what in found.items():
        places.setdefault(what, []).append(place)
    start = f"It depends on {factor}: " if depends else f"By {factor}: "
    parts = {what: f"{what} at {both(where)}" for what, where in places.items()}
    settled = [part for what, part in parts.items() if what not in UNSETTLED]
    shorter = f"{start}{'; '.join(settled)}; not settled elsewhere."
    return fitting(
        f"{start}{'; '.join(parts.values())}.",
        *([shorter] if 0 < len(settled) < len(parts) else []),
        f"{start}see each line below.",
    )


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
        text = (
            f"It does not matter whether you choose {a} or {b}: their mean test accuracies differ "
            f"by less than {BOUND} points (observed {mean})."
        )
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
    return f"{where}{text}{when}{_on_failures(each)}{_on_odd(each)}"


def signed(value: float) -> str:
    """A difference of accuracies in percentage points, with its sign."""
    return f"{POINTS * value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _on_failures(each: Comparison) -> str:
    failed = {each.condition_a: each.num_failed_a, each.condition_b: each.num_failed_b}
    told = [f"{count} of {name}" for name, count in failed.items() if count]
    return f" Runs without a result: {both(told)}." if told else ""


def _on_odd(each: Comparison) -> str:
    if not each.odd_seeds:
        return ""
    seeds = both(list(map(str, each.odd_seeds[:3])))
    return (
        f" One run stands out, seed {seeds}."
        if len(each.odd_seeds) == 1
        else (f" Runs stand out: seeds {seeds}{' and more' * (len(each.odd_seeds) > 3)}.")
    )
