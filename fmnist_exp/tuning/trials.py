"""What the trials of a tuned sweep are, on disk for runs in other processes and for readers.

`trials.json` lies in the directory of the sweep. Trial and run have the same number.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fmnist_exp import files
from fmnist_exp.errors import RecordError
from fmnist_exp.files import read_regular
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

MAX_BYTES = 100_000_000  # of 10,000 trials of 1,000 epochs


@dataclass(frozen=True)
class Trial:
    """What is known of a trial before it runs.

    Attributes:
        values: key of a factor -> value, as in an override.
        overrides: all that it is composed of, as given to Hydra.
        prune_below: for each epoch from the first, the validation accuracy below which the run is
            given up, or None.
        config: the config of its run, as in its record.
        run_key: the key of its run; of former code, in place of the config.
    """

    values: Mapping[str, str]
    overrides: Sequence[str]
    prune_below: Sequence[float | None]
    config: Mapping[str, Any] | None = None
    run_key: str | None = None

    def __str__(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.values.items())


@dataclass(frozen=True)
class Trials:
    """The trials of a sweep so far.

    Attributes:
        begun_with: what the study was begun with; it must stay the same.
        trials: in the order of their numbers.
    """

    begun_with: dict[str, Any]
    trials: list[Trial]


def write_trials(sweep_dir: Path, begun: Trials) -> None:
    """Write the trials of a sweep into its directory.

    Raises:
        RecordError: the directory cannot be written.
    """
    text = json.dumps(asdict(begun), indent=1)
    files.write_text(sweep_dir / records.TRIALS, text + "\n")


def read_trials(sweep_dir: Path) -> Trials | None:
    """The trials of a sweep; None if it is not tuned or has not begun.

    Raises:
        RecordError: the file cannot be read.
    """
    path = sweep_dir / records.TRIALS
    if not path.exists():
        return None
    try:
        content = json.loads(read_regular(path, MAX_BYTES))
        return Trials(
            dict(content["begun_with"]), [Trial(**values) for values in content["trials"]]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"cannot read {path}: it must hold the trials of a study ({error!r}). "
            f"Begin another study with hydra.sweep.dir=DIR, or move {sweep_dir} out of the way."
        ) from error


def read_trial(sweep_dir: Path, number: int) -> Trial | None:
    """One trial; None if the run was not proposed by a tuner of this sweep."""
    begun = read_trials(sweep_dir)
    return None if begun is None or number >= len(begun.trials) else begun.trials[number]


def read_result(sweep_dir: Path, number: int, trial: Trial) -> RunRecord | None:
    """The record of a trial that has ended as it should; None if it must be launched (again).

    The key of its run is not compared, as it names the device that trains.
    """
    try:
        record = records.read_record(sweep_dir / str(number))
    except RecordError:  # missing, or damaged and to be trained again
        return None
    if trial.config is None:
        same = record.run_key == trial.run_key
    else:
        same = _without_place(record.config) == _without_place(trial.config)
    return record if same and record.status in records.ENDED else None


def _without_place(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config without the folder of its data, which may lie elsewhere for another machine."""
    data = config.get("data")
    return {**config, "data": {**data, "dir": None} if isinstance(data, dict) else data}


def read_results(sweep_dir: Path, trials: Sequence[Trial]) -> list[RunRecord | None]:
    """The records of all trials of a sweep, as `read_result`."""
    return [read_result(sweep_dir, number, trial) for number, trial in enumerate(trials)]


def best_trial(results: Sequence[RunRecord | None]) -> int | None:
    """Number of the completed trial with the best validation accuracy, the first of several.

    Args:
        results: as `read_results`; their test metrics are not looked at.
    """
    accuracies = {
        number: record.metrics["validation"]["accuracy"] or 0.0
        for number, record in enumerate(results)
        if record is not None and record.status == "completed"
    }
    return max(accuracies, key=lambda number: accuracies[number], default=None)


def validation_accuracy(record: RunRecord) -> float | None:
    """What a trial is judged by: None if it was given up, 0 if it has diverged."""
    if record.status == "pruned":
        return None
    return record.metrics["validation"]["accuracy"] if record.status == "completed" else 0.0
