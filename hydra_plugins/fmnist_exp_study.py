"""The sweepers `study` and `tpe`, where Hydra looks for plugins; they hand over to `fmnist_exp`.

Every Hydra program imports this file at its start, so it imports nothing of ours until it is used.
"""

import importlib.util
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from fmnist_exp.sweep.sweeper import Sweep


class StudySweeper(Sweeper):
    """Sweeps of this project are checked and planned; those of other programs are carried out.

    Args:
        params: factors of an experiment: key -> levels, as in an override.
    """

    sweeping: "Sweep"

    def __init__(self, params: dict[str, Any] | None) -> None:
        self.params = params or {}

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra knows of the sweep."""
        self.sweeping = self.sweep_of(hydra_context, task_function, config)

    def sweep_of(self, context: HydraContext, task: TaskFunction, config: DictConfig) -> "Sweep":
        """The sweep that a command line asks for."""
        from fmnist_exp.sweep.study import Study
        from fmnist_exp.sweep.sweeper import Sweep
        from fmnist_exp.sweep.task import train

        return (Study if task is train else Sweep)(context, task, config, self.params)

    def sweep(self, arguments: list[str]) -> Any:
        """Carry out the sweep that a command line asks for."""
        return self.sweeping.sweep(arguments)


class TuningSweeper(StudySweeper):
    """Sweeps whose runs Optuna proposes; conf/hydra/sweeper/tpe.yaml has the settings."""

    def __init__(self, params: dict[str, Any] | None, **settings: Any) -> None:
        super().__init__(params)

    def sweep_of(self, context: HydraContext, task: TaskFunction, config: DictConfig) -> "Sweep":
        """The sweep that a command line asks for."""
        from fmnist_exp.errors import ConfigError

        if importlib.util.find_spec("optuna") is None:
            raise ConfigError(
                "hydra/sweeper=tpe needs Optuna, which is not installed. "
                "Install it with: pip install -e '.[optuna]'"
            )
        from fmnist_exp.tuning.study import TunedStudy

        return TunedStudy(context, task, config, self.params)


_PLUGIN = "hydra_plugins.fmnist_exp_study"
for _name, _node in (
    ("study", {"_target_": f"{_PLUGIN}.StudySweeper", "params": {}}),
    ("fmnist_exp_tpe", {"_target_": f"{_PLUGIN}.TuningSweeper"}),  # the rest is in tpe.yaml
):
    ConfigStore.instance().store(
        group="hydra/sweeper", name=_name, node=_node, provider="fmnist_exp"
    )
