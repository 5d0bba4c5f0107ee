"""What a sweep is going to do, on disk: written before its first run starts.

`study.json` in the directory of the sweep holds what is fixed for all its runs, and
`plan/NUMBER.json` one run each. Runs in other processes or on other machines train what stands
there, whatever has become of the config files; and readers find each run's directory.

Trials of a tuned sweep are planned runs with chosen values, judged by validation accuracy.
"""

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from fmnist_exp.errors import RecordError
from fmnist_exp.files import write_text
from fmnist_exp.rundir import records
from fmnist_exp.rundir.claims import Question
from fmnist_exp.rundir.records import RunRecord, read_json
from fmnist_exp.strict import Strict

STUDY = "study.json"
LOOKS = "looks.json"  # which runs a report has shown
FOLDER = "plan"
FORMAT = 1
ORDINARY, TUNED, SETTLED = "an ordinary sweep", "a tuned sweep", "a sweep with until_settled"
NUM_SEEDS = 10  # to train the best trial of a search with
REPAIR = "Start the sweep again in another directory with hydra.sweep.dir=DIR."


class Settling(Strict):
    """How a sweep adds seeds until its comparisons are settled; fixed before its first run.

    Attributes:
        factor: key of the factor that is asked about.
        levels: of it, as overrides; each pair of them is a comparison.
        looks: numbers of seeds, from 0 on, after which all is compared; the last is the most.
        sesoi: smallest effect of interest, a fraction of the test images.
        alpha: what all looks and comparisons together may be false with.
    """

    factor: str
    levels: tuple[str, ...]
    looks: tuple[int, ...]
    sesoi: float
    alpha: float


class PlannedStudy(Question):
    """What is fixed for a whole sweep, beside its question and its claims.

    Attributes:
        format: version of these files.
        num_runs: runs planned so far; a tuned sweep grows.
        code_sha256: hash of the code that trains, when the sweep was planned.
        options: what is to be given besides overrides to start one of the runs again.
        command: words of the command line that started it, after the program.
        execution: how its runs are carried out, as `config.schema.ExecutionConfig`.
        begun_with: what a sweep that grows was begun with and must keep; None for any other.
        settling: how seeds are added; None for a sweep that does not add any.
    """

    format: int = FORMAT
    num_runs: int
    code_sha256: str
    options: tuple[str, ...]
    execution: dict[str, Any]
    command: tuple[str, ...] = ()
    begun_with: dict[str, Any] | None = None
    settling: Settling | None = None

    @property
    def kind(self) -> str:
        """What sort of sweep it is; two sorts cannot share a directory."""
        if self.settling is not None:
            return SETTLED
        return ORDINARY if self.begun_with is None else TUNED


class PlannedRun(Strict):
    """One run of a sweep.

    Attributes:
        number: its job number, from 0.
        directory: where its files go, relative to the directory of the sweep.
        overrides: what it is composed of, as given to Hydra.
        config: the config of the run, as in its record.
        values: what a tuner has chosen for it: key of a factor -> value, as in an override.
        prune_below: epoch -> validation accuracy below which it is given up.
    """

    number: int
    directory: str
    overrides: tuple[str, ...]
    config: dict[str, Any]
    values: dict[str, str] = Field(default_factory=dict)
    prune_below: dict[int, float] = Field(default_factory=dict)


class Looks(Strict):
    """Which results of a sweep reports have shown, by the key of the run.

    Attributes:
        run_keys: all of them.
        added_keys: those that came after others had been shown.
    """

    format: int = FORMAT
    run_keys: tuple[str, ...]
    added_keys: tuple[str, ...] = ()


def write_study(sweep_dir: Path, study: PlannedStudy) -> None:
    """Write what is fixed for a sweep; RecordError if the directory cannot be written."""
    write_text(sweep_dir / STUDY, study.model_dump_json(indent=1) + "\n")


def write_run(sweep_dir: Path, run: PlannedRun) -> None:
    """Write the plan of one run; RecordError if the directory cannot be written."""
    write_text(sweep_dir / FOLDER / f"{run.number}.json", run.model_dump_json(indent=1) + "\n")


def read_study(sweep_dir: Path) -> PlannedStudy | None:
    """What is fixed for a sweep, None without a plan; RecordError if it cannot be read."""
    path = sweep_dir / STUDY
    return read_json(path, PlannedStudy, REPAIR) if path.exists() else None


def sweep_dir_of(run_dir: Path) -> Path:
    """The directory of a run's sweep: the nearest above that has a plan, else the one it is in."""
    return next((each for each in run_dir.parents if (each / STUDY).exists()), run_dir.parent)


def read_run(sweep_dir: Path, number: int) -> PlannedRun:
    """The plan of one run; RecordError if it is missing or cannot be read."""
    return read_json(sweep_dir / FOLDER / f"{number}.json", PlannedRun, REPAIR)


def read_runs(sweep_dir: Path) -> Iterator[PlannedRun]:
    """The plans of all runs of a sweep, in the order of their numbers; errors as `read_run`."""
    study = read_study(sweep_dir)
    for number in range(0 if study is None else study.num_runs):
        yield read_run(sweep_dir, number)


def write_looks(sweep_dir: Path, shown: Iterable[str], added: Iterable[str] = ()) -> None:
    """Note which runs reports have shown; RecordError if the directory cannot be written."""
    looks = Looks(run_keys=tuple(sorted(shown)), added_keys=tuple(sorted(added)))
    write_text(sweep_dir / LOOKS, looks.model_dump_json() + "\n")


def read_looks(sweep_dir: Path) -> Looks:
    """What reports of this directory have shown; errors as `read_study`."""
    path = sweep_dir / LOOKS
    return read_json(path, Looks, REPAIR) if path.exists() else Looks(run_keys=())


def read_result(sweep_dir: Path, run: PlannedRun) -> RunRecord | None:
    """The record of a run that has ended as it should; None if it must be launched (again)."""
    try:
        record = records.read_record(sweep_dir / run.directory)
    except RecordError:  # missing, or damaged and to be trained again
        return None
    return record if record.config == run.config and record.status in records.ENDED else None


def validation_accuracy(record: RunRecord) -> float | None:
    """What a trial is judged by: None if it was given up, 0 if it has diverged."""
    if record.status == "pruned":
        return None
    return record.metrics["validation"]["accuracy"] if record.status == "completed" else 0.0


def best_trial(results: Mapping[int, RunRecord | None]) -> tuple[int, float] | None:
    """Number and validation accuracy of the best completed trial, the first of several.

    Args:
        results: number of a trial -> its result; test metrics are not looked at.
    """
    accuracies = [
        (number, validation_accuracy(record) or 0.0)
        for number, record in results.items()
        if record is not None and record.status == "completed"
    ]
    return max(accuracies, key=operator.itemgetter(1), default=None)


def described(values: Mapping[str, str]) -> str:
    """What was chosen for a trial, as overrides."""
    return " ".join(f"{key}={value}" for key, value in values.items())


def confirming(study: PlannedStudy, trial: PlannedRun, sweep_dir: Path) -> tuple[str, ...]:
    """What trains a trial with new seeds, into a directory of its own: words after the program."""
    given = [each for each in trial.overrides if each.partition("=")[0] != "seed"]
    first = int(trial.config["seed"]) + 1
    return (
        *study.options,
        "--multirun",
        *given,
        f"hydra.sweep.dir={path_in_override(f'{sweep_dir}_best_{trial.number}')}",
        f"seed=range({first},{first + NUM_SEEDS})",
        "hydra/sweeper=study",
    )


def path_in_override(path: str) -> str:
    """A path as the value of an override, in quotes where it holds more than the usual letters."""
    if re.fullmatch(r"[\w./-]+", path, re.ASCII):
        return path
    return "'" + path.replace("'", "\\'") + "'"
