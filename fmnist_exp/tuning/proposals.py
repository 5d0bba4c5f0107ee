"""What a tuned sweep may choose, what it proposes, and when it gives a trial up.

It may choose by Hydra's own overrides, read as distributions of Optuna: `interval(0,0.5)`,
`tag(log,interval(1e-4,1e-2))`, `range(1,5)`, `choice([128],[256,128])`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from hydra.core.override_parser.types import Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from fmnist_exp.config.schema import MAX_SEED
from fmnist_exp.errors import ConfigError
from fmnist_exp.strict import Strict

# What a run is, but for data and seed.
TUNABLE = ("augmentation", "initializer", "model", "optimizer", "training", "without")
Factors = dict[str, BaseDistribution]  # key, as in an override -> what may be chosen
DIGITS = 12  # significant ones of a number in a range: 0.1 + 0.2 is meant as 0.3
SHORT = 4  # of a proposed number: the others change no accuracy


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
            f"{override.input_line!r}. Data and seeds may not be chosen: accuracies on other "
            "images or of luckier seeds do not compare. Pass one value; to train a trial with "
            "several seeds, add hydra/sweeper=study."
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


class Settings(Strict):
    """The fields of conf/hydra/sweeper/tpe.yaml, but for its factors."""

    num_trials: int = Field(ge=1, examples=[20])
    trials_at_once: int | None = Field(ge=1, examples=[2])
    sampler_seed: int = Field(ge=0, le=MAX_SEED, examples=[0])
    random_trials: int = Field(ge=1, examples=[8])
    prune: bool = Field(examples=[True])
    prune_after_trials: int = Field(ge=1, examples=[5])
    prune_after_epochs: int = Field(ge=1, examples=[4])


class Proposals:
    """Trials that follow from how the former ones have ended.

    Nothing is kept but by the caller, who tells of former trials again in a new process.

    Args:
        settings: how trials are proposed and given up.
        factors: what each trial chooses.
    """

    def __init__(self, settings: Settings, factors: Factors) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.settings = settings
        self.factors = factors
        self.ended: dict[int, FrozenTrial] = {}  # by number

    def tell(
        self,
        number: int,
        values: Mapping[str, str],
        accuracies: Sequence[float],
        result: float | None,
    ) -> None:
        """Say how a trial has ended.

        Args:
            number: the trial.
            values: what was chosen for it, as `propose` gives it.
            accuracies: validation accuracy after each epoch.
            result: validation accuracy of the finished run; None if it was given up.
        """
        self.ended[number] = optuna.create_trial(
            state=TrialState.PRUNED if result is None else TrialState.COMPLETE,
            value=result,
            params={key: _value(text, self.factors[key]) for key, text in values.items()},
            distributions=self.factors,
            intermediate_values=dict(enumerate(accuracies, start=1)),
        )

    def propose(self, number: int) -> dict[str, str]:
        """The values of a trial: key of a factor -> value, as in an override.

        They follow from the seed, the number and the results so far, in whatever process.
        """
        seeds = np.random.SeedSequence([self.settings.sampler_seed, number])
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=self.settings.random_trials, seed=int(seeds.generate_state(1)[0])
        )
        study = optuna.create_study(sampler=sampler, direction="maximize")
        study.add_trials([self.ended[each] for each in sorted(self.ended)])
        drawn = study.ask(self.factors).params
        return {key: _text(value, self.factors[key]) for key, value in drawn.items()}

    def prune_below(self, num_epochs: int) -> dict[int, float]:
        """Epoch -> the validation accuracy below which a trial is given up; never in the last.

        The median of the completed trials, as known now.

        Args:
            num_epochs: the most that the trial may take.

        Source:
            The median stopping rule: Golovin et al. (2017), Google Vizier, section 3.2.2.
        """
        completed = [
            each.intermediate_values
            for each in self.ended.values()
            if each.state == TrialState.COMPLETE
        ]
        if not self.settings.prune or len(completed) < self.settings.prune_after_trials:
            return {}
        epochs = range(self.settings.prune_after_epochs, num_epochs)
        reached = {epoch: [each[epoch] for each in completed if epoch in each] for epoch in epochs}
        return {epoch: float(np.median(found)) for epoch, found in reached.items() if found}


def _text(value: Any, factor: BaseDistribution) -> str:
    """A value as in an override; a number with few digits, so that a person can type it."""
    if isinstance(factor, FloatDistribution):
        few = float(f"{value:.{SHORT if factor.step is None else DIGITS}g}")
        value = min(max(few, factor.low), factor.high)
    return str(value)


def _value(text: str, factor: BaseDistribution) -> Any:
    is_number = not isinstance(factor, CategoricalDistribution)
    return factor.to_external_repr(float(text)) if is_number else text
