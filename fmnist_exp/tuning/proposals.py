"""What has been tried and how it went, kept by Optuna in an SQLite file.

Runs are never told of the file and never open it, so they may be on other machines.
"""

import functools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from fmnist_exp.config.schema import MAX_SEED
from fmnist_exp.errors import RecordError
from fmnist_exp.strict import Strict
from fmnist_exp.tuning.factors import Factors

NAME = "fmnist_exp"
DIGITS = 4  # significant ones of a proposed number: the others change no accuracy


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
    """The trials of one study, numbered from 0.

    Args:
        path: the SQLite file; made if there is none.
        settings: how trials are proposed and given up.
        factors: what each trial chooses.

    Raises:
        RecordError: the file is not a study, or cannot be made.
    """

    def __init__(self, path: Path, settings: Settings, factors: Factors) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.settings = settings
        self.factors = factors
        # Not by an address: there is no way to write every path into one.
        connect = functools.partial(sqlite3.connect, path, check_same_thread=False)
        try:
            storage = optuna.storages.RDBStorage(
                "sqlite:///study.db", engine_kwargs={"creator": connect}
            )
            self.kept = optuna.create_study(
                storage=storage, study_name=NAME, direction="maximize", load_if_exists=True
            )
        except (optuna.exceptions.OptunaError, SQLAlchemyError, sqlite3.Error) as error:
            raise RecordError(
                f"cannot open {path}: it must be a study that Optuna can read and write "
                f"({str(error).splitlines()[0]}). Begin another one with hydra.sweep.dir=DIR, or "
                f"move {path} out of the way."
            ) from error

    def __len__(self) -> int:
        """Trials proposed so far."""
        return len(self._trials())

    @property
    def open(self) -> list[int]:
        """Numbers of the trials whose result is not known yet."""
        return [trial.number for trial in self._trials() if not trial.state.is_finished()]

    def propose(self) -> None:
        """Add one trial, whose values follow from the results so far, its number and the seed.

        The sampler works on a copy: a process that is killed leaves a whole trial or none, and
        the same values are proposed again.
        """
        seeds = np.random.SeedSequence([self.settings.sampler_seed, len(self)])
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=self.settings.random_trials, seed=int(seeds.generate_state(1)[0])
        )
        copied = optuna.create_study(sampler=sampler, direction="maximize")
        copied.add_trials(self._trials())
        drawn = copied.ask(self.factors).params
        params = {key: _rounded(value, self.factors[key]) for key, value in drawn.items()}
        self.kept.add_trial(
            optuna.create_trial(state=TrialState.RUNNING, params=params, distributions=self.factors)
        )

    def values(self, number: int) -> dict[str, str]:
        """The values of a trial: key of a factor -> value, as in an override."""
        params = self._trials()[number].params
        return {
            key: value if isinstance(value, str) else repr(value) for key, value in params.items()
        }

    def tell(self, number: int, accuracies: Sequence[float], result: float | None) -> None:
        """Say how a trial went.

        Args:
            number: the trial.
            accuracies: validation accuracy after each epoch.
            result: validation accuracy of the finished run; None if it was given up.
        """
        frozen = self._trials()[number]
        trial = optuna.Trial(self.kept, frozen._trial_id)
        for epoch, accuracy in enumerate(accuracies, start=1):
            if epoch not in frozen.intermediate_values:
                trial.report(accuracy, epoch)
        self.kept.tell(number, result, TrialState.PRUNED if result is None else None)

    def prune_below(self, num_epochs: int) -> tuple[float | None, ...]:
        """For each epoch but the last, the validation accuracy below which a trial is given up.

        The median of the completed trials, as known now; None where nothing is given up.

        Args:
            num_epochs: the most that the trial may take.

        Source:
            The median stopping rule: Golovin et al. (2017), Google Vizier, section 3.2.2.
        """
        completed = [trial for trial in self._trials() if trial.state == TrialState.COMPLETE]
        if not self.settings.prune or len(completed) < self.settings.prune_after_trials:
            return ()
        told = [trial.intermediate_values for trial in completed]
        limits: list[float | None] = []
        for epoch in range(1, num_epochs):
            reached = [accuracies[epoch] for accuracies in told if epoch in accuracies]
            late = epoch >= self.settings.prune_after_epochs
            limits.append(float(np.median(reached)) if late and reached else None)
        return tuple(limits)

    def _trials(self) -> list[FrozenTrial]:
        return self.kept.get_trials(deepcopy=False)


def _rounded(value: object, factor: BaseDistribution) -> object:
    """A number between two others with few digits, so that a person can type it."""
    if not isinstance(factor, FloatDistribution):
        return value
    assert isinstance(value, float)
    if factor.step is not None:
        return float(f"{value:.12g}")
    few = float(f"{value:.{DIGITS}g}")
    return min(max(few, factor.low), factor.high)
