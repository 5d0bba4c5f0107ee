"""What is compared with what: the factor that is asked about, and the places where its levels meet.

With one factor its levels are compared, all pairs or each with a baseline. With several the
question is about one of them: its levels are compared at each place, a combination of levels of
the others, and averaged over the places within a seed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.verdicts import MAX_LEVELS

CONDITION = "condition"  # the one factor of conditions that do not cross
INTERACTION = "interaction"  # the place of a difference of differences


@dataclass(frozen=True, eq=False)
class Design:
    """How the conditions of a study are compared.

    Attributes:
        factor: column of the factor that is asked about.
        others: columns of the other factors; empty with one.
        levels: levels of the factor, in words; also those of which no run was completed.
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

    @property
    def failed(self) -> list[str]:
        """Levels that have no result anywhere."""
        return [each for each in self.levels if all(at != each for at, _ in self.cells)]

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
        factor: column of the factor to ask about, or its last part, if that is one factor's alone;
            None asks about the first that is compared.
        baseline: a level of it, or a condition, that the others are compared with.

    Raises:
        ConfigError: there is no such factor or baseline.
    """
    planned = [each for each in study.conditions if each.is_asked]
    asked = [key for key in study.keys if _is_compared(key, planned)]
    if factor is not None:
        columns = [conditions.column(key) for key in asked]
        named = [key for key in asked if conditions.column(key) == factor] or [
            key for key in asked if conditions.column(key).endswith(f".{factor}")
        ]
        if len(named) != 1:
            raise ConfigError(
                f"--factor must be one of {', '.join(columns) or 'no factor, as nothing varies'}, "
                f"received {factor!r}.{did_you_mean(factor, columns)}"
            )
        asked = named
    for key in asked:
        crossed = _crossed(study.keys, key, planned)
        if factor is not None or _is_whole(crossed):
            return _with_baseline(crossed, baseline)
    return _with_baseline(_flat(study), baseline)


def pairs(design: Design, levels: Sequence[str]) -> list[tuple[str, str]]:
    """Which levels are compared, the later with the earlier or each with the baseline."""
    if design.baseline is None:
        return [(later, earlier) for earlier, later in combinations(levels, 2)]
    return [(each, design.baseline) for each in levels if each != design.baseline in levels]


def pairs_at(design: Design, place: str) -> list[tuple[str, str]]:
    """Which levels are compared at a place."""
    return pairs(design, [level for level in design.levels if (level, place) in design.cells])


def _is_compared(key: str, measured: Sequence[Condition]) -> bool:
    """Whether a factor varies among conditions that share data and engine."""
    values: dict[tuple[tuple[str, str], ...], set[str | None]] = {}
    for each in measured:
        grounds = tuple(sorted(each.grounds.items()))
        values.setdefault(grounds, set()).add(each.config.get(key))
    return any(len(found) > 1 for found in values.values())


def _crossed(keys: Sequence[str], key: str, planned: Sequence[Condition]) -> Design:
    """The design that asks about one factor, the others' levels being its places."""
    others = [each for each in keys if each != key]
    varied = [other for other in others if _is_compared(other, planned)]
    cells = {
        (conditions.label(each.config, [key]), _place(each, others)): each
        for each in _by_numbers(planned, [*others, key])
    }
    kinds = {tuple(each.grounds.items()) for each in planned}
    return _design(conditions.column(key), cells, varied, is_one_kind=len(kinds) == 1)


def _is_whole(design: Design) -> bool:
    """Whether pairs meet at two places, or else every condition that has a peer is in a pair.

    Options that were changed one at a time, each from the same start, meet nowhere but there: of
    them each is held against each.
    """
    found = {place: pairs_at(design, place) for place in design.places}
    if sum(map(bool, found.values())) > 1:
        return True
    taken = {(level, place) for place, each in found.items() for pair in each for level in pair}
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
        if each.is_asked
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
    """The design of what has results, with the level that a user calls by its name.

    The name is that of a level or of a condition, an option that its runs were given, or the
    beginning of one of them: `he` is `he_normal`. Without a name, many levels are held against the
    first that is there most often.
    """
    cells = {cell: each for cell, each in design.cells.items() if each.runs}
    design = replace(design, cells=cells)
    if name is None:
        if len(design.levels) <= MAX_LEVELS:
            return design
        counts = Counter(level for level, _ in cells)
        return replace(design, baseline=max(design.levels, key=counts.__getitem__))
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
        f"names {len(exact)}.{did_you_mean(name, [level for level, _ in cells])}"
    )
