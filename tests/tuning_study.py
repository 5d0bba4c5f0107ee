"""Tuned sweeps in this process, with a launcher that writes records instead of training."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hydra import initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from planning import sweeping
from study import change_record, write_run

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.rundir.plan import PlannedRun, read_run, read_runs
from fmnist_exp.sweep import command_line, composing
from fmnist_exp.tuning.study import TunedStudy

SMALL = ("data=synthetic", "training=smoke")


@contextmanager
def studied(*overrides: str) -> Iterator[TunedStudy]:
    """A tuned sweep that is not prepared yet."""
    arguments = ["--multirun", "experiment=tune", *SMALL, *overrides]
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        options = command_line.read_arguments(arguments)
        composed = composing.compose(options.overrides, options.multirun)
        study = sweeping(composed)
        assert isinstance(study, TunedStudy)
        yield study


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
        trial = read_run(self.sweep_dir, number)
        assert list(trial.overrides) == overrides
        folder = self.sweep_dir / trial.directory
        shutil.rmtree(folder, ignore_errors=True)
        accuracy = 0.9 - float(trial.values["model.dropout"])
        write_run(folder, *SMALL, status=status, accuracy=accuracy)
        change_record(folder, lambda values: values.update(config=trial.config))
        job = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
        if status == "failed":
            job.status = JobStatus.FAILED
            job.return_value = RuntimeError(f"trial {number}")
        return job


def tune(sweep_dir: Path, *overrides: str, statuses: dict[int, str] | None = None) -> list:
    """Run a tuned sweep with a `WritingLauncher`; the batches that were launched."""
    launcher = WritingLauncher(sweep_dir, statuses)
    with studied(f"hydra.sweep.dir={sweep_dir}", "reuse=false", *overrides) as study:
        study.is_here = False  # as for any launcher but Hydra's own
    with mock.patch.object(Plugins, "instantiate_launcher", return_value=launcher):
        [jobs] = study.sweep()
    for job in jobs:
        _ = job.return_value  # raises what the trial has raised
    return launcher.batches


def trials_of(sweep_dir: Path) -> list[PlannedRun]:
    """The trials that are planned so far."""
    return list(read_runs(sweep_dir))
