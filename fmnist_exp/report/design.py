"""What is compared with what: the factor that is asked about, and the places where its levels meet.

With one factor its levels are compared, all pairs or each with a baseline. With several the
question is about one of them: its levels are compared at each place, a combination of levels of
the others, and averaged over the places within a seed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.report.formatting import MINUS
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.verdicts import Arm, Statement

MAX_LEVELS = 8  # of which all pairs are compared, 28; more are compared with the baseline
CONDITION = "condition"  # the one factor of conditions that do not cross
INTERACTION = "interaction"  # the place of a difference of differences
WITHOUT_RESULT = ("diverged", "failed", "interrupted")


@dataclass(frozen=True, eq=False)
class Design:
    """How the conditions of a study are compared.

    Attributes:
        factor: column of the factor that is asked about.
        others: columns of the other factors; empty with one.
        levels: levels of the factor, in words.
        places: combinations of levels of the others, in words; one empty text with one factor.
        cells: (level, place) -> the condition there; only those with results.
        baseline: the level that the others are compared with; None compares all pairs.
        averages: whether the places are of one kind and may be averaged over.
    """

    factor: str
    others: tuple[str, ...]
    levels: tuple[str, ...]
    places: tuple[str, ...]
    cells: Mapping[tuple[str, str], Condition]
    baseline: str | None
    averages: bool

    @property
    def average(self) -> str:
        """What the average over all places is called."""
        return f"averaged over {' and '.join(self.others)}"

    @property
    def described(self) -> tuple[str, str]:
        """The places of comparisons that never have a verdict."""
        return INTERACTION, f"averaged over {self.factor}"

    @property
    def is_crossed(self) -> bool:
        """Whether there are several factors, of which one is asked about."""
        return bool(self.others)

    def missing(self) -> list[tuple[str, str]]:
        """Levels and places that no result stands for."""
        return [
            (level, place)
            for place in self.places
            for level in self.levels
            if (level, place) not in self.cells
        ]


def design_of(study: Study, factor: str | None = None, baseline: str | None = None) -> Design:
    """The design of a study.

    Args:
        study: its conditions and factors.
        factor: column of the factor to ask about; None asks about the first that is compared.
        baseline: a level of it, or a condition, that the others are compared with.

    Raises:
        ConfigError: there is no such factor or baseline.
    """
    asked = [key for key in study.keys if _is_compared(key, study.measured)]
    if factor is not None:
        columns = [conditions.column(key) for key in asked]
        if factor not in columns:
            raise ConfigError(
                f"--factor must be one of {', '.join(columns) or 'no factor, as nothing varies'}, "
                f"received {factor!r}.{did_you_mean(factor, columns)}"
            )
        asked = [asked[columns.index(factor)]]
    for key in asked:
        crossed = _crossed(study, key)
        if factor is not None or _is_whole(crossed):
            return _with_baseline(crossed, baseline)
    return _with_baseline(_flat(study), baseline)


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
        for a, b in _pairs_at(design, place)
    ]
    if not (design.is_crossed and design.averages):
        return found
    whole = {level: cells for level in design.levels if (cells := _of_level(design, level))}
    arms = {level: _averaged(cells, metric, level) for level, cells in whole.items()}
    found += [Statement(arms[a], arms[b], design.average) for a, b in _pairs(design, list(arms))]
    return [*found, *_interactions(design, metric), *_other_effects(design, metric)]


def _is_compared(key: str, measured: Sequence[Condition]) -> bool:
    """Whether a factor varies among conditions that share data and engine."""
    values: dict[tuple[tuple[str, str], ...], set[str | None]] = {}
    for each in measured:
        grounds = tuple(sorted(each.grounds.items()))
        values.setdefault(grounds, set()).add(each.config.get(key))
    return any(len(found) > 1 for found in values.values())


def _crossed(study: Study, key: str) -> Design:
    """The design that asks about one factor, the others' levels being its places."""
    others = [each for each in study.keys if each != key]
    varied = [other for other in others if _is_compared(other, study.measured)]
    cells = {
        (conditions.label(each.config, [key]), _place(each, others)): each
        for each in _by_numbers(study.measured, [*others, key])
    }
    kinds = {tuple(each.grounds.items()) for each in study.measured}
    return _design(conditions.column(key), cells, varied, is_one_kind=len(kinds) == 1)


def _is_whole(design: Design) -> bool:
    """Whether pairs meet at two places, or else every condition that has a peer is in a pair.

    Options that were changed one at a time, each from the same start, meet nowhere but there: of
    them each is held against each.
    """
    pairs = {place: _pairs_at(design, place) for place in design.places}
    if sum(map(bool, pairs.values())) > 1:
        return True
    taken = {(level, place) for place, found in pairs.items() for pair in found for level in pair}
    grounds = {cell: tuple(sorted(each.grounds.items())) for cell, each in design.cells.items()}
    peers = Counter(grounds.values())
    return all(cell in taken or peers[grounds[cell]] == 1 for cell in design.cells)


def _flat(study: Study) -> Design:
    """The design of conditions that do not cross: each is a level of its own."""
    blocks = study.blocks
    cells = {
        (each.label, name if len(blocks) > 1 else ""): each
        for name, members in blocks.items()
        for each in members
        if each.runs
    }
    return _design(CONDITION, cells)


def _design(
    factor: str,
    cells: Mapping[tuple[str, str], Condition],
    others: Sequence[str] = (),
    *,
    is_one_kind: bool = False,
) -> Design:
    levels = tuple(dict.fromkeys(level for level, _ in cells))
    places = tuple(dict.fromkeys(place for _, place in cells))
    columns = tuple(map(conditions.column, others))
    return Design(factor, columns, levels, places, cells, None, is_one_kind)


def _place(condition: Condition, keys: Sequence[str]) -> str:
    """The levels of the other factors, in words; empty if there is none."""
    return conditions.label(condition.config, keys) if keys else ""


def _by_numbers(measured: Sequence[Condition], keys: Sequence[str]) -> list[Condition]:
    """Conditions by the values of keys, where all of a key's are numbers; else as they are."""
    ordered = list(measured)
    for key in reversed(keys):
        numbers = [conditions.number(each.config.get(key, "")) for each in ordered]
        known = [number for number in numbers if number is not None]
        if len(known) == len(ordered):
            ordered = [ordered[place] for place in np.argsort(known, kind="stable")]
    return ordered


def _with_baseline(design: Design, name: str | None) -> Design:
    """The design with the level that a user calls by its name, or by that of an option.

    The name is that of a level or of a condition, an option that its runs were given, or the
    beginning of one of them: `he` is `he_normal`.
    """
    if name is None:
        return design
    found = [
        level
        for level in design.levels
        if any(
            name in (level, each.label)
            or any(name in run.record.choices.values() for run in each.runs)
            or any(f"{part}_".startswith(f"{name}_") for part in level.split(", "))
            for (at, _), each in design.cells.items()
            if at == level
        )
    ]
    exact = [level for level in found if level == name] or found
    if len(exact) == 1:
        return replace(design, baseline=exact[0])
    raise ConfigError(
        f"--baseline must name one {design.factor} with completed runs, received {name!r}, which "
        f"names {len(exact)}.{did_you_mean(name, design.levels)}"
    )


def _pairs(design: Design, levels: Sequence[str]) -> list[tuple[str, str]]:
    """Which levels are compared, the later with the earlier or each with the baseline."""
    if len(levels) < 2:
        return []
    if design.baseline is None and len(design.levels) <= MAX_LEVELS:
        return [(later, earlier) for earlier, later in combinations(levels, 2)]
    baseline = design.baseline or levels[0]
    return [(each, baseline) for each in levels if baseline in levels and each != baseline]


def _pairs_at(design: Design, place: str) -> list[tuple[str, str]]:
    return _pairs(design, [level for level in design.levels if (level, place) in design.cells])


def _arm(condition: Condition, metric: str, name: str) -> Arm:
    diverged = frozenset(run.record.seed for run in condition.ended("diverged"))
    failed = len(condition.ended(*WITHOUT_RESULT))
    return Arm(name, condition.by_seed(metric), failed, diverged)


def _averaged(cells: Mapping[str, Condition], metric: str, name: str) -> Arm:
    """Conditions as one arm: the mean over them of each seed that all of them have."""
    values = [each.by_seed(metric) for each in cells.values()]
    common = set(values[0]).intersection(*values[1:])
    means = {seed: float(np.mean([each[seed] for each in values])) for seed in sorted(common)}
    return Arm(name, means, sum(len(each.ended(*WITHOUT_RESULT)) for each in cells.values()))


def _of_level(design: Design, level: str) -> dict[str, Condition]:
    """Place -> condition of a level, or nothing if a place lacks it."""
    found = {place: design.cells.get((level, place)) for place in design.places}
    return {place: each for place, each in found.items() if each} if all(found.values()) else {}


def _interactions(design: Design, metric: str) -> Iterator[Statement]:
    """How the difference of two levels changes from the first place to each other one."""
    first, *rest = design.places
    for place in rest:
        for a, b in _pairs_at(design, place):
            if (a, first) in design.cells and (b, first) in design.cells:
                there, here = (
                    Arm(f"{a} {MINUS} {b}, {at}", _differences(design, metric, (a, b), at))
                    for at in (place, first)
                )
                yield Statement(there, here, INTERACTION, descriptive=True)


def _differences(
    design: Design, metric: str, pair: tuple[str, str], place: str
) -> dict[int, float]:
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
    """Whether all metrics and answers of two conditions are equal in every common seed."""
    runs, others = ({run.record.seed: run for run in each.runs} for each in (first, second))
    common = runs.keys() & others.keys()
    return bool(common) and all(
        runs[seed].record.metrics == others[seed].record.metrics
        and np.array_equal(runs[seed].confusion, others[seed].confusion)
        for seed in common
    )
