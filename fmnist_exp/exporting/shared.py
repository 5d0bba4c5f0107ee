"""A sweep as it is handed over: its runs, what it answers, and the files of each run, checked."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from fmnist_exp.errors import RecordError
from fmnist_exp.report.findings import Findings, find
from fmnist_exp.report.page.answers import Answer, answer_of
from fmnist_exp.report.results.kept import trained_by
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.rundir import records

OPTIONS = "conf"  # what a folder of the user's own options is called where it is handed over
SETTINGS = "hydra.yaml"  # Hydra's own, of the machine that trained
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

    def command(self, options: str) -> str | None:
        """What trains all of it again, on any machine; None where it is not known.

        Args:
            options: where the user's own options will lie, if there are any.
        """
        _, words = self._started_by
        if words is None:
            return None
        given = ["--config-dir", options] if self.options else []
        return trained_by([*given, *words])

    @cached_property
    def options(self) -> Path | None:
        """The folder of the user's own options that it was started with, if any."""
        handed = self.folder / OPTIONS
        return handed if handed.is_dir() else self._started_by[0]

    @cached_property
    def own_options(self) -> dict[Path, str]:
        """Files of the user's own options, by path, as they are now; name below their folder."""
        if self.options is None or not self.options.is_dir():
            return {}
        chosen = {group for run in self.study.runs for group in run.record.choices}
        groups = [each for each in self.options.iterdir() if each.name in chosen]
        found = sorted(path for group in groups for path in group.rglob("*.yaml"))
        return {path: path.relative_to(self.options).as_posix() for path in found}

    @cached_property
    def _started_by(self) -> tuple[Path | None, list[str] | None]:
        """The folder of options, and the other words of the command; None: not known."""
        single = self.folder / ".hydra"  # of a single run, maybe one of a sweep
        if not (single / "overrides.yaml").is_file():
            match self.study.command:
                case ("--config-dir", folder, *words):
                    return Path(folder), words
            return None, list(self.study.command) if self.study.command else None
        words = list(_values(single / "overrides.yaml") or ())
        hydra = (_values(single / SETTINGS) or {}).get("hydra", {})
        match hydra.get("searchpath"):
            case [str(address)] if address.startswith("file://"):
                return Path(address.removeprefix("file://")), words
        return None, words

    def place(self, run: Run) -> str:
        """Where a run lies below the directory; the name of the directory if it is that itself."""
        inside = run.path.relative_to(self.folder).as_posix()
        return self.folder.name if inside == "." else inside


def _values(path: Path) -> Any:
    """What a file of Hydra's holds; None if it is not there or empty."""
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else None


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


def ended(run: Run) -> float:
    """When a run ended, in seconds: its record is written last."""
    return (run.path / records.RECORD).stat().st_mtime


def files_of(run: Run) -> Iterator[Path]:
    """The files of a run, those of its record checked first.

    Marks and half-written files are left out, and Hydra's own settings, which name folders of one
    machine.

    Raises:
        RecordError: a file that the record names is missing, or is not what the run has written.
    """
    for name, received in run.record.changed_files(run.path).items():
        short = received if received.startswith("none") else f"{received[:12]}..."
        raise RecordError(
            f"{run.path / name} must have the sha256 {run.record.artifacts[name][:12]}... of "
            f"{records.RECORD}, received {short}. Restore it, or give the command of the "
            "run again."
        )
    for folder, subfolders, names in os.walk(run.path):
        subfolders.sort()
        inside = Path(folder).relative_to(run.path).parts
        for name in sorted(names):
            path = Path(folder) / name
            hidden = name.startswith(".") or (inside and inside[0] not in (".hydra", "figures"))
            is_own = not hidden and name != SETTINGS
            if is_own and path.is_file() and not path.is_symlink():
                yield path
