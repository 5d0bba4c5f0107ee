"""What Hydra calls for each run, in whatever process: the run as it was planned, trained."""

import logging
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.errors import ConfigError, FmnistError, Pruned, RecordError
from fmnist_exp.run.progress import EpochProgress
from fmnist_exp.run.provenance import CODE_SHA256
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import Epoch
from fmnist_exp.strict import checked
from fmnist_exp.sweep import launchers

log = logging.getLogger(__name__)


def train(composed: DictConfig) -> None:
    """Train a run of a sweep as it was planned, whatever has become of the config files since.

    It trains where its sweep was started, with the threads that its launcher has for it.
    """
    settings = HydraConfig.get()
    sweep_dir, folder = Path(settings.sweep.dir), settings.runtime.cwd
    if not (sweep_dir / plan.STUDY).exists():  # started by a sweeper of others
        config, execution = parse(composed, settings.runtime.choices), parse_execution(composed)
        if execution.until_settled is not None:
            raise ConfigError(
                "until_settled must have hydra/sweeper=study, received another sweeper, which adds "
                "no seeds. Leave out hydra/sweeper."
            )
        train_run(config, execution, settings)
        return
    run, execution = planned(sweep_dir, int(settings.job.num))
    try:
        os.chdir(folder)  # a cluster starts processes elsewhere
    except OSError as error:
        raise RecordError(
            f"cannot enter {folder} on {platform.node()}: {error.strerror}. A sweep on several "
            "machines needs its folder, its store and its data on a shared file system."
        ) from error
    threads = execution.threads_per_run or launchers.threads_of_a_run(settings.launcher)
    execution = execution.replaced(threads_per_run=threads)
    train_run(checked(RunConfig, run.config), execution, settings, prune_below=run.prune_below)


def planned(sweep_dir: Path, number: int) -> tuple[PlannedRun, ExecutionConfig]:
    """A run by its number from 0, as planned, and how it is carried out; errors as `read_run`.

    It is warned of code that has changed since.
    """
    run, study = plan.read_run(sweep_dir, number), plan.read_study(sweep_dir)
    assert study is not None
    if study.code_sha256 != CODE_SHA256:
        log.warning(
            "the modules of fmnist_exp have changed since the sweep began; this run is trained by "
            "the new ones, as its record and the report say. For runs of one code, give the same "
            "command again."
        )
    return run, checked(ExecutionConfig, study.execution)


def train_run(
    config: RunConfig,
    execution: ExecutionConfig,
    settings: HydraConf,
    *,
    prune_below: Mapping[int, float] | None = None,
    is_alone: bool = False,
) -> RunRecord:
    """Train one run into the directory that Hydra has made for it.

    Args:
        config: the run.
        execution: how it is carried out.
        settings: Hydra's section of its config.
        prune_below: as `run.runner.is_hopeless` takes it.
        is_alone: whether it shows its epochs itself, as no sweep does.

    Raises:
        FmnistError: as `run.runner.run`; also for a run that ends its process.
    """
    from fmnist_exp.run import runner

    run_dir = Path(settings.runtime.output_dir)
    choices = {
        group: option
        for group, option in settings.runtime.choices.items()
        if option is not None and not group.startswith("hydra/")
    }
    execution = execution.replaced(store=str(Path(settings.runtime.cwd) / execution.store))
    progress = EpochProgress(config.training.epochs, None if is_alone else run_dir)

    def on_epoch(epoch: Epoch, num_saved: int) -> None:
        progress.show(epoch, num_saved)
        if runner.is_hopeless(progress.rows, prune_below or {}):
            raise Pruned

    with launchers.preemptible(), progress:
        try:
            return runner.run(config, run_dir, choices, execution, on_epoch=on_epoch)
        except FmnistError as error:
            log.debug("%s: %s", type(error).__name__, error)  # into the run's log, on any machine
            raise
        except SystemExit as error:  # of the run, not of the sweep
            raise FmnistError(f"{run_dir} called sys.exit({error.code})") from error
