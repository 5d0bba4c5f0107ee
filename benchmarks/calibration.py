"""Calibration of the verdicts: simulated studies whose truth is known, through the whole path.

`python benchmarks/calibration.py [STUDIES]` prints a section in Markdown, in about four minutes. A
study has conditions whose true mean accuracies are given. Its runs are normal, with half of their
variance common to the runs of one seed, and rounded as accuracies on 10,000 images are. A statement
is false if it says better or worse where there is no such difference, or practically equal where
there is one of the smallest effect of interest or more.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from fmnist_exp.report.design import Design, statements
from fmnist_exp.statistics import power
from fmnist_exp.statistics.verdicts import (
    ALPHA,
    PRIMARY,
    SESOI,
    Comparison,
    Verdict,
    compare,
)

MEAN = 0.88
IMAGES = 10_000
NUM_SEEDS, MAX_SEEDS = 10, 200
NUM_LOOKS = 4  # of people who extend a study to the number of seeds that its report suggests
NUM_STUDIES = 2000
STDS = (0.0035, 0.006)  # of the differences
S = SESOI
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


@dataclass(frozen=True)
class Simulated:
    """What a design asks of a condition."""

    values: dict[int, float]
    runs: tuple[()] = ()

    def by_seed(self, number: str) -> dict[int, float]:
        """The accuracy of each seed."""
        return self.values

    def ended(self, *statuses: str) -> list[Any]:
        """No run fails."""
        return []


def accuracies(
    generator: np.random.Generator, truths: Mapping[Cell, float], std: float, num_seeds: int
) -> dict[Cell, np.ndarray]:
    """Accuracies of every condition: cell -> float (num_seeds,).

    Args:
        generator: where the numbers come from.
        truths: cell -> what its true mean is above `MEAN`.
        std: SD of the difference of two conditions of one place.
        num_seeds: runs of each condition.
    """
    scale = std / math.sqrt(2)
    common = generator.normal(0, scale, num_seeds)
    return {
        cell: np.round((MEAN + truth + common + generator.normal(0, scale, num_seeds)) * IMAGES)
        / IMAGES
        for cell, truth in truths.items()
    }


def compared(values: Mapping[Cell, np.ndarray]) -> tuple[Design, list[Comparison]]:
    """A study as the aggregator compares it."""
    cells = {cell: Simulated(dict(enumerate(each.tolist()))) for cell, each in values.items()}
    levels, places = (tuple(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    others = ("place",) if len(places) > 1 else ()
    design = Design("level", others, levels, places, cast(Any, cells), None, averages=True)
    return design, compare(statements(design, PRIMARY), PRIMARY, resolution=1 / IMAGES)


def is_false(each: Comparison, design: Design, truths: Mapping[Cell, float]) -> bool:
    """Whether a comparison says what is not true."""
    places = design.places if each.place == design.average else (each.place,)
    gaps = [truths[each.condition_a, at] - truths[each.condition_b, at] for at in places]
    gap = float(np.mean(gaps))
    return {
        Verdict.BETTER: gap <= 0,
        Verdict.WORSE: gap >= 0,
        Verdict.EQUAL: abs(gap) >= SESOI - 1e-12,
    }.get(each.verdict, False)


def wanted(found: list[Comparison]) -> int:
    """Seeds that a report asks for; 0 if everything is settled."""
    needed = [
        power.planned(each.difference_std, each.num_pairs, SESOI, ALPHA / each.num_comparisons)
        for each in found
        if each.verdict == Verdict.UNDECIDED
    ]
    return min(MAX_SEEDS, max((each.num_seeds for each in needed), default=0))


def false_rates(name: str, std: float, num_studies: int) -> tuple[float, float, float]:
    """Shares of studies with any false statement: at one look, and at any look of an extended one.

    The third number is the share of studies whose first look settles everything.
    """
    truths, generator = TRUTHS[name], np.random.default_rng([len(name), int(1e5 * std)])
    once = ever = settled = 0
    for _ in range(num_studies):
        values = accuracies(generator, truths, std, MAX_SEEDS)
        count, false = NUM_SEEDS, False
        for look in range(NUM_LOOKS):
            design, found = compared({cell: each[:count] for cell, each in values.items()})
            judged = [each for each in found if not each.is_descriptive]
            false = false or any(is_false(each, design, truths) for each in judged)
            following = wanted(judged)
            once += false and look == 0
            settled += following == 0 and look == 0
            if following <= count:
                break
            count = following
        ever += false
    return once / num_studies, ever / num_studies, settled / num_studies


def lines(num_studies: int) -> list[str]:
    """The section in Markdown: a row for each study."""
    error = math.sqrt(ALPHA * (1 - ALPHA) / num_studies)
    about = (
        f"Simulated studies, {num_studies:,} a row, {NUM_SEEDS} seeds at the first look. Shares of "
        "studies that hold any false statement. Extended: up to the number of seeds that the "
        f"report suggests, at most {NUM_LOOKS} looks and {MAX_SEEDS} seeds; 5 % are promised for "
        f"the first look alone. One standard error of a 5 % entry is {100 * error:.1f} points."
    )
    heads = (
        "study: pairs, true differences in points",
        "SD of differences, points",
        "any false statement, one look (at most 5 %)",
        "extended, any look",
        "all settled at the first look",
    )
    rows = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for std in STDS:
        for name in TRUTHS:
            shares = (f"{100 * share:.1f} %" for share in false_rates(name, std, num_studies))
            rows.append(f"| {name} | {100 * std:.2f} | {' | '.join(shares)} |")
    return ["## Calibration of the verdicts", "", about, "", *rows, ""]


def main() -> None:
    """Print the section."""
    print("\n".join(lines(int(sys.argv[1]) if len(sys.argv) > 1 else NUM_STUDIES)))


if __name__ == "__main__":
    main()
