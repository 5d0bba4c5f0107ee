"""The runs of one command line: expanded, checked and planned; then launched, shown and named.

Hydra's own part is `Sweep`, which carries out whatever Hydra application asks for it. `Study` is a
sweep of this project: all that its runs are is fixed before the first one starts.
"""

import itertools
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, configure_log, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import EXECUTION, ExecutionConfig, RunConfig
from fmnist_exp.engine.choice import settled_together, why_together
from fmnist_exp.errors import ConfigError
from fmnist_exp.run.provenance import code_sha256
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun, PlannedStudy
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.sweep import launchers, task
from fmnist_exp.sweep.checking import check_data, check_output_dir, fixed_directory, listed
from fmnist_exp.sweep.command_line import quoted, words_for_options
from fmnist_exp.sweep.composing import Composer
from fmnist_exp.sweep.explaining import explained
from fmnist_exp.sweep.sweep_progress import SweepProgress
from fmnist_exp.sweep.watch import Watch

HYDRAS_SUBDIR = "${hydra.job.num}"  # by default
FORMER = ("plan.json", "trials.json")  # of sweeps by former code


class Sweep:
    """The runs of a command line under any launcher of Hydra.

    Attributes:
        master: the config of the sweep, composed with its `hydra` section.
        params: factors of an experiment.
        directory: where the sweep goes.
        composer: composes its runs.
    """

    def __init__(
        self,
        context: HydraContext,
        task_function: TaskFunction,
        master: DictConfig,
        params: Mapping[str, Any],
    ) -> None:
        self.context = context
        self.task_function = task_function
        self.master = master
        self.params = params
        self.composer = Composer(master, context.config_loader)
        self.is_here = master.hydra.runtime.choices["hydra/launcher"] == "basic"
        HydraConfig.instance().set_config(master)  # for values such as ${hydra:runtime.cwd}
        self.directory = fixed_directory(master, "sweep")
        with read_write(master.hydra):
            fixed = f"hydra.sweep.dir={quoted(str(self.directory))}"
            master.hydra.overrides.hydra.append(fixed)  # for what is composed in other processes

    def sweep(self, arguments: list[str]) -> list[list[JobReturn]]:
        """Carry out the sweep that a command line asks for; what its runs have returned."""
        runs = dict(enumerate(self.composer.expand(self.params, arguments)))
        self.begin()
        returned = self.launch(runs)
        for job in returned:
            _ = job.return_value  # raises what the run has raised, now that all have run
        return [returned]

    def begin(self) -> None:
        """Leave in the directory of the sweep what Hydra does."""
        self.directory.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.master, self.directory / "multirun.yaml")

    def launch(self, runs: Mapping[int, Sequence[str]]) -> list[JobReturn]:
        """Carry out runs: job number -> overrides."""
        if self.is_here:
            return [self._run_here(number, overrides) for number, overrides in runs.items()]
        launcher = Plugins.instance().instantiate_launcher(
            self.context, self.task_function, self.master
        )
        returned: list[JobReturn] = []
        for first, group in _consecutive(runs):
            returned += launcher.launch(group, initial_job_idx=first)
        return returned

    def task_of(self, number: int) -> TaskFunction:
        """What carries out a run in this process."""
        return self.task_function

    def _run_here(self, number: int, overrides: Sequence[str]) -> JobReturn:
        config = self.composer.compose(overrides)
        self.number(config, number)
        subdir = "hydra.sweep.subdir"
        job = run_job(self.task_of(number), config, "hydra.sweep.dir", subdir, self.context)
        configure_log(self.master.hydra.hydra_logging, self.master.hydra.verbose)
        return job

    def number(self, config: DictConfig, number: int) -> None:
        """Let a composed config know its job number, and here its id, as Hydra's launcher does."""
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.job.num = number
            if self.is_here:
                config.hydra.job.id = str(number)


class Study(Sweep):
    """A sweep of ours: `prepare` checks and plans it, and `carry_out` launches what was planned.

    Attributes:
        runs: those that are planned, in the order of their numbers.
        execution: how they are carried out.
        remark: what is to be said of the plan before it is carried out, if anything.
        launcher: the section of the launcher, as plain values.
        is_tuned: whether its runs are proposed one after the other.
        begun_with: what a tuned sweep was begun with and must keep.
    """

    is_tuned = False
    begun_with: dict[str, Any] | None = None
    runs: list[PlannedRun]
    configs: list[RunConfig]
    execution: ExecutionConfig
    remark: str | None = None

    def sweep(self, arguments: list[str]) -> list[list[JobReturn]]:
        """Check and plan the sweep; then launch it, unless it is a dry run.

        Raises:
            FmnistError: the command line or the data are not what they must be; nothing is written.
        """
        self.prepare(arguments)
        if self.remark is not None:
            print(self.remark)
        store = Store(Path.cwd() / self.execution.store) if self.execution.reuse else None
        if self.execution.dry_run:
            print(self.description(store))
            return []
        if store is not None:
            store.check()
        return [self.carry_out()]

    def prepare(self, arguments: list[str]) -> None:
        """Compose, parse and check every run, and read its data; errors as `sweep`."""
        self.check_place()
        overrides = self.composer.expand(self.params, arguments)
        if not overrides:
            raise ConfigError(
                f"a sweep must have at least one run, received {' '.join(arguments)!r}, which "
                "makes none. Pass for example 'seed=range(5)'."
            )
        self.refuse_factors(arguments)
        self.configs, directories = self.checked(overrides)
        parts = zip(overrides, self.configs, directories, strict=True)
        self.runs = [
            PlannedRun(number=number, directory=folder, overrides=given, config=config.plain())
            for number, (given, config, folder) in enumerate(parts)
        ]

    def carry_out(self) -> list[JobReturn]:
        """Launch what was planned; what its runs have returned."""
        with self.shown():
            self.write_plan()
            return self.launch({run.number: run.overrides for run in self.runs})

    def description(self, store: Store | None) -> str:
        """What a dry run says: each run, and whether it is done already."""
        return listed(self.configs, [run.overrides for run in self.runs], store)

    def result(self) -> str | None:
        """What is to be said of the whole sweep at its end, if anything."""
        return None

    def check_place(self) -> None:
        """Refuse a launcher or a directory that this sweep cannot use.

        Raises:
            ConfigError: a setting of the launcher breaks its rule, or the directory holds a sweep
                of another kind.
            RecordError: the directory cannot be written.
        """
        with explained([]):
            launcher: Any = OmegaConf.to_container(self.master.hydra.launcher, resolve=True)
        self.launcher = launcher
        launchers.check(launcher, self.directory)
        check_output_dir(self.directory)
        former = plan.read_study(self.directory)
        kind, other = "an ordinary", "a tuned"
        if self.is_tuned:
            kind, other = other, kind
        if former is not None and (former.begun_with is not None) != self.is_tuned:
            raise ConfigError(
                f"hydra.sweep.dir must not be shared by different sweeps, received "
                f"{self.directory}, which holds {other} sweep, for {kind} one. Pass "
                "hydra.sweep.dir=DIR."
            )
        if former is None and any((self.directory / name).exists() for name in FORMER):
            raise ConfigError(
                f"hydra.sweep.dir must not hold a sweep that was begun by former code, received "
                f"{self.directory}. Pass hydra.sweep.dir=DIR; the aggregator still reads it."
            )

    def refuse_factors(self, arguments: list[str]) -> None:
        """Refuse a sweep over how runs are carried out, which is the same for all.

        Raises:
            ConfigError: a factor is a key of Hydra's or of the execution.
        """
        for factor in self.composer.factors(self.params, arguments):
            key = factor.key_or_group
            varies = factor.is_sweep_override() or key in self.params
            if varies and (key in EXECUTION or key.split(".")[0].split("/")[0] == "hydra"):
                raise ConfigError(
                    f"a factor of a sweep must be a key of its runs, received "
                    f"{factor.input_line!r}. Pass one value on the command line."
                )

    def checked(self, runs: Sequence[Sequence[str]]) -> tuple[list[RunConfig], list[str]]:
        """The config of each run, with one engine for all, and its directory.

        Args:
            runs: the overrides of each run.

        Raises:
            ConfigError: a run is not what it must be, or two share a directory.
            DataError: the data are missing or damaged.
        """
        parsed, directories = [], []
        for number, overrides in enumerate(runs):
            try:
                config, directory = self.checked_run(number, overrides)
            except ConfigError as error:
                if len(runs) == 1:
                    raise
                asking = " ".join(overrides)
                raise ConfigError(f"{error} The run that asks for it: {asking}") from error
            parsed.append(config)
            directories.append(directory)
        self.execution = parse_execution(self.composer.compose_alone(runs[0])[0])
        folder, count = Counter(directories).most_common(1)[0]
        if count > 1:
            raise ConfigError(
                f"hydra.sweep.subdir must give each run a directory of its own, received {folder} "
                f"for {count} runs. Add ${{hydra.job.num}} to it."
            )
        configs, self.remark = settled_together(parsed), why_together(parsed)
        check_data(configs)
        return configs, directories

    def checked_run(self, number: int, overrides: Sequence[str]) -> tuple[RunConfig, str]:
        """The config of a run, and its directory relative to that of the sweep.

        Raises:
            ConfigError: the run is not what it must be, or its directory would lie elsewhere.
        """
        with explained([*self.composer.of_hydra, *overrides]):
            alone, hydra = self.composer.compose_alone(overrides)
            places: Any = OmegaConf.to_container(hydra.sweep, resolve=False)
            if places["subdir"] == HYDRAS_SUBDIR:  # for which there is nothing to be composed
                directory = str(number)
            else:
                directory = self._directory_of(self.composer.compose(overrides), number)
        return parse(alone, hydra.runtime.choices), directory

    @contextmanager
    def shown(self, num_runs: int | None = None) -> Iterator[SweepProgress]:
        """Be the only one at this sweep, show it, and at its end name each run without a result.

        Args:
            num_runs: as `Watch` takes it.

        Raises:
            ConfigError: the launcher cannot start runs here.
            RecordError: the directory is in use, or cannot be written.
        """
        launchers.prepare(self.launcher)
        with working_in(self.directory, wait=False):
            self.begin()
            progress = SweepProgress(Watch(self.directory, self.runs, num_runs))
            try:
                with progress, launchers.leaving(self.launcher, self.directory):
                    yield progress
            finally:
                self._tell_end(progress)

    def write_plan(self) -> None:
        """Write what is fixed for the whole sweep, and each run that is planned so far."""
        for run in self.runs:
            plan.write_run(self.directory, run)
        self.write_study()

    def write_study(self) -> None:
        """Write what is fixed for the whole sweep, and how many runs are planned so far."""
        study = PlannedStudy(
            num_runs=len(self.runs),
            code_sha256=code_sha256(),
            options=tuple(words_for_options(self.master)),
            execution=self.execution.plain(),
            begun_with=self.begun_with,
        )
        plan.write_study(self.directory, study)

    def task_of(self, number: int) -> TaskFunction:
        """The task, with its run as it was planned."""
        return partial(task.train_planned, self.runs[number], self.execution)

    def _directory_of(self, composed: DictConfig, number: int) -> str:
        self.number(composed, number)
        HydraConfig.instance().set_config(composed)
        folder = PurePosixPath(str(composed.hydra.sweep.subdir))
        if folder.is_absolute() or ".." in folder.parts or not folder.parts:
            raise ConfigError(
                f"hydra.sweep.subdir must name a folder within that of the sweep, received "
                f"'{folder}'. Pass for example hydra.sweep.subdir='${{hydra.job.num}}'."
            )
        return str(folder)

    def _tell_end(self, progress: SweepProgress) -> None:
        for line in progress.watch.without_result(words_for_options(self.master)):
            print(line, file=sys.stderr)
        if (result := self.result()) is not None:
            print(result)
        print(f"files in {self.directory}")
        if progress.watch.num_finished():
            command = ["python", "-m", "fmnist_exp.aggregate", str(self.directory)]
            print(f"next, the report: {shlex.join(command)}")


def _consecutive(runs: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, list[list[str]]]]:
    """Runs whose numbers have no gap, since a launcher counts on from the first."""
    for _, group in itertools.groupby(enumerate(runs), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in group]
        yield numbers[0], [list(runs[number]) for number in numbers]
