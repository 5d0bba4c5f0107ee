"""How trials are proposed, by Optuna's sampler, and when one is given up."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from fmnist_exp.config.schema import MAX_SEED
from fmnist_exp.strict import Strict
from fmnist_exp.tuning.factors import DIGITS, Factors

SHORT = 4  # significant digits of a proposed number: the others change no accuracy


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
