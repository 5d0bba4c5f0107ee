"""The start of networks: signal and gradient before training, measured and beside theory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fmnist_exp.report.design import CONDITION, Design
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.conditions import LAYERS, UNITS, column
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.rundir.tables import History
from fmnist_exp.statistics.propagation import gradient_shares, signal_shares, weight_variance

OF_START = ("data.", "model.", "initializer.", LAYERS, UNITS)  # how keys begin that can change it


@dataclass(frozen=True, eq=False)
class Start:
    """Untrained networks that differ in nothing but the draw of their weights.

    Attributes:
        label: their name in tables.
        level: that of the factor whose levels have a line each in a chart.
        place: the levels of the other factors, in words; maybe empty.
        config: of a run, as in its record.
        optimizers: classes that are to train them.
        draws: column of `signal.csv` -> float (num_draws, num_layers).
        members: names of the conditions that start so.
    """

    label: str
    level: str
    place: str
    config: Mapping[str, Any]
    optimizers: frozenset[str]
    draws: Mapping[str, np.ndarray]
    members: tuple[str, ...]

    @property
    def num_layers(self) -> int:
        """Layers of weights, the last one included."""
        return self.draws["layer"].shape[1]

    def median(self, column: str) -> np.ndarray:
        """The median over the draws: float (num_layers,)."""
        found: np.ndarray = np.median(self.draws[column], axis=0)
        return found

    @property
    def ratio(self) -> float:
        """How the mean square grows from layer to layer, the geometric mean; NaN with one layer."""
        squares = self.median("mean_square")
        return _root(squares[-1], squares[0], len(squares) - 1)

    @cached_property
    def _variances(self) -> list[float] | None:
        law = self.config["initializer"]
        fans = zip(self.median("fan_in"), self.median("fan_out"), strict=True)
        found = [weight_variance(law["class_name"], law["config"], *map(int, fan)) for fan in fans]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else None

    @property
    def normalization(self) -> str | None:
        """What follows each hidden layer: `batch` or `layer` normalization; None for neither."""
        model = self.config["model"]
        return next((n for n in ("batch", "layer") if model.get(f"{n}_normalization")), None)

    @property
    def without_theory(self) -> str | None:
        """Where they are, in words, if there is no theory of them; None if there is."""
        activation = self.config["model"].get("activation", "relu")
        if self.normalization:
            return f"with {self.normalization} normalization"
        if activation != "relu":
            return f"under {activation}"
        return f"under {self.config['initializer']['class_name']}" if not self._variances else None

    @property
    def theory(self) -> dict[str, np.ndarray]:
        """Column -> float (num_layers,), from the first mean square and the last norm; or empty."""
        if self._variances is None or self.without_theory is not None:
            return {}
        squares = signal_shares(self._variances, self.median("fan_in").tolist())
        return {
            "mean_square": self.median("mean_square")[0] * squares,
            "gradient_norm": self.median("gradient_norm")[-1] * gradient_shares(self._variances),
        }

    @property
    def theory_ratio(self) -> float:
        """`ratio` as theory has it; NaN without one."""
        squares = self.theory.get("mean_square", np.full(2, np.nan))
        return _root(squares[-1], squares[0], len(squares) - 1)


@dataclass(frozen=True, eq=False)
class Measured:
    """What is known of the start of one condition.

    Attributes:
        label: its name.
        flat: its flat config, see `conditions.flatten`.
        config: that of a run, as in its record.
        signals: what its runs measured: column -> float (num_layers,).
    """

    label: str
    flat: Mapping[str, str]
    config: Mapping[str, Any]
    signals: Sequence[History]


def starts_of(measured: Iterable[Measured], factor: str | None = None) -> list[Start]:
    """Conditions by their start: those that differ in training alone are one.

    Args:
        measured: of each condition.
        factor: column of the factor whose levels have a line each; by default, and where it does
            not change the start, the initializer, else the first that does.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Measured]] = {}
    for each in measured:
        if each.signals:
            own = _of_start(each.flat)
            same = tuple(item for item in own.items() if item[0] != "model.name")
            groups.setdefault(same, []).append(each)
    flat = [_of_start(same[0].flat) for same in groups.values()]
    keys = conditions.naming_keys(flat)
    lines = next(
        ([key] for wanted in (factor, "initializer") for key in keys if column(key) == wanted),
        keys[:1],
    )
    others = [key for key in keys if key not in lines]
    return [
        Start(
            label=conditions.label(own, keys),
            level=conditions.label(own, lines),
            place=conditions.label(own, others) if others else "",
            config=same[0].config,
            optimizers=frozenset(str(each.config["optimizer"]["class_name"]) for each in same),
            draws={
                name: np.array([draw[name] for draw in same[0].signals])
                for name in same[0].signals[0]
            },
            members=tuple(each.label for each in same),
        )
        for own, same in zip(flat, groups.values(), strict=True)
    ]


def starts_of_study(study: Study, design: Design) -> list[Start]:
    """The starts of a study whose runs have measured them, in the order of its design."""
    rows = dict.fromkeys([*design.cells.values(), *study.conditions])
    factor = None if design.factor == CONDITION else design.factor
    return starts_of([_measured(each) for each in rows], factor)


def by_depth(starts: Iterable[Start]) -> dict[str, list[Start]]:
    """Place -> its networks, the place of the deepest first."""
    places: dict[str, list[Start]] = {}
    for each in starts:
        places.setdefault(each.place, []).append(each)
    depths = {place: max(each.num_layers for each in found) for place, found in places.items()}
    return {place: places[place] for place in sorted(places, key=lambda each: -depths[each])}


def without_signal(study: Study) -> list[str]:
    """Labels of conditions with results whose runs are of code that did not measure the start."""
    return [each.label for each in study.measured if not _measured(each).signals]


def _measured(condition: Condition) -> Measured:
    """The start of a condition, once for each draw of its weights and split of its images."""
    draws = {
        (run.record.seeds.initialization, run.record.seeds.split): run.signal
        for run in condition.every
        if run.signal
    }
    config = condition.every[0].record.config
    return Measured(condition.label, condition.config, config, list(draws.values()))


def _of_start(flat: Mapping[str, str]) -> dict[str, str]:
    """The keys of a flat config that make the start; before training there is no dropout."""
    return {
        key: value
        for key, value in flat.items()
        if key.startswith(OF_START) and key != "model.dropout"
    }


def _root(last: float, first: float, degree: int) -> float:
    with np.errstate(all="ignore"):
        return float((last / first) ** (1 / degree)) if degree else float("nan")
