"""A sweep whose runs are proposed: each trial is a run, judged by validation accuracy alone.

`study.db` in the directory of the sweep holds what the sampler knows, and the plan what each trial
is. A trial without a result stays open, and the same command launches it again.
"""

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.console import counted
from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.run.provenance import hash_of, key_parts
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan, records, trials
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.tables import read_history
from fmnist_exp.strict import checked
from fmnist_exp.sweep.command_line import quoted, words_for_options
from fmnist_exp.sweep.composing import Composer
from fmnist_exp.sweep.hydra_private import task_overrides
from fmnist_exp.sweep.launchers import runs_at_a_time
from fmnist_exp.sweep.study import Study
from fmnist_exp.sweep.watch import Watch
from fmnist_exp.tuning.factors import TUNABLE, Factors, described, ends, is_tunable, read_factors
from fmnist_exp.tuning.proposals import Proposals, Settings

DATABASE = "study.db"
NUM_SEEDS = 5  # with which the best trial is to be trained again
MAY_GROW = ("num_trials", "trials_at_once")  # settings with which a study can go on


def study_of(
    context: HydraContext, task: TaskFunction, master: DictConfig, params: Mapping[str, Any]
) -> Study:
    """The sweep of a command line; an ordinary one if it varies nothing but seeds or data.

    So the best trial is trained with several seeds by the command that has tuned it, with values
    in the place of its factors.
    """
    overrides = Composer(master, context.config_loader).factors(params, task_overrides(master))
    varied = [each for each in overrides if each.is_sweep_override()]
    is_ordinary = varied and not any(map(is_tunable, varied))
    return (Study if is_ordinary else TunedStudy)(context, task, master, params)


class TunedStudy(Study):
    """A tuned sweep; its `runs` are the trials that are proposed so far.

    Attributes:
        settings: how many trials, and how they are proposed and given up.
        factors: what may be chosen.
        fixed: overrides that every trial has.
        proposals: what Optuna knows, while the sweep is carried out.
    """

    is_tuned = True
    settings: Settings
    factors: Factors
    fixed: tuple[str, ...]
    proposals: Proposals

    def prepare(self, arguments: list[str]) -> None:
        """Check what may be chosen, at the ends of each factor, and read the data.

        Raises:
            FmnistError: as `Study.prepare`; also if the directory holds a study that was begun
                with other settings, factors, data or code.
        """
        self.check_place()
        raw: Any = OmegaConf.to_container(self.master.hydra.sweeper, resolve=True)
        settings = {key: raw[key] for key in raw if key not in ("_target_", "params")}
        self.settings = checked(Settings, settings, "hydra.sweeper")
        overrides = self.composer.factors(self.params, arguments)
        self.factors = read_factors(overrides)
        self.fixed = tuple(
            str(each.input_line) for each in overrides if not each.is_sweep_override()
        )
        self.configs, _ = self.checked([self._overrides(values) for values in self._examples()])
        self.begun_with = self._begun_with()
        self.runs = list(plan.read_runs(self.directory))
        former = plan.read_study(self.directory)
        if former is None or former.begun_with is None:
            return
        for name, wanted in self.begun_with.items():
            if former.begun_with.get(name) != wanted:
                raise ConfigError(
                    f"{self.directory} holds a study that was begun with other {name}, so that its "
                    f"trials do not compare with new ones: {former.begun_with.get(name)}, received "
                    f"{wanted}. Pass hydra.sweep.dir=DIR to begin another study."
                )

    def carry_out(self) -> list[JobReturn]:
        """Launch trials until the study has as many as were asked for; what they have returned."""
        num_runs = max(self.settings.num_trials, len(self.runs))
        returned: list[JobReturn] = []
        with self.shown(num_runs) as progress:
            self.proposals = Proposals(self.directory / DATABASE, self.settings, self.factors)
            del self.runs[len(self.proposals) :]
            self._plan_proposed(progress.watch)
            for batch in self._batches(progress.watch):
                returned += self.launch({number: self.runs[number].overrides for number in batch})
        return returned

    def description(self, store: Store | None) -> str:
        """What may be chosen, and how far the study is: all that is known before it runs."""
        lines = [f"{key}  {described(factor)}" for key, factor in self.factors.items()]
        for run in self.runs:
            record = trials.read_result(self.directory, run)
            state = "to train" if record is None else record.status
            lines.append(f"{run.number:4}  {state:9}  {trials.described(run.values)}")
        to_come = max(0, self.settings.num_trials - len(self.runs))
        total = counted(len(self.runs) + to_come, "trial")
        return "\n".join([*lines, f"{total}, {len(self.runs)} proposed, {to_come} to come"])

    def result(self) -> str:
        """How the trials ended, the best, and how to train it with several seeds."""
        where = f"study: {self.directory / DATABASE}"
        results = {run.number: trials.read_result(self.directory, run) for run in self.runs}
        if not any(results.values()):  # what is missing has been said
            return where
        ends = Counter(each.status if each else "without a result" for each in results.values())
        counts = ", ".join(f"{count} {end}" for end, count in ends.items())
        lines = [f"tuned on validation accuracy: {counted(len(results), 'trial')}, {counts}", where]
        if (best := trials.best_trial(results)) is None:
            return "\n".join([*lines, "no trial was completed: there is nothing to choose"])
        number, accuracy = best
        run = self.runs[number]
        chosen = trials.described(run.values)
        return "\n".join(
            [
                *lines,
                f"best: trial {number}, validation accuracy {accuracy:.4f}: {chosen}",
                "before its test accuracy is quoted, train it with several seeds:",
                f"  {shlex.join(self._with_seeds(run))}",
            ]
        )

    @property
    def trials_at_once(self) -> int:
        """Trials that are proposed and launched together."""
        return self.settings.trials_at_once or runs_at_a_time(self.launcher)

    def _overrides(self, values: Mapping[str, str]) -> tuple[str, ...]:
        return (*self.fixed, *(f"{key}={values[key]}" for key in self.factors))

    def _examples(self) -> list[dict[str, str]]:
        """Trials that together show all that can be checked beforehand.

        They are at the ends of each factor, the others at their first; of config groups they hold
        each combination of options, which are composed now, before a file may be edited.
        """
        levels = {key: ends(factor) for key, factor in self.factors.items()}
        groups = {key: levels[key] for key in levels if key in TUNABLE}
        first = {key: options[0] for key, options in levels.items()}
        combined = [
            dict(zip(groups, chosen, strict=True)) for chosen in itertools.product(*groups.values())
        ]
        single = [{key: end} for key in levels if key not in groups for end in levels[key][1:]]
        return [first | changed for changed in (*combined, *single)]

    def _begun_with(self) -> dict[str, Any]:
        """What a study is begun with and must keep; what it is about -> what it is."""
        settings = self.settings.plain()
        keys = [key_parts(config, loading.load(config.data).sha256) for config in self.configs]
        for parts in keys:  # the device is known only where a run is trained
            del parts["device"], parts["config"]["engine"]
        return {
            "factors": {key: described(factor) for key, factor in self.factors.items()},
            "settings": {key: settings[key] for key in settings if key not in MAY_GROW},
            "engine": self.configs[0].engine,
            "configs, data or training code": hash_of({"keys": keys})[:12],
        }

    def _batches(self, watch: Watch) -> Iterator[list[int]]:
        """Numbers of the trials to launch together, batch by batch.

        Trials of one batch are proposed together, from what the batches before have shown: a
        study that was stopped anywhere proposes what it would have proposed.
        """
        for start in range(0, self.settings.num_trials, self.trials_at_once):
            stop = min(start + self.trials_at_once, self.settings.num_trials)
            self._tell_results()
            while len(self.proposals) < stop:
                self.proposals.propose()
            self._plan_proposed(watch)
            if batch := [number for number in self.proposals.open if start <= number < stop]:
                yield batch

    def _plan_proposed(self, watch: Watch) -> None:
        """Fix what the trials are that were proposed since, before any of them starts."""
        for number in range(len(self.runs), len(self.proposals)):
            values = self.proposals.values(number)
            overrides = self._overrides(values)
            config, directory = self.checked_run(number, overrides)
            config = config.replaced(engine=self.configs[0].engine)
            run = PlannedRun(
                number=number,
                directory=directory,
                overrides=overrides,
                config=config.plain(),
                values=values,
                prune_below=self.proposals.prune_below(config.training.epochs),
            )
            plan.write_run(self.directory, run)
            self.runs.append(run)
            watch.add(run)
        self.write_study()

    def _tell_results(self) -> None:
        for number in self.proposals.open:
            run = self.runs[number]
            record = trials.read_result(self.directory, run)
            if record is None:
                continue
            try:
                history = read_history(self.directory / run.directory / records.HISTORY)
            except RecordError:  # damaged: launched again
                continue
            accuracies = history["validation_accuracy"].tolist()
            self.proposals.tell(number, accuracies, trials.validation_accuracy(record))

    def _with_seeds(self, run: PlannedRun) -> list[str]:
        """The command that trains a trial with several seeds, into a directory of its own."""
        given = [each for each in run.overrides if each.partition("=")[0] != "seed"]
        folder = f"hydra.sweep.dir={quoted(f'{self.directory}_best')}"
        words = ["python", "-m", "fmnist_exp.train", *words_for_options(self.master)]
        return [*words, "--multirun", *given, folder, f"seed=range({NUM_SEEDS})"]
