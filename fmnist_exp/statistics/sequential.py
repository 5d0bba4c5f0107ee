"""Verdicts of a study that adds seeds until it is settled: the error holds over all its looks.

Looks, their last number of seeds and the m statements stand fixed before the first run. Each
statement has ALPHA / m, as in `verdicts`, and spends it in proportion to the seeds: ALPHA / m * n
/ most by n seeds. The levels of a look are those that spend its share; the first verdict stands.

Source:
    Lan and DeMets (1983), Discrete sequential boundaries for clinical trials; linear spending: Kim
    and DeMets (1987), rho = 1. Paired t tests use the levels of the normal case: Jennison and
    Turnbull (2000), Group sequential methods, chapters 4.4 and 7. For m statements: Bonferroni.
    In simulations that comes to 5.3 % at most with one statement, and to less with more.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from scipy import optimize, special

from fmnist_exp.statistics.seeds import Levels
from fmnist_exp.statistics.verdicts import (
    ALPHA,
    MIN_PAIRS,
    SETTLED,
    Arm,
    Comparison,
    Statement,
    compared,
)

STEP = MIN_PAIRS  # seeds that are added between two looks
NUM_NODES = 200  # of the quadrature; 100 give the same eleven digits for 600 seeds
FARTHEST = 38.0  # SDs; beyond them a double holds no probability


def planned_looks(most: int) -> tuple[int, ...]:
    """Numbers of seeds at which a study of `most` seeds is looked at: 5, 10, ..., `most`."""
    return (*range(STEP, most, STEP), most)


@cache
def levels(
    looks: tuple[int, ...], num_comparisons: int, alpha: float = ALPHA
) -> tuple[Levels, ...]:
    """Levels of each statement at each look.

    Args:
        looks: numbers of seeds, ascending; the last is the most.
        num_comparisons: statements that share `alpha`.
        alpha: share of studies that may make any false statement at any look, below 0.5.
    """
    shares = np.array(looks) / looks[-1]
    each = alpha / num_comparisons
    differences = 2 * special.ndtr(-boundaries(shares, each * shares))
    # Equality is false at one of two bounds alone: one-sided, so twice the level, halved.
    equalities = special.ndtr(-boundaries(shares, 2 * each * shares))
    return tuple(map(Levels, differences.tolist(), equalities.tolist()))


def boundaries(shares: np.ndarray, spent: np.ndarray) -> np.ndarray:
    """Where a test statistic without any effect has left its boundaries with given probabilities.

    Args:
        shares: float (num_looks,); information at each look, ascending, as a share of the most.
        spent: float (num_looks,); probability to have left by then, rising, in (0, 1).

    Returns:
        float (num_looks,); what the absolute z value must exceed at each look.

    Source:
        Armitage, McPherson and Rowe (1969), Repeated significance tests on accumulating data: the
        density of paths still inside, carried from look to look; Gauss-Legendre quadrature.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    inside, mass = np.zeros(1), np.ones(1)  # places of paths still inside, and their probability
    found = []
    stds = np.sqrt(np.diff(shares, prepend=0))
    for std, step in zip(stds, np.diff(spent, prepend=0), strict=True):
        inside = inside / std  # the unit is the SD of what is added since the last look
        bound = optimize.brentq(_excess, 0, FARTHEST / std, args=(inside, mass, step))
        places = bound * nodes
        density = np.exp(-0.5 * (places[:, None] - inside) ** 2) @ mass / (2 * np.pi) ** 0.5
        inside, mass = places * std, density * bound * weights
        found.append(bound * std)
    return np.array(found) / np.sqrt(shares)


def _excess(bound: float, inside: np.ndarray, mass: np.ndarray, step: float) -> float:
    """By how much the probability to leave at a look is above `step`."""
    return float(mass @ (special.ndtr(inside - bound) + special.ndtr(-inside - bound))) - step


def follow(
    statements: Sequence[Statement],
    looks: tuple[int, ...],
    num_comparisons: int,
    *,
    resolution: float = 0.0,
) -> list[Comparison]:
    """The verdict of each statement on the primary metric, by the planned looks.

    The seeds are 0, 1, ...; a look uses those below its number, and counts once all of them have
    ended in both arms, with a value or diverged. The first verdict that settles stands, with its
    intervals; without one the last look that counts is shown, and before it `exploratory`.

    Args:
        statements: those of the plan that are asked for.
        looks: as `planned_looks` gives them.
        num_comparisons: statements that the plan holds, whatever has become of their runs.
        resolution: as `verdicts.compare` takes it.
    """
    planned = list(zip(looks, levels(looks, num_comparisons), strict=True))
    return [_followed(each, planned, num_comparisons, resolution) for each in statements]


def _followed(
    statement: Statement,
    planned: Sequence[tuple[int, Levels]],
    num_comparisons: int,
    resolution: float,
) -> Comparison:
    num_seeds, at_look = planned[0]
    # Before the first look there are too few pairs for a verdict, and for `identical` as well.
    seen = replace(_until(statement, num_seeds), identical=False)
    found = compared(seen, at_look, num_comparisons, resolution=resolution)
    for num_seeds, at_look in planned:
        if not _is_whole(statement, num_seeds):
            break
        seen = _until(statement, num_seeds)
        found = compared(seen, at_look, num_comparisons, resolution=resolution)
        found = replace(found, look=num_seeds)
        if found.verdict in SETTLED:
            break
    return found


def _is_whole(statement: Statement, num_seeds: int) -> bool:
    """Whether each of the seeds below `num_seeds` has ended in both arms."""
    arms = statement.arm_a, statement.arm_b
    return all(set(range(num_seeds)) <= arm.values.keys() | arm.diverged for arm in arms)


def _until(statement: Statement, num_seeds: int) -> Statement:
    """The statement as it is known by the seeds below `num_seeds`."""
    first, second = (
        Arm(
            arm.name,
            {seed: value for seed, value in arm.values.items() if seed < num_seeds},
            num_failed=len(diverged := frozenset(filter(num_seeds.__gt__, arm.diverged))),
            diverged=diverged,
        )
        for arm in (statement.arm_a, statement.arm_b)
    )
    return replace(statement, arm_a=first, arm_b=second)
