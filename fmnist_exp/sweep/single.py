"""What is no sweep: a single run, checked before its directory is made; and mere requests."""

import argparse
import re

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep import hydra_private
from fmnist_exp.sweep.checking import check_data, check_output_dir, fixed_directory
from fmnist_exp.sweep.composing import Composer, compose
from fmnist_exp.sweep.explaining import explained


class SingleRun:
    """A checked run, its data read.

    Args:
        composed: its config, with Hydra's own section.

    Raises:
        FmnistError: the config or the data are not what they must be; nothing is written.
    """

    def __init__(self, composed: DictConfig) -> None:
        given = OverridesParser.create().parse_overrides(hydra_private.task_overrides(composed))
        factors = {*(composed.hydra.sweeper.get("params") or {})}
        experiment = composed.hydra.runtime.choices.get("experiment")
        if experiment is not None and factors - {each.key_or_group for each in given}:
            raise ConfigError(
                f"experiment={experiment} is a sweep, received a command for a single run. "
                f"Run it with: python -m fmnist_exp.train --multirun experiment={experiment}"
            )
        HydraConfig.instance().set_config(composed)  # for values such as ${hydra:runtime.cwd}
        self.config, self.execution = settled(parse(composed)), parse_execution(composed)
        self.run_dir = fixed_directory(composed, "run")
        check_output_dir(self.run_dir)
        check_data([self.config])


def request(options: argparse.Namespace) -> None:
    """Show what a command line asks for, of a sweep for its first run.

    Raises:
        ConfigError: the config cannot be composed, or with `--resolve` a value not be resolved.
    """
    if options.shell_completion:
        hydra_private.answer(options)
        return
    composed = compose(options.overrides, options.multirun)
    if composed.hydra.mode == RunMode.MULTIRUN:
        composer = Composer(composed, GlobalHydra.instance().config_loader())
        params = composed.hydra.sweeper.get("params") or {}
        first = composer.first(params, hydra_private.task_overrides(composed))
        of_hydra = [each for each in options.overrides if re.match(r"[+~]*hydra\b", each)]
        options.overrides = [*of_hydra, *first]
    with explained(options.overrides):
        hydra_private.answer(options)
