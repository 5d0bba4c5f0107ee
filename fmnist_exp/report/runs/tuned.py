"""Sweeps whose runs a tuner has proposed: what it was free to choose, and what it chose."""

from dataclasses import dataclass
from pathlib import Path

from fmnist_exp.report.runs.conditions import GROUPS, printable
from fmnist_exp.tuning.trials import best_trial, read_results, read_trials


@dataclass(frozen=True)
class Tuned:
    """A tuned sweep.

    Attributes:
        name: what the tables call its directory.
        factors: keys that it was free to choose, as in a flat config.
        num_trials: trials proposed so far.
        best: number, values and validation accuracy of the best trial; None without any.
    """

    name: str
    factors: tuple[str, ...]
    num_trials: int
    best: tuple[int, str, float] | None


def read_tuned(folder: Path, name: str) -> Tuned | None:
    """What is known of a tuned sweep; None if a directory holds none.

    Raises:
        RecordError: its list of trials cannot be read.
    """
    begun = read_trials(folder)
    if begun is None or not begun.trials:
        return None
    keys = [key.lstrip("+") for key in begun.trials[0].values]
    factors = tuple(f"{key}.name" if key in GROUPS else key for key in keys)
    results = read_results(folder, begun.trials)
    number = best_trial(results)
    record = None if number is None else results[number]
    if number is None or record is None:
        return Tuned(name, factors, len(begun.trials), None)
    accuracy = record.metrics["validation"]["accuracy"]
    assert accuracy is not None  # of a completed run
    best = (number, printable(str(begun.trials[number])), accuracy)
    return Tuned(name, factors, len(begun.trials), best)
