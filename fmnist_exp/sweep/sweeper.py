"""The runs of a command line under any launcher, for whatever Hydra program they are."""

import itertools
from collections.abc import Mapping, Sequence

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, configure_log, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from fmnist_exp.sweep.checking import fixed_directory
from fmnist_exp.sweep.command_line import quoted
from fmnist_exp.sweep.composing import Composer


class Sweep:
    """A sweep as Hydra documents it.

    Attributes:
        master: its config, composed with the `hydra` section.
        directory: where it goes.
        composer: composes its runs.
    """

    def __init__(
        self, context: HydraContext, task_function: TaskFunction, master: DictConfig
    ) -> None:
        self.context, self.task_function, self.master = context, task_function, master
        self.is_here = master.hydra.runtime.choices["hydra/launcher"] == "basic"
        HydraConfig.instance().set_config(master)  # for values such as ${hydra:runtime.cwd}
        self.directory = fixed_directory(master, "sweep")
        with read_write(master.hydra):  # for what is composed in other processes
            fixed = f"hydra.sweep.dir={quoted(str(self.directory))}"
            master.hydra.overrides.hydra.append(fixed)
        self.composer = Composer(master, context.config_loader)

    def sweep(self) -> list[list[JobReturn]]:
        """Carry out the sweep that a command line asks for; what its runs have returned."""
        self.begin()
        returned = self.launch(dict(enumerate(self.composer.expand())))
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
        # A launcher counts on from the first number.
        for _, group in itertools.groupby(enumerate(runs), key=lambda pair: pair[1] - pair[0]):
            numbers = [number for _, number in group]
            given = [list(runs[number]) for number in numbers]
            returned += launcher.launch(given, initial_job_idx=numbers[0])
        return returned

    def compose(self, number: int, overrides: Sequence[str]) -> DictConfig:
        """The config of a run that knows its number, and here its id, as Hydra's launcher says."""
        config = self.composer.compose(overrides)
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.job.num = number
            if self.is_here:
                config.hydra.job.id = str(number)
        return config

    def _run_here(self, number: int, overrides: Sequence[str]) -> JobReturn:
        config, keys = self.compose(number, overrides), ("hydra.sweep.dir", "hydra.sweep.subdir")
        job = run_job(self.task_function, config, *keys, self.context)
        configure_log(self.master.hydra.hydra_logging, self.master.hydra.verbose)
        return job
