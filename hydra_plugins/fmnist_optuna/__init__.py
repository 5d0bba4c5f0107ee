"""The sweeper `tpe`, where Hydra looks for plugins.

Hydra imports this at every start: it needs neither Optuna nor TensorFlow until a study begins.
"""

import sys
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# The fields and their values are in conf/hydra/sweeper/tpe.yaml.
ConfigStore.instance().store(
    group="hydra/sweeper",
    name="fmnist_optuna",
    node={"_target_": "hydra_plugins.fmnist_optuna.TuningSweeper"},
    provider="fmnist_exp",
)


class TuningSweeper(Sweeper):
    """Launches the trials of a study; everything else is in `fmnist_exp.tuning.tuner`."""

    def __init__(self, **settings: Any) -> None:
        self.config = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take Hydra's config and make the launcher that it names."""
        self.hydra_context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Launch trials until the study has as many as were asked for."""
        from fmnist_exp.console import EXIT_BAD_INPUT, complain
        from fmnist_exp.errors import FmnistError
        from fmnist_exp.tuning import tuner as tuning

        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        try:
            tuning.tune(self.config, self.hydra_context.config_loader, self.launcher)
        except FmnistError as error:
            complain(error)
            sys.exit(EXIT_BAD_INPUT)
