"""A tuned sweep: trials are proposed, launched as runs, and judged by validation accuracy alone.

`study.db` in the directory of the sweep holds what the sampler knows, `trials.json` what each
trial is. A trial without a result stays open, and the same command launches it again.
"""

import hashlib
import importlib.util
import shlex
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.console import counted
from fmnist_exp.data import loading
from fmnist_exp.engine.choice import settled_together, why_together
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.run.provenance import run_key
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.tables import read_history
from fmnist_exp.sweep.checking import check_data
from fmnist_exp.sweep.study import Study
from fmnist_exp.tuning.commands import overrides_of
from fmnist_exp.tuning.search import Search, Values, read_search
from fmnist_exp.tuning.trials import (
    Trial,
    Trials,
    best_trial,
    read_result,
    read_results,
    read_trials,
    validation_accuracy,
    write_trials,
)

STUDY = "study.db"
NUM_SEEDS = 5  # with which the best trial is to be trained again
MAY_GROW = ("num_trials", "trials_at_once")  # settings with which a study can go on


def check_startable(search: Search, sweep_dir: Path) -> None:
    """Refuse a study without Optuna, or one that was begun with other settings, data or code.

    Raises:
        ConfigError: Optuna is missing, or former trials do not compare with those that follow.
        RecordError: what it was begun with cannot be read.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError(
            "hydra/sweeper=tpe needs Optuna, which is not installed. "
            "Install it with: pip install -e '.[optuna]'"
        )
    former = read_trials(sweep_dir)
    if former is None:
        return
    for name, wanted in begun_with(search).items():
        if former.begun_with.get(name) != wanted:
            raise ConfigError(
                f"{sweep_dir} holds a study that was begun with other {name}, so that its trials "
                f"do not compare with new ones: {former.begun_with.get(name)}, received {wanted}. "
                "Pass hydra.sweep.dir=DIR to begin another study."
            )


class TunedStudy(Study):
    """A sweep whose runs are proposed one batch after the other, and planned as they are."""

    is_tuned = True

    def prepare(self, arguments: list[str]) -> None:
        """Check the search, and its runs at the ends of every factor; errors as `Study.sweep`."""
        self.check_place()
        self.search = read_search(self.master, self.composer)
        check_startable(self.search, self.directory)
        self.begun_with = begun_with(self.search)
        examples = [self.search.overrides(values) for values in self.search.examples()]
        composed = [self.search.compose(overrides) for overrides in examples]
        self.execution = parse_execution(composed[0])
        parsed = [parse(each) for each in composed]
        self.configs, self.remark = settled_together(parsed), why_together(parsed)
        check_data(self.configs)
        former = read_trials(self.directory)
        self.trials = [] if former is None else former.trials
        self.runs = [_planned(number, trial) for number, trial in enumerate(self.trials)]

    def description(self, store: Store | None) -> str:
        """What may be chosen, and how far the study is."""
        return describe_search(self.search, self.directory)

    def result(self) -> str:
        """How the trials ended, the best, and how to try it in earnest."""
        return describe_result(self.search, self.directory)

    def carry_out(self) -> list[JobReturn]:
        """Launch trials until the study has as many as were asked for."""
        from fmnist_exp.tuning.study import Study as Proposals  # Optuna is an extra

        num_trials = self.search.settings.num_trials
        with self.shown(num_runs=num_trials, goes_on=True) as progress:
            self.progress = progress
            factors = self.search.factors
            self.study = Proposals(self.directory / STUDY, self.search.settings, factors)
            self.trials = self.trials[: self.study.num_trials]
            self.runs = self.runs[: self.study.num_trials]
            self.launched: set[int] = set()
            self._write_new()
            returned: list[JobReturn] = []
            while batch := self.next_batch():
                returned += self.launch({number: self.runs[number].overrides for number in batch})
            return returned

    def next_batch(self) -> list[int]:
        """Numbers of the trials to launch next; none at the end.

        Trials of one batch are proposed together, from what the batches before have shown: a
        study that was stopped anywhere proposes what it would have proposed.
        """
        self._tell_results()
        study, size = self.study, self.search.trials_at_once
        waiting = [number for number in study.open if number not in self.launched]
        start = (waiting[0] if waiting else study.num_trials) // size * size
        stop = min(start + size, self.search.settings.num_trials)
        while study.num_trials < stop:
            study.propose()
        self._write_new()
        batch = [n for n in study.open if start <= n < stop and n not in self.launched]
        self.launched.update(batch)
        return batch

    def _config(self, values: Values) -> RunConfig:
        return self.search.config(values).replaced(engine=self.configs[0].engine)

    def _write_new(self) -> None:
        """Fix what the trials are that were proposed since, before any of them starts."""
        for number in range(len(self.trials), self.study.num_trials):
            values = self.study.values(number)
            config = self._config(values)
            limits = self.study.prune_below(config.training.epochs)
            given = self.search.overrides(values)
            self.trials.append(Trial(values, given, limits, config.plain()))
            self.runs.append(_planned(number, self.trials[-1]))
            plan.write_run(self.directory, self.runs[-1])
            self.progress.watch.add(self.runs[-1])
        self.write_study()
        write_trials(self.directory, Trials(begun_with(self.search), self.trials))

    def _tell_results(self) -> None:
        for number in self.study.open:
            record = read_result(self.directory, number, self.trials[number])
            if record is None:
                continue
            try:
                history = read_history(self.directory / str(number) / records.HISTORY)
            except RecordError:  # damaged: launched again
                continue
            accuracies = history["validation_accuracy"].tolist()
            self.study.tell(number, accuracies, validation_accuracy(record))


def describe_search(search: Search, sweep_dir: Path) -> str:
    """What a tuned sweep may choose, and how far it is: all that is known before it runs."""
    lines = [f"{factor.key}  {factor}" for factor in search.factors]
    former = read_trials(sweep_dir)
    trials = [] if former is None else former.trials
    for number, trial in enumerate(trials):
        record = read_result(sweep_dir, number, trial)
        state = "to train" if record is None else record.status
        lines.append(f"{number:4}  {state:9}  {trial}")
    to_come = max(0, search.settings.num_trials - len(trials))
    lines.append(
        f"{counted(len(trials) + to_come, 'trial')}, {len(trials)} proposed, {to_come} to come"
    )
    return "\n".join(lines)


def describe_result(search: Search, sweep_dir: Path) -> str:
    """The end of a tuned sweep: how the trials ended, the best, and how to try it in earnest."""
    former = read_trials(sweep_dir)
    trials = [] if former is None else former.trials
    results = read_results(sweep_dir, trials)
    if not any(results):  # what is missing has been said
        return f"study: {sweep_dir / STUDY}"
    endings = ["without a result" if each is None else each.status for each in results]
    counts = [f"{endings.count(each)} {each}" for each in dict.fromkeys(endings)]
    lines = [
        ", ".join([f"tuned on validation accuracy: {counted(len(trials), 'trial')}", *counts]),
        f"study: {sweep_dir / STUDY}",
    ]
    best = best_trial(results)
    record = None if best is None else results[best]
    if best is None or record is None:
        return "\n".join([*lines, "no trial was completed: there is nothing to choose"])
    config, path = search.config(trials[best].values), search.master.hydra.searchpath
    overrides = overrides_of(config, record.choices, search.composer.loader, path)
    own = [word for each in path for word in ("--config-dir", each.removeprefix("file://"))]
    command = ["python", "-m", "fmnist_exp.train", *own, "--multirun", *overrides]
    accuracy = validation_accuracy(record)
    return "\n".join(
        [
            *lines,
            f"best: trial {best}, validation accuracy {accuracy:.4f}: {trials[best]}",
            "before its test accuracy is quoted, train it with several seeds:",
            f"  {shlex.join([*command, f'seed=range({NUM_SEEDS})'])}",
        ]
    )


def begun_with(search: Search) -> dict[str, Any]:
    """What a study is begun with and must keep; what it is about -> what it is."""
    settings = {
        name: value
        for name, value in search.settings.plain().items()
        if name not in (*MAY_GROW, "target", "params")
    }
    examples = _examples(search)
    # Without an engine, and so without the device, which is known only where a run is trained.
    keys = "".join(_key(config.replaced(engine="auto")) for config in examples)
    return {
        "factors": {factor.key: str(factor) for factor in search.factors},
        "settings": settings,
        "engine": examples[0].engine,
        "configs, data or training code": hashlib.sha256(keys.encode()).hexdigest()[:12],
    }


def _examples(search: Search) -> list[RunConfig]:
    """The configs at the ends of a search's factors; one engine trains them and all between."""
    return settled_together([search.config(values) for values in search.examples()])


def _key(config: RunConfig) -> str:
    return run_key(config, loading.load(config.data).sha256)


def _planned(number: int, trial: Trial) -> PlannedRun:
    return PlannedRun(
        number=number,
        directory=str(number),
        overrides=tuple(trial.overrides),
        config=dict(trial.config or {}),
        values=dict(trial.values),
        prune_below=tuple(trial.prune_below),
    )
