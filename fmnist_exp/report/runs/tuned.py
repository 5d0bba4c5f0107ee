"""Sweeps whose runs a tuner has proposed: what it was free to choose, and what it chose."""

from dataclasses import dataclass
from pathlib import Path

from fmnist_exp.report.runs.conditions import GROUPS, printable
from fmnist_exp.rundir import plan, trials


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
        RecordError: its plan cannot be read.
    """
    study = plan.read_study(folder)
    if study is None or study.begun_with is None or not study.num_runs:
        return None
    keys = [str(key).lstrip("+") for key in study.begun_with.get("factors", {})]
    factors = tuple(f"{key}.name" if key in GROUPS else key for key in keys)
    runs = list(plan.read_runs(folder))
    best = trials.best_trial({run.number: trials.read_result(folder, run) for run in runs})
    if best is None:
        return Tuned(name, factors, len(runs), None)
    number, accuracy = best
    chosen = printable(trials.described(runs[number].values))
    return Tuned(name, factors, len(runs), (number, chosen, accuracy))
