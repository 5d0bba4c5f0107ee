"""What a tuned sweep may choose: Hydra's own overrides, read as distributions of Optuna.

`interval(0,0.5)`, `tag(log,interval(1e-4,1e-2))`, `range(1,5)`, `choice([128],[256,128])`.
"""

from collections.abc import Iterable
from typing import Any

from hydra.core.override_parser.types import Override, RangeSweep
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
    return (str(factor.low), str(factor.high))


def _factor(override: Override) -> BaseDistribution:
    key = override.get_key_element()
    if key.lstrip("+").partition(".")[0] not in TUNABLE:
        raise ConfigError(
            f"a factor of a tuned sweep must belong to one of {', '.join(TUNABLE)}, received "
            f"{override.input_line!r}: validation accuracies on other images or of luckier seeds "
            "do not compare. Pass one value; to train a trial with several seeds, add "
            "hydra/sweeper=study."
        )
    if override.is_choice_sweep():
        return CategoricalDistribution(tuple(dict.fromkeys(override.sweep_string_iterator())))
    try:
        return _range(override)
    except ValueError as error:  # mostly Optuna's
        raise ConfigError(
            f"{key} must be a range to choose from, received {override.input_line!r}: "
            f"{str(error).rstrip('.')}. "
            f"Pass for example '{key}=interval(1,2)' or '{key}=tag(log,interval(1,2))'."
        ) from error


def _range(override: Override) -> BaseDistribution:
    """The distribution of a range or an interval; ValueError where there is none."""
    swept: Any = override.value()
    if odd := swept.tags - {"log"}:
        raise ValueError(f"there is no other tag than log, found {', '.join(sorted(odd))}")
    log, step = "log" in swept.tags, None
    if isinstance(swept, RangeSweep):
        numbers: list[Any] = list(override.sweep_iterator())
        if len(numbers) < 2:
            raise ValueError("it must hold at least two numbers")
        bounds = (min(numbers), max(numbers), abs(numbers[1] - numbers[0]))
        low, high, step = (round(each, DIGITS) for each in bounds)
    else:
        low, high = swept.start, swept.end
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log, step=step or 1)
    return FloatDistribution(low, high, log=log, step=step)
