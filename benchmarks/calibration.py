"""Calibration of the verdicts: simulated studies whose truth is known, through the whole path.

`python benchmarks/calibration.py [STUDIES]` prints two sections in Markdown, in about four minutes:
studies that are looked at once or extended as their report suggests, and studies that add seeds
until they are settled. A study has conditions whose true mean accuracies are given. Its runs are
normal, with half of their variance common to the runs of one seed, and rounded as accuracies on
10,000 images are. A statement is false if it says better or worse where there is no such
difference, or practically equal where there is one of the smallest effect of interest or more.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, cast

import numpy as np

from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import depends_on_place
from fmnist_exp.report.statements import statements
from fmnist_exp.statistics import power
from fmnist_exp.statistics.seeds import t_quantile
from fmnist_exp.statistics.sequential import levels, planned_looks
from fmnist_exp.statistics.verdicts import ALPHA, PRIMARY, SESOI, Comparison, Verdict, compare

MEAN = 0.88
SAME_GAP, NUM_SAME = 0.002, 20  # of two levels at each of four places
IMAGES = 10_000
NUM_SEEDS, MAX_SEEDS = 10, 200
NUM_LOOKS = 4  # of people who extend a study to the number of seeds that its report suggests
NUM_STUDIES = 2000
LOOKS = planned_looks(60)  # of studies that add seeds until they are settled
NUM_ADDING = 10  # times as many of these, as they are simulated all at once
STDS = (0.0035, 0.006)  # of the differences
S = SESOI
RESOLUTION = 1 / IMAGES
Cell = tuple[str, str]  # level, place
TRUTHS: dict[str, Mapping[Cell, float]] = {
    "1 pair, none": {("a", ""): 0, ("b", ""): 0},
    "1 pair, (0, 0.3)": {("a", ""): 0, ("b", ""): S},
    "3 pairs, none": dict.fromkeys([(level, "") for level in "abc"], 0),
    "3 pairs, (0, 0, 0.3)": {("a", ""): 0, ("b", ""): 0, ("c", ""): S},
    "6 pairs, (0, 0, 0.3, 0.3)": {("a", ""): 0, ("b", ""): 0, ("c", ""): S, ("d", ""): S},
    "28 pairs, none": dict.fromkeys([(level, "") for level in "abcdefgh"], 0),
    "28 pairs, (0, 0, 0.3, 0.3) twice": {
        (level, ""): S * (level in "cdgh") for level in "abcdefgh"
    },
    "3 x 4, none": dict.fromkeys([(level, place) for place in "1234" for level in "abc"], 0),
    "3 x 4, (0, 0, 0.3) at two of four": {
        (level, place): S * (level == "c" and place in "34") for place in "1234" for level in "abc"
    },
}

ONE_FACTOR = [name for name, truths in TRUTHS.items() if not any(place for _, place in truths)]


@dataclass(frozen=True)
class Simulated:
    """What a design asks of a condition."""

    values: dict[int, float]
    runs: tuple[()] = ()
    failed_seeds: frozenset[int] = frozenset()

    def by_seed(self, number: str) -> dict[int, float]:
        """The accuracy of each seed."""
        return self.values

    def ended(self, *statuses: str) -> list[Any]:
        """No run fails."""
        return []


def accuracies(
    generator: np.random.Generator, truths: Mapping[Cell, float], std: float, shape: tuple[int, ...]
) -> dict[Cell, np.ndarray]:
    """Accuracies of every condition: cell -> float (*shape).

    Args:
        generator: where the numbers come from.
        truths: cell -> what its true mean is above `MEAN`.
        std: SD of the difference of two conditions of one place.
        shape: runs of each condition; maybe studies before them.
    """
    scale = std / math.sqrt(2)
    common = generator.normal(0, scale, shape)
    return {
        cell: np.round((MEAN + truth + common + generator.normal(0, scale, shape)) * IMAGES)
        / IMAGES
        for cell, truth in truths.items()
    }


def compared(values: Mapping[Cell, np.ndarray]) -> tuple[Design, list[Comparison]]:
    """A study as the aggregator compares it."""
    cells = {cell: Simulated(dict(enumerate(each.tolist()))) for cell, each in values.items()}
    names, places = (tuple(dict.fromkeys(each)) for each in zip(*cells, strict=True))
    others = ("place",) if len(places) > 1 else ()
    design = Design("level", others, names, places, cast(Any, cells), None, averages=True)
    return design, compare(statements(design, PRIMARY), PRIMARY, resolution=RESOLUTION)


def true_gap(each: Comparison, design: Design, truths: Mapping[Cell, float]) -> float:
    """The true difference that a comparison is about."""
    places = design.places if each.place == design.average else (each.place,)
    gaps = [truths[each.condition_a, at] - truths[each.condition_b, at] for at in places]
    return float(np.mean(gaps))


def is_false(verdict: Verdict, gap: float) -> bool:
    """Whether a verdict says what is not true of a true difference."""
    return {
        Verdict.BETTER: gap <= 0,
        Verdict.WORSE: gap >= 0,
        Verdict.EQUAL: abs(gap) >= SESOI - 1e-12,
    }.get(verdict, False)


def wanted(found: list[Comparison]) -> int:
    """Seeds that a report asks for; 0 if everything is settled."""
    needed = [
        power.planned(each.difference_std, each.num_pairs, SESOI, ALPHA / each.num_comparisons)
        for each in found
        if each.verdict == Verdict.UNDECIDED
    ]
    return min(MAX_SEEDS, max((each.num_seeds for each in needed), default=0))


def false_rates(
    name: str, std: float, num_studies: int, num_looks: int = NUM_LOOKS
) -> tuple[float, float, float]:
    """Shares of studies with any false statement: at one look, and at any look of an extended one.

    The third number is the share of studies whose first look settles everything.
    """
    truths, generator = TRUTHS[name], np.random.default_rng([len(name), int(1e5 * std)])
    once = ever = settled = 0
    for _ in range(num_studies):
        values = accuracies(generator, truths, std, (MAX_SEEDS,))
        count, false = NUM_SEEDS, False
        for look in range(num_looks):
            design, found = compared({cell: each[:count] for cell, each in values.items()})
            judged = [each for each in found if not each.is_descriptive]
            gaps = (true_gap(each, design, truths) for each in judged)
            false = false or any(map(is_false, (each.verdict for each in judged), gaps))
            is_open = any(each.verdict == Verdict.UNDECIDED for each in judged)
            once += false and look == 0
            settled += look == 0 and not is_open
            following = wanted(judged) if is_open and look + 1 < num_looks else count
            if following <= count:
                break
            count = following
        ever += false
    return once / num_studies, ever / num_studies, settled / num_studies


def followed(differences: np.ndarray, num_comparisons: int) -> tuple[np.ndarray, np.ndarray]:
    """One statement of many studies, followed as `sequential.follow` does, all at once.

    Args:
        differences: float (num_studies, most seeds).
        num_comparisons: statements that a study makes.

    Returns:
        Verdicts, str (num_studies,), and the seeds they took, int (num_studies,); the most if none.
    """
    verdicts = np.full(len(differences), Verdict.UNDECIDED, dtype="U20")
    seeds = np.full(len(differences), LOOKS[-1])
    for count, at_look in zip(LOOKS, levels(LOOKS, num_comparisons), strict=True):
        (unsettled,) = np.nonzero(verdicts == Verdict.UNDECIDED)
        seen = differences[unsettled, :count]
        means, stds = seen.mean(axis=1), seen.std(axis=1, ddof=1)
        errors = np.maximum(stds, RESOLUTION / math.sqrt(12)) / math.sqrt(count)
        wide = t_quantile(1 - at_look.difference / 2, count - 1) * errors
        narrow = t_quantile(1 - at_look.equality, count - 1) * errors
        rules = [np.abs(means) + narrow < SESOI, means > wide, means < -wide]
        said = np.select(rules, [Verdict.EQUAL, Verdict.BETTER, Verdict.WORSE], Verdict.UNDECIDED)
        verdicts[unsettled] = said
        seeds[unsettled[said != Verdict.UNDECIDED]] = count
    return verdicts, seeds


def adding(name: str, std: float, num_studies: int) -> tuple[float, float, float]:
    """Of studies that add seeds until they are settled: two shares, and the mean seeds to the end.

    The shares are those with any false statement and with all statements settled.
    """
    truths, generator = TRUTHS[name], np.random.default_rng([len(name), int(1e5 * std), 1])
    values = accuracies(generator, truths, std, (num_studies, LOOKS[-1]))
    false, settled = np.zeros(num_studies, dtype=bool), np.ones(num_studies, dtype=bool)
    ends = np.zeros(num_studies, dtype=int)
    for a, b in combinations(truths, 2):
        verdicts, seeds = followed((values[a] - values[b]).round(12), math.comb(len(truths), 2))
        wrong = [each for each in Verdict if is_false(each, truths[a] - truths[b])]
        false |= np.isin(verdicts, wrong)
        settled &= verdicts != Verdict.UNDECIDED
        ends = np.maximum(ends, seeds)
    return float(false.mean()), float(settled.mean()), float(ends.mean())


LOOKED_AT = {  # head of a column -> how its numbers are written
    "any false statement, one look (at most 5 %)": ".1%",
    "extended, any look": ".1%",
    "all settled at the first look": ".1%",
}
ABOUT_LOOKS = (
    f"{NUM_SEEDS} seeds at the first look. Extended: up to the number of seeds that the report "
    f"suggests, at most {NUM_LOOKS} looks and {MAX_SEEDS} seeds; 5 % are promised for the first "
    "look alone."
)
ADDED_TO = {
    "any false statement, any look (at most 5 %)": ".1%",
    "all settled": ".1%",
    "mean seeds to the end": ".1f",
}
ABOUT_ADDING = (
    f"`until_settled={LOOKS[-1]}`: five seeds, then five more at a time, until all statements are "
    f"settled, or {LOOKS[-1]} seeds are used."
)


def section(
    about: str,
    heads: Mapping[str, str],
    measure: Callable[[str, float, int], tuple[float, ...]],
    names: Iterable[str],
    num_studies: int,
) -> list[str]:
    """A text and a table in Markdown: a row for each kind of study, measured by a function."""
    error = 100 * math.sqrt(ALPHA * (1 - ALPHA) / num_studies)
    columns = ("study: pairs, true differences in points", "SD of differences, points", *heads)
    rows = [f"| {' | '.join(columns)} |", "| --- |" + " ---: |" * (len(columns) - 1)]
    for std, name in product(STDS, names):
        numbers = zip(measure(name, std, num_studies), heads.values(), strict=True)
        cells = (format(number, how).replace("%", " %") for number, how in numbers)
        rows.append(f"| {name} | {100 * std:.2f} | {' | '.join(cells)} |")
    about = f"Simulated studies, {num_studies:,} a row. {about}"
    return [f"{about} One standard error of a 5 % entry is {error:.2f} points.", "", *rows, ""]


def dependent_rate(num_studies: int) -> float:
    """Share of studies of the same difference at four places whose answer is "It depends"."""
    truths = {(level, place): SAME_GAP * (level == "b") for place in "1234" for level in "ab"}
    generator, count = np.random.default_rng(0), 0
    for number in range(num_studies):
        values = accuracies(generator, truths, STDS[number % len(STDS)], (NUM_SAME,))
        count += depends_on_place(compared(values)[1])
    return count / num_studies


def lines(num_studies: int) -> list[str]:
    """Both sections in Markdown."""
    looks = section(ABOUT_LOOKS, LOOKED_AT, false_rates, TRUTHS, num_studies)
    added = section(ABOUT_ADDING, ADDED_TO, adding, ONE_FACTOR, NUM_ADDING * num_studies)
    heads = "## Calibration of the verdicts", "## Calibration of adding seeds"
    depends = (
        f"Of studies of the same difference, {100 * SAME_GAP:g} points at four places, {NUM_SAME} "
        f'seeds, {dependent_rate(num_studies):.1%} say "It depends".'
    )
    return [heads[0], "", *looks, depends, "", heads[1], "", *added]


def main() -> None:
    """Print both sections."""
    print("\n".join(lines(int(sys.argv[1]) if len(sys.argv) > 1 else NUM_STUDIES)))


if __name__ == "__main__":
    main()
