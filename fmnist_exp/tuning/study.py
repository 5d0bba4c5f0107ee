"""A sweep whose runs are proposed: each trial is a run, judged by validation accuracy alone.

The plan holds what each trial is, its run directory how it has ended; a trial without a result is
open, and the same command launches it again.
"""

import itertools
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from omegaconf import OmegaConf

from fmnist_exp.console import counted
from fmnist_exp.errors import RecordError
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.tables import read_history
from fmnist_exp.strict import checked
from fmnist_exp.sweep.growing import GrowingStudy
from fmnist_exp.sweep.launchers import runs_at_a_time
from fmnist_exp.sweep.progress import SweepProgress
from fmnist_exp.tuning.proposals import TUNABLE, Proposals, Settings, ends, read_factors

MAY_GROW = ("num_trials", "trials_at_once")  # settings with which a study can go on


class TunedStudy(GrowingStudy):
    """A tuned sweep; its `runs` are the trials that are proposed so far.

    Attributes:
        proposals: what may be chosen, how, and what former trials have shown.
        fixed: overrides that every trial has.
    """

    kind = plan.TUNED
    fixed: tuple[str, ...]
    proposals: Proposals

    def prepare(self) -> None:
        """Check what may be chosen, at the ends of each factor, and read the data.

        Raises:
            FmnistError: as `Study.prepare`; also if the directory holds a study that was begun
                with other settings, factors, data or code.
        """
        self.check_place()
        raw: Any = OmegaConf.to_container(self.master.hydra.sweeper, resolve=True)
        settings = {key: raw[key] for key in raw if key not in ("_target_", "params")}
        overrides = self.composer.factors
        factors = read_factors(overrides)
        self.proposals = Proposals(checked(Settings, settings, "hydra.sweeper"), factors)
        lines = {each.get_key_element(): str(each.input_line) for each in overrides}
        self.fixed = tuple(line for key, line in lines.items() if key not in factors)
        self.configs, _ = self.checked([self._overrides(values) for values in self._examples()])
        self.least_runs = self.proposals.settings.num_trials
        self.go_on(
            {
                "factors": {key: lines[key].partition("=")[2] for key in factors},
                "settings": {key: settings[key] for key in settings if key not in MAY_GROW},
            }
        )

    def description(self, store: Store | None) -> str:
        """What may be chosen, and how far the study is: all that is known before it runs."""
        assert self.begun_with is not None
        lines = [f"{key}  {given}" for key, given in self.begun_with["factors"].items()]
        for run in self.runs:
            record = plan.read_result(self.directory, run)
            state = "to train" if record is None else record.status
            lines.append(f"{run.number:4}  {state:9}  {plan.described(run.values)}")
        to_come = max(0, self.proposals.settings.num_trials - len(self.runs))
        total = counted(len(self.runs) + to_come, "trial")
        return "\n".join([*lines, f"{total}, {len(self.runs)} proposed, {to_come} to come"])

    def result(self) -> str:
        """How the trials ended, the best, and how to train it with several seeds."""
        results = {run.number: plan.read_result(self.directory, run) for run in self.runs}
        if (best := plan.best_trial(results)) is None:
            return "no trial was completed: there is nothing to choose"
        number, accuracy = best
        run, study = self.runs[number], plan.read_study(self.directory)
        assert study is not None
        words = plan.confirming(study, run, self.directory)
        ends = Counter(each.status if each else "without a result" for each in results.values())
        counts = ", ".join(f"{count} {end}" for end, count in ends.items())
        return (
            f"tuned on validation accuracy: {counted(len(results), 'trial')}, {counts}\n"
            f"best: trial {number}, validation accuracy {accuracy:.4f}: "
            f"{plan.described(run.values)}\n"
            "before its test accuracy is quoted, train it with several seeds:\n"
            f"  {shlex.join(['python', '-m', 'fmnist_exp.train', *words])}"
        )

    @property
    def trials_at_once(self) -> int:
        """Trials that are proposed and launched together."""
        return self.proposals.settings.trials_at_once or runs_at_a_time(self.launcher)

    def _overrides(self, values: Mapping[str, str]) -> tuple[str, ...]:
        return (*self.fixed, *(f"{key}={values[key]}" for key in self.proposals.factors))

    def _examples(self) -> list[dict[str, str]]:
        """Trials that together show all that can be checked beforehand.

        They are at the ends of each factor, the others at their first; of config groups they hold
        each combination of options, which are composed now, before a file may be edited.
        """
        levels = {key: ends(factor) for key, factor in self.proposals.factors.items()}
        groups = {key: levels[key] for key in levels if key in TUNABLE}
        first = {key: options[0] for key, options in levels.items()}
        combined = [
            dict(zip(groups, chosen, strict=True)) for chosen in itertools.product(*groups.values())
        ]
        single = [{key: end} for key in levels if key not in groups for end in levels[key][1:]]
        return [first | changed for changed in (*combined, *single)]

    def batches(self, progress: SweepProgress) -> Iterator[list[int]]:
        """Numbers of the trials to launch together, batch by batch.

        Trials of one batch are proposed together, from what the batches before have shown: a
        study that was stopped anywhere proposes what it would have proposed.
        """
        for start in range(0, self.proposals.settings.num_trials, self.trials_at_once):
            stop = min(start + self.trials_at_once, self.proposals.settings.num_trials)
            self._tell_results()
            while len(self.runs) < stop:
                self.add(self._proposed(), progress)
            self.write_study()
            if batch := [each for each in range(start, stop) if each not in self.proposals.ended]:
                yield batch

    def _proposed(self) -> PlannedRun:
        """The next trial."""
        values = self.proposals.propose(len(self.runs))
        run = self.planned(self._overrides(values))
        limits = self.proposals.prune_below(run.config["training"]["epochs"])
        return run.replaced(values=values, prune_below=limits)

    def _tell_results(self) -> None:
        """Read how trials have ended that were open; a damaged one is launched again."""
        for run in self.runs:
            if run.number in self.proposals.ended:
                continue
            if (record := plan.read_result(self.directory, run)) is not None:
                with suppress(RecordError):
                    history = read_history(self.directory / run.directory / records.HISTORY)
                    accuracies = history["validation_accuracy"].tolist()
                    result = plan.validation_accuracy(record)
                    self.proposals.tell(run.number, run.values, accuracies, result)
