"""A sweep as it is handed over: its runs, what it answers, and the files of each run, checked."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from fmnist_exp.errors import RecordError
from fmnist_exp.report.findings import Findings, find
from fmnist_exp.report.page.answers import Answer, answer_of
from fmnist_exp.report.results.kept import trained_by
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.study import Condition, Study, read_study
from fmnist_exp.rundir import records

LEAST_KERAS = "3.8"  # of records of former code, which do not name it


@dataclass(frozen=True, eq=False)
class Shared:
    """What lies in the directory of a sweep or of a single run.

    Attributes:
        folder: the directory, absolute.
        findings: what its report says.
    """

    folder: Path
    findings: Findings

    @property
    def study(self) -> Study:
        """Its runs and conditions."""
        return self.findings.study

    @cached_property
    def answer(self) -> Answer:
        """What its report begins with."""
        return answer_of(self.findings)

    @cached_property
    def conditions(self) -> dict[Path, Condition]:
        """The condition of each run, by the directory of the run."""
        return {run.path: each for each in self.study.conditions for run in each.every}

    @cached_property
    def command(self) -> str | None:
        """What trains all of it again, on any machine; None where it is not known."""
        own = self.folder / ".hydra" / "overrides.yaml"  # of a single run, maybe one of a sweep
        words = yaml.safe_load(own.read_text("utf-8")) if own.is_file() else self.study.command
        return trained_by(words) if words else None

    def place(self, run: Run) -> str:
        """Where a run lies below the directory; the name of the directory if it is that itself."""
        inside = run.path.relative_to(self.folder).as_posix()
        return self.folder.name if inside == "." else inside


def read_shared(folder: Path) -> Shared:
    """Read a sweep or a run; errors as `read_study`."""
    return Shared(folder.resolve(), find(read_study([folder])))


def model_of(run: Run) -> Path | None:
    """The saved model of a run; None if it has left none."""
    path = run.path / records.model_name(run.record.config)
    return path if path.name in run.record.artifacts else None


def pixels_of(run: Run) -> int:
    """Pixels of an image: inputs of the first layer; runs of former code all had 28 x 28."""
    return 28 * 28 if run.signal is None else int(run.signal["fan_in"][0])


def files_of(run: Run) -> Iterator[Path]:
    """All files of a run but for marks and half-written ones, those of its record checked first.

    Raises:
        RecordError: a file that the record names is missing, or is not what the run has written.
    """
    for name, received in run.record.changed_files(run.path).items():
        raise RecordError(
            f"{run.path / name} must have the sha256 {run.record.artifacts[name][:12]}... of "
            f"{records.RECORD}, received {received[:40]}. Restore it, or give the command of the "
            "run again."
        )
    for folder, subfolders, names in os.walk(run.path):
        subfolders.sort()
        inside = Path(folder).relative_to(run.path).parts
        for name in sorted(names):
            path = Path(folder) / name
            hidden = name.startswith(".") or (inside and inside[0] not in (".hydra", "figures"))
            if not hidden and path.is_file() and not path.is_symlink():
                yield path
