"""What a sweep that adds seeds says in a terminal: its plan, each look, and its end."""

from collections.abc import Iterator, Sequence

from fmnist_exp.console import counted
from fmnist_exp.rundir.plan import Settling
from fmnist_exp.statistics import sequential
from fmnist_exp.statistics.verdicts import MIN_PAIRS, SESOI, Comparison, Verdict

POINTS = 100  # percentage points in a fraction


def schedule(settling: Settling) -> list[str]:
    """The looks, and what each comparison may be false with at each of them."""
    count = len(settling.levels)
    num_pairs = count * (count - 1) // 2
    lines = [
        f"{counted(num_pairs, 'comparison')} of {settling.factor}, each until it is settled",
        f"{'seeds':>5}  {'runs, at most':>13}  {'level of a difference':>21}  of equality",
    ]
    levels = sequential.levels(settling.looks, num_pairs, settling.alpha)
    for look, each in zip(settling.looks, levels, strict=True):
        lines.append(f"{look:5}  {look * count:13}  {each.difference:21.5f}  {each.equality:11.5f}")
    return lines


def progressed(comparisons: Sequence[Comparison], look: int) -> Iterator[str]:
    """What a look has settled, and what goes on."""
    num_settled = sum((each.settled_after or look + 1) <= look for each in comparisons)
    yield (
        f"after {look} seeds: {num_settled} of {counted(len(comparisons), 'comparison')} settled"
    )
    for each in comparisons:
        if each.settled_after == look:
            yield f"  {_found(each)}"


def described(comparison: Comparison, most: int) -> str:
    """How a comparison has ended, in one line."""
    if comparison.settled_after is not None:
        return f"{_found(comparison)}, settled after {comparison.settled_after} seeds"
    a, b = comparison.condition_a, comparison.condition_b
    if not comparison.num_pairs:
        return f"{a} and {b}: not compared, as one of them has no result"
    text = f"{a} and {b}: not settled with {comparison.num_pairs} of {most} seeds"
    if comparison.num_pairs < MIN_PAIRS:  # which have no interval
        return text
    low, high = (f"{POINTS * bound:+.2f}" for bound in (comparison.ci_low, comparison.ci_high))
    return f"{text} ({low} to {high} points)"


def _found(comparison: Comparison) -> str:
    a, b, mean = comparison.condition_a, comparison.condition_b, comparison.difference_mean
    if comparison.verdict in (Verdict.BETTER, Verdict.WORSE):
        better, worse = (a, b) if comparison.verdict == Verdict.BETTER else (b, a)
        return f"{better} is better than {worse} by {POINTS * abs(mean):.2f} points"
    return f"{a} and {b} differ by less than {POINTS * SESOI:g} points"
