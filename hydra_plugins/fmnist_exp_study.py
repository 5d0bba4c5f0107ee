"""The sweeper `study`, where Hydra looks for plugins; it hands over to `fmnist_exp.sweep.study`.

Every Hydra program imports this file at its start, so it imports nothing of ours until it is used.
"""

from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from fmnist_exp.sweep.study import Sweep


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
        from fmnist_exp.sweep.study import Study, Sweep
        from fmnist_exp.sweep.task import train

        kind = Study if task_function is train else Sweep
        self.sweeping = kind(hydra_context, task_function, config, self.params)

    def sweep(self, arguments: list[str]) -> Any:
        """Carry out the sweep that a command line asks for."""
        return self.sweeping.sweep(arguments)


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="study",
    node={"_target_": "hydra_plugins.fmnist_exp_study.StudySweeper", "params": {}},
    provider="fmnist_exp",
)
