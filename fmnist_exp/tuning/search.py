"""What a tuned sweep may choose, and how it goes about it: read from Hydra's config, checked.

The factors are written as Hydra's own overrides, in the sweeper's `params` or on the command
line: `interval(0,0.5)`, `tag(log,interval(1e-4,1e-2))`, `range(1,5)`, `choice([128],[256,128])`.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import MAX_SEED, Arguments, RunConfig
from fmnist_exp.errors import ConfigError
from fmnist_exp.strict import Strict, Text, checked
from fmnist_exp.sweep.composing import Composer
from fmnist_exp.sweep.explaining import explained
from fmnist_exp.sweep.hydra_private import task_overrides
from fmnist_exp.sweep.launchers import runs_at_a_time

TUNABLE = ("initializer", "model", "optimizer", "training")  # what a run is, but for data and seed
Values = Mapping[str, str]  # key of a factor -> value, as in an override


class TunerConfig(Strict):
    """The fields of conf/hydra/sweeper/tpe.yaml."""

    target: Text = Field(alias="_target_")
    num_trials: int = Field(20, ge=1)
    trials_at_once: int | None = Field(None, ge=1, examples=[2])
    sampler_seed: int = Field(0, ge=0, le=MAX_SEED)
    random_trials: int = Field(8, ge=1)
    prune: bool = True
    prune_after_trials: int = Field(5, ge=1)
    prune_after_epochs: int = Field(4, ge=1)
    params: Arguments = Field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """A factor with a few levels without an order, such as the widths of a network."""

    key: str
    options: tuple[str, ...]

    @property
    def ends(self) -> tuple[str, ...]:
        """All levels."""
        return self.options

    def __str__(self) -> str:
        return f"one of {', '.join(self.options)}"


@dataclass(frozen=True)
class Interval:
    """A factor with numbers from `low` to `high`, both included.

    Attributes:
        key: as in an override.
        low: the least number.
        high: the greatest.
        step: distance of two numbers; None for any number between.
        log: whether orders of magnitude count alike.
    """

    key: str
    low: float
    high: float
    step: float | None = None
    log: bool = False

    @property
    def ends(self) -> tuple[str, ...]:
        """The least and the greatest number."""
        return (repr(self.low), repr(self.high))

    def __str__(self) -> str:
        how = ", logarithmic" if self.log else ""
        return f"{self.low!r} to {self.high!r}{how}" + (
            f" in steps of {self.step!r}" if self.step is not None else ""
        )


Factor = Choice | Interval


@dataclass(frozen=True)
class Search:
    """A checked search: its settings, its factors, and what all its trials share.

    Attributes:
        settings: how many trials, and how they are proposed and given up.
        factors: what may be chosen.
        fixed: overrides that every trial has.
        master: the config of the sweep, composed with its `hydra` section.
        composer: composes configs, from files as they were at the beginning.
    """

    settings: TunerConfig
    factors: tuple[Factor, ...]
    fixed: tuple[str, ...]
    master: DictConfig
    composer: Composer

    @property
    def trials_at_once(self) -> int:
        """Trials that are proposed and launched together."""
        launcher: Any = OmegaConf.to_container(self.master.hydra.launcher)
        return self.settings.trials_at_once or runs_at_a_time(launcher)

    def compose(self, overrides: list[str]) -> DictConfig:
        """The config of a run."""
        with explained([*self.master.hydra.overrides.hydra, *overrides]):
            return self.composer.compose(overrides)

    def overrides(self, values: Values) -> list[str]:
        """The overrides of one trial, as given to Hydra."""
        return [*self.fixed, *(f"{factor.key}={values[factor.key]}" for factor in self.factors)]

    def config(self, values: Values) -> RunConfig:
        """The checked config of one trial.

        Raises:
            ConfigError: as `config.parse`.
        """
        return parse(self.compose(self.overrides(values)))

    def examples(self) -> list[Values]:
        """Trials at the ends of each factor, the others at their first: all that can be checked."""
        first = {factor.key: factor.ends[0] for factor in self.factors}
        others = [first | {factor.key: end} for factor in self.factors for end in factor.ends[1:]]
        return [first, *others]


def read_search(master: DictConfig, composer: Composer) -> Search:
    """The search that a sweep asks for.

    Args:
        master: the config of the sweep, composed with its `hydra` section.
        composer: composes configs, and remembers the files that it has read.

    Raises:
        ConfigError: a setting or a factor breaks its rule; factors may not be data or seeds.
    """
    raw = OmegaConf.to_container(master.hydra.sweeper, resolve=True)
    settings = checked(TunerConfig, raw, "hydra.sweeper")
    last = {
        each.get_key_element(): each
        for each in composer.factors(settings.params, task_overrides(master))
    }
    factors = tuple(_factor(each) for each in last.values() if each.is_sweep_override())
    if not factors:
        raise ConfigError(
            "a tuned sweep must have a factor to choose, received none. Pass for example "
            "'model.dropout=interval(0,0.5)'."
        )
    fixed = tuple(
        f"{key}={each.get_value_element_as_str()}"
        for key, each in last.items()
        if not each.is_sweep_override()
    )
    search = Search(settings, factors, fixed, master, composer)
    _remember_options(search)
    return search


def _remember_options(search: Search) -> None:
    """Compose each combination of options once, before a config file may be edited."""
    groups = [factor for factor in search.factors if factor.key in TUNABLE]
    for options in itertools.product(*(group.ends for group in groups)):
        chosen = dict(zip((group.key for group in groups), options, strict=True))
        search.config({**search.examples()[0], **chosen})


def _factor(override: Override) -> Factor:
    key = override.get_key_element()
    if key.lstrip("+").partition(".")[0] not in TUNABLE:
        raise ConfigError(
            f"a factor of a tuned sweep must belong to one of {', '.join(TUNABLE)}, received "
            f"{override.input_line!r}: validation accuracies on other images or of luckier seeds "
            f"do not compare. Pass one value, and try the best trial with several seeds."
        )
    if override.is_choice_sweep():
        return Choice(key, tuple(dict.fromkeys(override.sweep_string_iterator())))
    value = override.value()
    assert isinstance(value, IntervalSweep | RangeSweep)
    if odd := value.tags - {"log"}:
        raise _broken(override, f"have no other tag than log, found {', '.join(sorted(odd))}")
    if isinstance(value, RangeSweep):
        if "log" in value.tags:
            raise _broken(override, "be an interval if it is logarithmic")
        return _stepped(override, key, list(_numbers(override)))
    assert value.start is not None
    assert value.end is not None
    log = "log" in value.tags
    if not (math.isfinite(value.start) and math.isfinite(value.end) and value.start < value.end):
        raise _broken(override, "go from a number to a greater one, both finite")
    if log and value.start <= 0:
        raise _broken(override, "begin above 0 if it is logarithmic")
    step = 1 if isinstance(value.start, int) and isinstance(value.end, int) else None
    return Interval(key, value.start, value.end, step, log)


def _numbers(override: Override) -> Iterator[float]:
    for value in override.sweep_iterator():
        assert isinstance(value, int | float)
        yield value


def _stepped(override: Override, key: str, numbers: Sequence[float]) -> Interval:
    if len(numbers) < 2:
        raise _broken(override, "hold at least two numbers")
    # 0.1 + 0.2 is meant as 0.3
    low, high, step = (
        round(each, 12) for each in (min(numbers), max(numbers), abs(numbers[1] - numbers[0]))
    )
    return Interval(key, low, high, step)


def _broken(override: Override, rule: str) -> ConfigError:
    key = override.get_key_element()
    return ConfigError(
        f"{key} must {rule}, received {override.input_line!r}. "
        f"Pass for example '{key}=interval(1,2)' or '{key}=tag(log,interval(1,2))'."
    )
