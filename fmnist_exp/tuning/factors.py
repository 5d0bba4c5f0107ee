"""What a tuned sweep may choose: Hydra's own overrides, read as distributions of Optuna.

`interval(0,0.5)`, `tag(log,interval(1e-4,1e-2))`, `range(1,5)`, `choice([128],[256,128])`.
"""

import math
from collections.abc import Iterable
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from fmnist_exp.errors import ConfigError

TUNABLE = ("initializer", "model", "optimizer", "training")  # what a run is, but for data and seed
Factors = dict[str, BaseDistribution]  # key, as in an override -> what may be chosen
DIGITS = 12  # significant ones of a number in a range: 0.1 + 0.2 is meant as 0.3


def is_tunable(override: Override) -> bool:
    """Whether an override is of what may be chosen by a tuner."""
    return override.get_key_element().lstrip("+").partition(".")[0] in TUNABLE


def read_factors(overrides: Iterable[Override]) -> Factors:
    """The factors among the overrides of a sweep.

    Raises:
        ConfigError: there is none, one breaks its rule, or is of data or seeds.
    """
    factors = {
        each.get_key_element(): _factor(each) for each in overrides if each.is_sweep_override()
    }
    if not factors:
        raise ConfigError(
            "a tuned sweep must have a factor to choose, received none. Pass for example "
            "'model.dropout=interval(0,0.5)'."
        )
    return factors


def ends(factor: BaseDistribution) -> tuple[str, ...]:
    """Both ends of a range, or all options, as in overrides."""
    if isinstance(factor, CategoricalDistribution):
        return tuple(map(str, factor.choices))
    assert isinstance(factor, FloatDistribution | IntDistribution)
    return (repr(factor.low), repr(factor.high))


def described(factor: BaseDistribution) -> str:
    """A factor in words: what a study is begun with, and must keep."""
    if isinstance(factor, CategoricalDistribution):
        return f"one of {', '.join(ends(factor))}"
    assert isinstance(factor, FloatDistribution | IntDistribution)
    how = ", logarithmic" if factor.log else ""
    return f"{factor.low!r} to {factor.high!r}{how}" + (
        f" in steps of {factor.step!r}" if factor.step else ""
    )


def _factor(override: Override) -> BaseDistribution:
    if not is_tunable(override):
        raise ConfigError(
            f"a factor of a tuned sweep must belong to one of {', '.join(TUNABLE)}, received "
            f"{override.input_line!r}: validation accuracies on other images or of luckier seeds "
            f"do not compare. Pass one value, and try the best trial with several seeds."
        )
    if override.is_choice_sweep():
        return CategoricalDistribution(tuple(dict.fromkeys(override.sweep_string_iterator())))
    value: Any = override.value()
    log = "log" in value.tags
    if odd := value.tags - {"log"}:
        raise _broken(override, f"have no other tag than log, found {', '.join(sorted(odd))}")
    if isinstance(value, RangeSweep):
        return _stepped(override, log)
    assert isinstance(value, IntervalSweep)
    low: Any = value.start
    high: Any = value.end
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise _broken(override, "go from a number to a greater one, both finite")
    if log and low <= 0:
        raise _broken(override, "begin above 0 if it is logarithmic")
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _stepped(override: Override, log: bool) -> BaseDistribution:
    if log:
        raise _broken(override, "be an interval if it is logarithmic")
    numbers: list[Any] = list(override.sweep_iterator())
    if len(numbers) < 2:
        raise _broken(override, "hold at least two numbers")
    bounds = (min(numbers), max(numbers), abs(numbers[1] - numbers[0]))
    low, high, step = (round(each, DIGITS) for each in bounds)
    if all(isinstance(each, int) for each in numbers):
        return IntDistribution(low, high, step=step)
    return FloatDistribution(low, high, step=step)


def _broken(override: Override, rule: str) -> ConfigError:
    key = override.get_key_element()
    return ConfigError(
        f"{key} must {rule}, received {override.input_line!r}. "
        f"Pass for example '{key}=interval(1,2)' or '{key}=tag(log,interval(1,2))'."
    )
