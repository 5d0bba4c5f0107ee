"""A launcher that writes records instead of training."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from study import change_record, write_run

from fmnist_exp.rundir.plan import PlannedRun, read_run

NUM_TEST = 300  # images, of three classes


class WritingLauncher:
    """Leaves a record for each planned run of a sweep.

    Args:
        sweep_dir: directory of the sweep.
        overrides: of data and recipe, which say how large a run is.
        accuracy_of: the accuracy that a run shall have.
        statuses: number of a run -> how it ends, if not `completed`.
    """

    def __init__(
        self,
        sweep_dir: Path,
        overrides: Sequence[str],
        accuracy_of: Callable[[PlannedRun], float],
        statuses: dict[int, str] | None = None,
    ) -> None:
        self.sweep_dir = sweep_dir
        self.overrides = overrides
        self.accuracy_of = accuracy_of
        self.statuses = statuses or {}
        self.batches: list[list[int]] = []

    def launch(self, job_overrides: Sequence[list[str]], initial_job_idx: int) -> list[JobReturn]:
        """Write the records, as a launcher runs jobs."""
        numbers = range(initial_job_idx, initial_job_idx + len(job_overrides))
        self.batches.append(list(numbers))
        return [self._end(*each) for each in zip(numbers, job_overrides, strict=True)]

    def _end(self, number: int, overrides: list[str]) -> JobReturn:
        status = self.statuses.get(number, "completed")
        run = read_run(self.sweep_dir, number)
        assert list(run.overrides) == overrides
        folder = self.sweep_dir / run.directory
        shutil.rmtree(folder, ignore_errors=True)
        accuracy = self.accuracy_of(run)
        write_run(folder, *self.overrides, status=status, accuracy=accuracy, images=NUM_TEST // 3)
        seed = run.config["seed"]
        change_record(folder, lambda values: values.update(config=run.config, seed=seed))
        job = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
        if status == "failed":
            job.status = JobStatus.FAILED
            job.return_value = RuntimeError(f"trial {number}")
        return job
