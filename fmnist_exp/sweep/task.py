"""What Hydra calls for each run, in whatever process; and one run as it was planned."""

import contextlib
import logging
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.errors import ConfigError, FmnistError, Pruned, RecordError
from fmnist_exp.run.progress import EpochProgress
from fmnist_exp.run.provenance import code_sha256
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import Epoch
from fmnist_exp.strict import checked
from fmnist_exp.sweep import launchers

if TYPE_CHECKING:
    from fmnist_exp.run.measuring import Draw

log = logging.getLogger(__name__)


def train(composed: DictConfig) -> None:
    """Train a run of a sweep in a process of its own, which has composed it anew.

    It is trained as it was planned, whatever has become of the config files since. By reference
    this function reaches any process.
    """
    settings = HydraConfig.get()
    with _told():
        sweep_dir, number = Path(settings.sweep.dir), int(settings.job.num)
        if plan.read_study(sweep_dir) is None:  # started by a sweeper of others
            config = parse(composed, settings.runtime.choices)
            train_run(config, parse_execution(composed), settings)
        else:
            _train(*planned(sweep_dir, number, composed, settings.runtime.choices), settings)


def planned(
    sweep_dir: Path, number: int, composed: DictConfig, choices: Mapping[str, Any] | None = None
) -> tuple[PlannedRun, ExecutionConfig]:
    """A run as its sweep was planned, and how it is carried out; what has changed since is logged.

    Args:
        sweep_dir: directory of the sweep.
        number: place of the run in the sweep, from 0.
        composed: the config as composed now; it should be the same.
        choices: as `config.parsing.parse` takes it.

    Raises:
        RecordError: the plan cannot be read.
    """
    run, study = plan.read_run(sweep_dir, number), plan.read_study(sweep_dir)
    assert study is not None
    _warn_of_changes(checked(RunConfig, run.config), study.code_sha256, composed, choices)
    return run, checked(ExecutionConfig, study.execution)


def train_planned(run: PlannedRun, execution: ExecutionConfig, composed: DictConfig) -> None:
    """Train a run of a sweep in the process that has planned it."""
    with _told():
        _train(run, execution, HydraConfig.get())


def train_run(
    config: RunConfig,
    execution: ExecutionConfig,
    settings: HydraConf,
    *,
    prune_below: tuple[float | None, ...] = (),
    draw: "Draw | None" = None,
) -> RunRecord:
    """Train one run into the directory that Hydra has made for it.

    Args:
        config: the run.
        execution: how it is carried out.
        settings: Hydra's section of its config.
        prune_below: as `run.runner.is_hopeless` takes it.
        draw: as `run.runner.run` takes it; of a single run, which shows its epochs itself.

    Raises:
        FmnistError: as `run.runner.run`; also for a run that ends its process.
    """
    from fmnist_exp.run import runner

    run_dir, cwd = Path(settings.runtime.output_dir), Path(settings.runtime.cwd)
    choices = {
        group: option
        for group, option in settings.runtime.choices.items()
        if option is not None and not group.startswith("hydra/")
    }
    progress = EpochProgress(config.training.epochs, None if draw else run_dir)

    def on_epoch(epoch: Epoch) -> None:
        progress.show(epoch)
        if runner.is_hopeless(progress.rows, prune_below):
            raise Pruned

    try:
        with (
            launchers.preemptible(),
            progress,
        ):
            return runner.run(
                config,
                run_dir,
                choices,
                execution.replaced(store=str(cwd / execution.store)),
                on_epoch=on_epoch,
                draw=draw,
            )
    except SystemExit as error:  # of the run, not of the sweep
        raise FmnistError(f"{run_dir} called sys.exit({error.code})") from error


def _train(run: PlannedRun, execution: ExecutionConfig, settings: HydraConf) -> None:
    _enter(Path(settings.runtime.cwd))
    threads = execution.threads_per_run or launchers.threads_of_a_run(settings.launcher)
    train_run(
        checked(RunConfig, run.config),
        execution.replaced(threads_per_run=threads),
        settings,
        prune_below=run.prune_below,
    )


def _enter(folder: Path) -> None:
    """Work where the sweep was started, in a process that a cluster has started elsewhere."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise RecordError(
            f"cannot enter {folder} on {platform.node()}: {error.strerror}. A sweep on several "
            "machines needs its folder, its store and its data on a shared file system."
        ) from error


def _warn_of_changes(
    planned: RunConfig, code: str, composed: DictConfig, choices: Mapping[str, Any] | None
) -> None:
    """Say what has changed since the sweep was planned."""
    try:
        now = parse(composed, choices)
        same = now.replaced(engine=planned.engine) == planned
        same = same and now.engine in (planned.engine, "auto")
    except ConfigError:
        same = False
    if not same:
        log.warning(
            "the config files have changed since the sweep began; this run is trained as composed "
            "at the beginning. Start a new sweep for the new values."
        )
    if code != code_sha256():
        log.warning(
            "the modules of fmnist_exp have changed since the sweep began; this run is trained by "
            "the new ones, as its record and the report say. For runs of one code, give the same "
            "command again."
        )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Write what a user can mend into the log of the run as well, on any machine."""
    try:
        yield
    except FmnistError as error:
        log.debug("%s: %s", type(error).__name__, error)
        raise
