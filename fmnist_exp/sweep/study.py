"""A sweep of ours: all that its runs are is checked and fixed before the first one starts."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import EXECUTION, OF_STUDIES, ExecutionConfig, RunConfig
from fmnist_exp.console import typed
from fmnist_exp.engine.choice import settled_together
from fmnist_exp.errors import ConfigError
from fmnist_exp.run.provenance import CODE_SHA256
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.claims import Question
from fmnist_exp.rundir.plan import PlannedRun, PlannedStudy, Settling
from fmnist_exp.rundir.presence import MARK, working_in
from fmnist_exp.sweep import launchers
from fmnist_exp.sweep.checking import check_data, check_output_dir, listed, question_of
from fmnist_exp.sweep.command_line import words_for_options
from fmnist_exp.sweep.explaining import explained
from fmnist_exp.sweep.hydra_private import task_overrides
from fmnist_exp.sweep.progress import SweepProgress
from fmnist_exp.sweep.sweeper import Sweep
from fmnist_exp.sweep.watch import Watch

NO_FACTORS = (*EXECUTION, *OF_STUDIES, "experiment")  # which has factors of its own
HYDRAS_SUBDIR = "${hydra.job.num}"  # by default
OWN_NAMES = {plan.STUDY, plan.FOLDER, "multirun.yaml", MARK}  # in the directory of a sweep
FORMER = ("plan.json", "trials.json")  # of sweeps by former code


class Study(Sweep):
    """A sweep that `prepare` checks and plans, and `carry_out` launches.

    Attributes:
        launcher: the section of the launcher, as plain values.
        asked: question and claims of the study.
        execution: how runs are carried out.
        configs: those that were checked, with their engine.
        runs: those that are planned, in the order of their numbers.
        remark: what is to be said of the plan before it is carried out, if anything.
        kind: what sort of sweep it is.
        begun_with: what a sweep that grows was begun with and must keep.
        settling: how seeds are added, if they are.
    """

    launcher: Any
    asked: Question
    execution: ExecutionConfig
    configs: list[RunConfig]
    runs: list[PlannedRun]
    remark: str | None = None
    kind = plan.ORDINARY
    begun_with: dict[str, Any] | None = None
    settling: Settling | None = None

    def sweep(self) -> list[list[JobReturn]]:
        """Check and plan the sweep; then launch it, unless it is a dry run.

        Raises:
            FmnistError: the command line or the data are not what they must be; nothing is written.
        """
        self.prepare()
        if self.remark is not None:
            print(self.remark)
        store = Store(Path.cwd() / self.execution.store) if self.execution.reuse else None
        if self.execution.dry_run:
            print(self.description(store))
            return []
        if store is not None:
            store.check()
        return [self.carry_out()]

    def prepare(self) -> None:
        """Compose, parse and check every run, and read its data; errors as `sweep`."""
        self.check_place()
        self.check_factors()
        overrides = self.composer.expand()
        if not overrides:
            raise ConfigError(
                "a sweep must have at least one run, received factors that make none: "
                f"{' '.join(task_overrides(self.master))}. Pass for example 'seed=range(5)'."
            )
        self.configs, directories = self.checked(overrides)
        parts = zip(overrides, self.configs, directories, strict=True)
        self.runs = [
            PlannedRun(number=number, directory=folder, overrides=given, config=config.plain())
            for number, (given, config, folder) in enumerate(parts)
        ]

    def check_factors(self) -> None:
        """Refuse factors that are no keys of runs: how runs are carried out is the same for all."""
        for factor in self.composer.factors:
            key = factor.key_or_group
            varies = factor.is_sweep_override() or key in self.composer.params
            if varies and (key in NO_FACTORS or key.startswith(("hydra.", "hydra/"))):
                raise ConfigError(
                    f"a factor of a sweep must be a key of its runs, received "
                    f"{factor.input_line!r}. Pass one value on the command line."
                )

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
        """Refuse a launcher, claims or a directory that cannot be used.

        Raises:
            ConfigError: a setting of the launcher is no value, a claim breaks its rule, or another
                kind of sweep lies there, or one with other claims.
            RecordError: the directory cannot be written.
        """
        with explained([]):
            self.launcher = OmegaConf.to_container(self.master.hydra.launcher, resolve=True)
        self.asked = question_of(self.master)
        check_output_dir(self.directory)
        former, found = plan.read_study(self.directory), None
        if any((self.directory / name).exists() for name in (records.RECORD, ".hydra")):
            found = "a single run"
        elif former is not None and former.kind != self.kind:
            found = former.kind
        elif former is None and any((self.directory / name).exists() for name in FORMER):
            found = "a sweep that former code has begun"
        if found is not None:
            raise ConfigError(
                f"hydra.sweep.dir must not be shared with something of another kind, received "
                f"{self.directory}, which holds {found}. Pass hydra.sweep.dir=DIR."
            )
        if former is not None and former.claims != self.asked.claims:
            raise ConfigError(
                f"claims must stay as they were before the first run, received others than those "
                f"in {self.directory / plan.STUDY}. Put them back, or pass hydra.sweep.dir=DIR to "
                "begin another sweep, which trains no kept run again."
            )

    def checked(self, runs: Sequence[Sequence[str]]) -> tuple[list[RunConfig], list[str]]:
        """The config of each run, given by its overrides, with one engine for all; its directory.

        Raises:
            ConfigError: a run is not what it must be, or two share a directory.
            DataError: the data are missing or damaged.
        """
        parsed, directories = [], []
        for number, overrides in enumerate(runs):
            try:
                config, directory = self.checked_run(number, overrides)
            except ConfigError as error:
                asking = f" The run that asks for it: {' '.join(overrides)}" * (len(runs) > 1)
                raise ConfigError(f"{error}{asking}") from error
            parsed.append(config)
            directories.append(directory)
        self.execution = parse_execution(self.composer.compose_alone(runs[0])[0])
        folder, count = Counter(directories).most_common(1)[0]
        if count > 1:
            raise ConfigError(
                f"hydra.sweep.subdir must give each run a directory of its own, received {folder} "
                f"for {count} runs. Add {HYDRAS_SUBDIR} to it."
            )
        configs, self.remark = settled_together(parsed)
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
            folder = PurePosixPath(str(number))
            if places["subdir"] != HYDRAS_SUBDIR:
                composed = self.compose(number, overrides)
                HydraConfig.instance().set_config(composed)
                folder = PurePosixPath(composed.hydra.sweep.subdir)
        if folder.is_absolute() or ".." in folder.parts or {*folder.parts[:1]} <= OWN_NAMES:
            raise ConfigError(
                f"hydra.sweep.subdir must name a folder within that of the sweep, not one that it "
                f"has, received '{folder}'. Pass for example hydra.sweep.subdir='{HYDRAS_SUBDIR}'."
            )
        return parse(alone, hydra.runtime.choices), str(folder)

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
            watch = Watch(self.directory, self.runs, num_runs)
            try:
                leaving = launchers.leaving(self.launcher, self.directory)
                with SweepProgress(watch) as progress, leaving:
                    yield progress
            finally:
                for line in watch.without_result(words_for_options(self.master)):
                    print(line, file=sys.stderr)
                if (result := self.result()) is not None:
                    print(result)
                print(f"files in {self.directory}")
                if watch.num_finished():
                    print(f"next, the report: {typed('aggregate', str(self.directory))}")

    def write_plan(self) -> None:
        """Write what is fixed for the whole sweep, and each run that is planned so far."""
        for run in self.runs:
            plan.write_run(self.directory, run)
        self.write_study()

    def write_study(self) -> None:
        """Write what is fixed for the whole sweep, and how many runs are planned so far."""
        placed = ("hydra.sweep.dir=", "hydra.searchpath=", "hydra.mode=")  # told elsewhere
        of_hydra = [each for each in self.composer.of_hydra if not each.startswith(placed)]
        study = PlannedStudy(
            num_runs=len(self.runs),
            code_sha256=CODE_SHA256,
            options=tuple(options := words_for_options(self.master)),
            command=(*options, "--multirun", *task_overrides(self.master), *of_hydra),
            execution=self.execution.plain(),
            begun_with=self.begun_with,
            settling=self.settling,
            **dict(self.asked),
        )
        plan.write_study(self.directory, study)
