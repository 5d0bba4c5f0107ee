"""Searches composed in this process, and a launcher that writes records instead of training."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig
from study import change_record, write_run

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.sweep.command_line import compose, read_arguments
from fmnist_exp.sweep.composing import Composer
from fmnist_exp.sweep.hydra_private import sweeper_of, task_overrides
from fmnist_exp.sweep.task import train
from fmnist_exp.tuning.trials import read_trial

SMALL = ("data=synthetic", "training=smoke")


@contextmanager
def composed(*overrides: str) -> Iterator[tuple[DictConfig, Composer]]:
    """The config of a tuned sweep, and what composes its trials."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        options = read_arguments(["--multirun", "experiment=tune", *SMALL, *overrides])
        master = compose(options)
        yield master, Composer(master, GlobalHydra.instance().config_loader())


class WritingLauncher:
    """Leaves a record for each trial: the less dropout, the better.

    Args:
        sweep_dir: directory of the sweep.
        statuses: number of a trial -> how it ends, if not `completed`.
    """

    def __init__(self, sweep_dir: Path, statuses: dict[int, str] | None = None) -> None:
        self.sweep_dir = sweep_dir
        self.statuses = statuses or {}
        self.batches: list[list[int]] = []

    def launch(self, job_overrides: Sequence[list[str]], initial_job_idx: int) -> list[JobReturn]:
        """Write the records, as a launcher runs jobs."""
        numbers = range(initial_job_idx, initial_job_idx + len(job_overrides))
        self.batches.append(list(numbers))
        return [self._end(*each) for each in zip(numbers, job_overrides, strict=True)]

    def _end(self, number: int, overrides: list[str]) -> JobReturn:
        status = self.statuses.get(number, "completed")
        trial = read_trial(self.sweep_dir, number)
        assert trial is not None
        assert list(trial.overrides) == overrides
        config = trial.config
        shutil.rmtree(self.sweep_dir / str(number), ignore_errors=True)
        accuracy = 0.9 - float(trial.values["model.dropout"])
        options = {"status": status, "accuracy": accuracy}
        write_run(self.sweep_dir / str(number), *overrides, **options)
        change_record(self.sweep_dir / str(number), lambda values: values.update(config=config))
        if status == "failed":
            failure = JobReturn(overrides=overrides, status=JobStatus.FAILED)
            failure.return_value = RuntimeError(f"trial {number}")
            return failure
        return JobReturn(overrides=overrides, status=JobStatus.COMPLETED)


def tune(sweep_dir: Path, *overrides: str, statuses: dict[int, str] | None = None) -> list:
    """Run a tuned sweep with a `WritingLauncher`; the batches that were launched."""
    launcher = WritingLauncher(sweep_dir, statuses)
    with composed(f"hydra.sweep.dir={sweep_dir}", "reuse=false", *overrides) as (master, _):
        study: Any = vars(sweeper_of(master, train))["sweeping"]
    # Outside of the block, as the launcher composes configs of its own.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Plugins, "instantiate_launcher", lambda *parts: launcher)
        study.is_here = False
        (returned,) = study.sweep(task_overrides(master))
    for job in returned:
        _ = job.return_value
    return launcher.batches
