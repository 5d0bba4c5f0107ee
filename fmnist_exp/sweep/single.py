"""What is no sweep: a single run, checked before its directory is made; and mere requests."""

import argparse

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep import hydra_private
from fmnist_exp.sweep.checking import check_data, check_output_dir, fixed_directory
from fmnist_exp.sweep.composing import Composer, compose
from fmnist_exp.sweep.explaining import explained


def checked_run(composed: DictConfig) -> tuple[RunConfig, ExecutionConfig]:
    """A single run and how it is carried out, its data read and its directory fixed.

    Args:
        composed: its config, with Hydra's own section.

    Raises:
        FmnistError: the config or the data are not what they must be; nothing is written.
    """
    keys = {each.partition("=")[0] for each in hydra_private.task_overrides(composed)}
    experiment = composed.hydra.runtime.choices.get("experiment")
    if experiment is not None and {*(composed.hydra.sweeper.get("params") or {})} - keys:
        raise ConfigError(
            f"experiment={experiment} is a sweep, received a command for a single run. "
            f"Run it with: python -m fmnist_exp.train --multirun experiment={experiment}"
        )
    HydraConfig.instance().set_config(composed)  # for values such as ${hydra:runtime.cwd}
    config, execution = settled(parse(composed)), parse_execution(composed)
    check_output_dir(fixed_directory(composed, "run"))
    check_data([config])
    return config, execution


def request(options: argparse.Namespace) -> None:
    """Show what a command line asks for, of a sweep for its first run.

    Raises:
        ConfigError: the config cannot be composed, or with `--resolve` a value not be resolved.
    """
    if not options.shell_completion:
        composed = compose(options.overrides, options.multirun)
        if composed.hydra.mode == RunMode.MULTIRUN:
            composer = Composer(composed, GlobalHydra.instance().config_loader())
            options.overrides = [*composer.of_hydra, *composer.first()]
    with explained(options.overrides):
        hydra_private.answer(options)
