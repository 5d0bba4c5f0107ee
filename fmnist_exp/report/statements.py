"""The statements of a design: the levels of its factor at each place and on average, and more.

What is described beside them are interactions, and the effects of the other factors.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from fmnist_exp.report.design import INTERACTION, Design, pairs, pairs_at
from fmnist_exp.report.formatting import MINUS
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.records import Seeds
from fmnist_exp.statistics.verdicts import Arm, Statement


def statements(design: Design, metric: str) -> list[Statement]:
    """All that is compared on a metric: at each place, then averaged; last what is described."""
    found = [
        Statement(
            _arm(first := design.cells[a, place], metric, a),
            _arm(second := design.cells[b, place], metric, b),
            place,
            identical=_identical(first, second),
        )
        for place in design.places
        for a, b in pairs_at(design, place)
    ]
    if not (design.is_crossed and design.averages):
        return found
    whole = {level: cells for level in design.levels if (cells := _of_level(design, level))}
    arms = {level: _averaged(cells, metric, level) for level, cells in whole.items()}
    found += [Statement(arms[a], arms[b], design.average) for a, b in pairs(design, list(arms))]
    return [*found, *_interactions(design, metric), *_other_effects(design, metric)]


def by_planned_seed(statement: Statement) -> Statement:
    """The statement with runs known by their seed alone, as a plan of looks counts them."""
    first, second = (
        replace(
            arm,
            values={seeds.seed: value for seeds, value in arm.values.items()},
            diverged=frozenset(seeds.seed for seeds in arm.diverged),
        )
        for arm in (statement.arm_a, statement.arm_b)
    )
    return replace(statement, arm_a=first, arm_b=second)


def _arm(condition: Condition, metric: str, name: str) -> Arm:
    diverged = frozenset(run.record.seeds for run in condition.ended("diverged"))
    failed = condition.failed_seeds
    return Arm(name, condition.by_seed(metric), len(failed), diverged & failed)


def _averaged(cells: Mapping[str, Condition], metric: str, name: str) -> Arm:
    """Conditions as one arm: the mean over them of each seed that all of them have."""
    values = [each.by_seed(metric) for each in cells.values()]
    common = set(values[0]).intersection(*values[1:])
    means = {seed: float(np.mean([each[seed] for each in values])) for seed in sorted(common)}
    return Arm(name, means, sum(len(each.failed_seeds) for each in cells.values()))


def _of_level(design: Design, level: str) -> dict[str, Condition]:
    """Place -> condition of a level, or nothing if a place lacks it."""
    found = {place: design.cells.get((level, place)) for place in design.places}
    return {place: each for place, each in found.items() if each} if all(found.values()) else {}


def _interactions(design: Design, metric: str) -> Iterator[Statement]:
    """How the difference of two levels changes from the first place of both to each other one."""
    firsts: dict[tuple[str, str], str] = {}
    for place in design.places:
        for a, b in pairs_at(design, place):
            first = firsts.setdefault((a, b), place)
            if first != place:
                there, here = (
                    Arm(f"{a} {MINUS} {b}, {at}", _differences(design, metric, (a, b), at))
                    for at in (place, first)
                )
                yield Statement(there, here, INTERACTION, descriptive=True)


def _differences(
    design: Design, metric: str, pair: tuple[str, str], place: str
) -> dict[Seeds, float]:
    """Seed -> difference of two levels at a place."""
    first, second = (design.cells[level, place].by_seed(metric) for level in pair)
    return {seed: first[seed] - second[seed] for seed in first if seed in second}


def _other_effects(design: Design, metric: str) -> Iterator[Statement]:
    """Each place against the first, averaged over the levels of the factor that is asked about."""
    arms = []
    for place in design.places:
        cells = {level: design.cells.get((level, place)) for level in design.levels}
        whole = {level: each for level, each in cells.items() if each}
        if len(whole) == len(cells):
            arms.append(_averaged(whole, metric, place))
    for arm in arms[1:]:
        yield Statement(arm, arms[0], design.described[1], descriptive=True)


def _identical(first: Condition, second: Condition) -> bool:
    """Whether all metrics and answers of two conditions are equal in every seed, and failures."""
    if first.failed_seeds != second.failed_seeds:
        return False
    runs, others = ({run.record.seeds: run for run in each.runs} for each in (first, second))
    common = runs.keys() & others.keys()
    return bool(common) and all(
        runs[seed].record.metrics == others[seed].record.metrics
        and np.array_equal(runs[seed].confusion, others[seed].confusion)
        for seed in common
    )
