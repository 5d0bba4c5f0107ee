"""Searches composed in this process, and a launcher that writes records instead of training."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import RunMode
from omegaconf import DictConfig
from study import change_record, write_run

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.sweep.composing import cheap_sweeps
from fmnist_exp.tuning import tuner as tuning
from fmnist_exp.tuning.search import read_search
from fmnist_exp.tuning.trials import read_trial

SMALL = ("data=synthetic", "training=smoke")


@contextmanager
def composed(*overrides: str) -> Iterator[tuple[DictConfig, ConfigLoader]]:
    """The config of a tuned sweep, and what composes its trials."""
    with cheap_sweeps(), initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        arguments = ["experiment=tune", *SMALL, *overrides]
        yield hydra.compose_config("config", arguments, RunMode.MULTIRUN), hydra.config_loader


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
    sweep_dir.mkdir(parents=True, exist_ok=True)
    launcher = WritingLauncher(sweep_dir, statuses)
    with composed(f"hydra.sweep.dir={sweep_dir}", *overrides) as (master, loader):
        pass  # the launcher composes configs of its own
    try:
        tuning.tune(master, loader, launcher)
    finally:
        print(tuning.describe_result(read_search(master, loader), sweep_dir))
    return launcher.batches
