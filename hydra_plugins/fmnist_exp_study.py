"""The sweeper of `study` and `tpe`, where Hydra looks for plugins; it hands over to `fmnist_exp`.

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
        params: factors of an experiment, which are read from the config of the sweep.
        settings: of conf/hydra/sweeper/tpe.yaml; with them Optuna proposes the runs.
    """

    sweeping: "Sweep"

    def __init__(self, params: dict[str, Any] | None, **settings: Any) -> None:
        self.is_tuned = bool(settings)

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra knows of the sweep that a command line asks for."""
        from fmnist_exp.errors import ConfigError
        from fmnist_exp.sweep.study import Study
        from fmnist_exp.sweep.sweeper import Sweep
        from fmnist_exp.sweep.task import train

        kind: Any = Study if task_function is train else Sweep
        if self.is_tuned and config.get("until_settled") is not None:
            raise ConfigError(
                "until_settled must not stand beside hydra/sweeper=tpe, which trains each trial "
                f"with one seed, received {config.until_settled}. Leave out one of them."
            )
        if self.is_tuned:
            if importlib.util.find_spec("optuna") is None:
                raise ConfigError(
                    "hydra/sweeper=tpe needs Optuna, which is not installed. "
                    "Install it with: pip install 'fmnist_exp[optuna]'"
                )
            from fmnist_exp.tuning.study import TunedStudy as kind
        elif kind is Study and config.get("until_settled") is not None:
            from fmnist_exp.settling.study import SettledStudy as kind
        self.sweeping = kind(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> Any:
        """Carry out the sweep; its config holds the arguments."""
        return self.sweeping.sweep()


NODE = {"_target_": "hydra_plugins.fmnist_exp_study.StudySweeper", "params": {}}
ConfigStore.instance().store(group="hydra/sweeper", name="study", node=NODE, provider="fmnist_exp")
