"""Command lines that are checked and planned as the entrypoint does, and then not carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp import train as entrypoint
from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.sweep import command_line, composing, hydra_private
from fmnist_exp.sweep.task import train


@dataclass
class Planned:
    """What a command line is going to do; `study` is None for a single run."""

    configs: list[RunConfig]
    overrides: list[list[str]]
    execution: ExecutionConfig
    study: Any
    run_dir: Path | None = None

    @property
    def remark(self) -> str | None:
        """What is to be said of the plan before it is carried out."""
        return None if self.study is None else self.study.remark

    @property
    def launcher(self) -> dict[str, Any]:
        """The section of the launcher, as plain values."""
        return self.study.launcher

    @property
    def sweep_dir(self) -> Path:
        """The directory of the sweep."""
        assert self.study is not None
        return self.study.directory


def sweeping(composed: DictConfig) -> Any:
    """The sweep that a composed config asks for, as Hydra hands it to our sweeper."""
    context = hydra_private.context_of(composed)
    sweeper = Plugins.instance().instantiate_sweeper(
        hydra_context=context, task_function=train, config=composed
    )
    return vars(sweeper)["sweeping"]


def plan_command_line(arguments: Sequence[str]) -> Planned:
    """Check a command line as the entrypoint does, and start nothing."""
    options = command_line.read_arguments(arguments)
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        composed = composing.compose(options.overrides, options.multirun)
        given = hydra_private.task_overrides(composed)
        if composed.hydra.mode != RunMode.MULTIRUN:
            config, execution = entrypoint.checked_run(composed)
            return Planned([config], [given], execution, None, Path(composed.hydra.run.dir))
        study: Any = sweeping(composed)
        study.prepare()
        return Planned(
            study.configs, [list(run.overrides) for run in study.runs], study.execution, study
        )


def show(arguments: Sequence[str]) -> None:
    """Answer a request that starts no run."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        entrypoint.request(command_line.read_arguments(arguments))
