"""The sweeper `tpe`, where Hydra looks for plugins.

Hydra imports this at every start: it needs neither Optuna nor TensorFlow until a study begins.
"""

from typing import Any

from hydra.core.config_store import ConfigStore
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
        self.params = settings.get("params") or {}

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra knows of the sweep."""
        from fmnist_exp.tuning.tuner import TunedStudy

        self.sweeping = TunedStudy(hydra_context, task_function, config, self.params)

    def sweep(self, arguments: list[str]) -> Any:
        """Launch trials until the study has as many as were asked for."""
        return self.sweeping.sweep(arguments)
