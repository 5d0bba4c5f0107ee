"""What the run directories of a sweep say: who has ended and how, the time left, what is missing.

It is the same for runs of this process, of others and of other machines.
"""

import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.errors import RecordError
from fmnist_exp.run.display import in_words
from fmnist_exp.rundir import records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.presence import state_without_record
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import read_history

MAX_FAILURES = 10  # told one by one; more would fill the terminal


class Watch:
    """How far a sweep has come.

    Args:
        sweep_dir: the directory of the sweep.
        runs: those that are planned.
        num_runs: how many there will be, if others are planned while the sweep goes on.
    """

    def __init__(
        self, sweep_dir: Path, runs: Sequence[PlannedRun], num_runs: int | None = None
    ) -> None:
        self.sweep_dir = sweep_dir
        self.num_runs = len(runs) if num_runs is None else num_runs
        self.common = set.intersection(*(set(run.overrides) for run in runs)) if runs else set()
        self.runs: dict[int, PlannedRun] = {}
        self.waiting: dict[int, tuple[int, int] | None] = {}
        self.counts: Counter[str] = Counter()
        self.failures: dict[int, str] = {}
        self.has_ended = False
        self.trained_at: list[float] = []
        for run in runs:
            self.add(run)
        self.begun = time.monotonic()

    def add(self, run: PlannedRun) -> None:
        """Watch a run from now on; what lies there is of an earlier sweep, or a trial's result."""
        self.runs[run.number] = run
        run_dir = self._run_dir(run.number)
        if run.values and _has_ended(run_dir):
            self.counts["reused"] += 1
        else:
            self.waiting[run.number] = _stamp(run_dir)

    def name_of(self, number: int) -> str:
        """What tells a run apart, in short: `he_normal seed=2`; of a trial, what was chosen."""
        run = self.runs[number]
        chosen = [f"{key}={value}" for key, value in run.values.items()]
        own = chosen or [each for each in run.overrides if each not in self.common]
        if not own:
            return f"{run.config['initializer']['name']} seed={run.config['seed']}"
        return " ".join(_short(each, run.config) for each in own)

    def look(self) -> Iterator[str]:
        """Count each run that has ended since the last look, and say how it did."""
        for number, former in list(self.waiting.items()):
            stamp = _stamp(self._run_dir(number))
            if stamp is not None and stamp != former:
                del self.waiting[number]
                yield f"run {number}  {self.name_of(number)}  {self._end_of(number)}"

    def end(self) -> None:
        """Note that nothing runs any more: what has left no record will not leave one."""
        self.has_ended = True
        for number in list(self.waiting):
            state = self._state(number)
            if state.startswith("ended"):
                del self.waiting[number]
                self._fail(number, state)

    def tally(self) -> str:
        """How many runs are finished, and the time left: `3 of 8 finished (1 reused), ...`."""
        finished = f"{self.num_finished()} of {counted(self.num_runs, 'run')} finished"
        reused = f" ({self.counts['reused']} reused)" if self.counts["reused"] else ""
        return ", ".join([f"{finished}{reused}", *self.counted("failed"), *self.time_left()])

    def num_finished(self) -> int:
        """Runs with a result, trained or reused."""
        return self.counts["trained"] + self.counts["reused"]

    def counted(self, end: str) -> list[str]:
        """How many runs have come to such an end, if any has."""
        return [f"{self.counts[end]} {end}"] if self.counts[end] else []

    def time_left(self) -> list[str]:
        """The time left in words, once a run was trained; nothing below a second."""
        if self.has_ended or not self.trained_at:
            return []
        each = (self.trained_at[-1] - self.begun) / len(self.trained_at)
        since = time.monotonic() - self.trained_at[-1]
        left = each * (self.num_runs - self.counts.total()) - since
        return [f"about {in_words(left)} left"] if left >= 1 else []

    def running(self) -> dict[int, tuple[int, float]]:
        """Of each run that is being trained: epochs so far, and its validation accuracy."""
        found = {}
        for number in list(self.waiting):
            run_dir = self._run_dir(number)
            if state_without_record(run_dir) == "running":
                with suppress(RecordError):  # before its first epoch
                    history = read_history(run_dir / records.HISTORY)
                    accuracies = history["validation_accuracy"]
                    found[number] = len(accuracies), float(accuracies[-1])
        return found

    def without_result(self, options: Sequence[str]) -> list[str]:
        """What is missing when a sweep has ended: why each failed run did, and what to do.

        Args:
            options: what is to be given besides overrides to start one of the runs again.
        """
        list(self.look())  # jobs of Slurm go on by themselves
        states = Counter({"interrupted": self.counts["interrupted"]})
        states.update(self._state(number).partition(":")[0] for number in self.waiting)
        states["not begun"] += self.num_runs - len(self.runs)
        lines = []
        for number, reason in sorted(self.failures.items())[:MAX_FAILURES]:
            words = ["python", "-m", "fmnist_exp.train", *options, *self.runs[number].overrides]
            lines += [f"{reason}: {self._run_dir(number)}", f"  repeat it: {shlex.join(words)}"]
        if (more := len(self.failures) - MAX_FAILURES) > 0:
            lines.append(f"and {counted(more, 'more run')} without a result")
        missing = [f"{count} {state}" for state, count in states.items() if count]
        if missing:
            lines.append(f"{', '.join(missing)}: to go on, give the same command again")
        return lines

    def _run_dir(self, number: int) -> Path:
        return self.sweep_dir / self.runs[number].directory

    def _state(self, number: int) -> str:
        if _stamp(self._run_dir(number)) is not None:
            return "not begun"  # what lies there is of an earlier sweep
        return state_without_record(self._run_dir(number))

    def _fail(self, number: int, why: str) -> str:
        self.counts["failed"] += 1
        self.failures[number] = why
        return why

    def _end_of(self, number: int) -> str:
        """Count how a run has ended, and say it."""
        run_dir = self._run_dir(number)
        try:
            record = records.read_record(run_dir)
        except RecordError as error:
            return self._fail(number, f"unreadable ({error})")
        if record.status == "interrupted":
            self.counts["interrupted"] += 1
            return record.status
        if record.status not in records.ENDED:
            failure = record.error or {}
            first_line = failure.get("message", "").partition("\n")[0]
            return self._fail(number, f"{record.status} ({failure.get('type')}: {first_line})")
        self.counts["reused" if record.reused else "trained"] += 1
        if not record.reused:
            if not self.trained_at:
                self.begun = time.monotonic() - _without_start_up(record, run_dir)
            self.trained_at.append(time.monotonic())
        return _measured(record)


def _has_ended(run_dir: Path) -> bool:
    try:
        return records.read_record(run_dir).status in records.ENDED
    except RecordError:
        return False


def _short(override: str, config: Mapping[str, Any]) -> str:
    """A group by its option alone, a value by the last part of its key."""
    key, _, value = override.partition("=")
    is_group = isinstance(config.get(key), dict)
    return value if is_group else f"{key.rpartition('.')[2]}={value}"


def _without_start_up(record: RunRecord, run_dir: Path) -> float:
    """Seconds of a run but for the import and the compilation, which a process does once."""
    seconds = record.timing_seconds
    try:
        epochs = read_history(run_dir / records.HISTORY)["seconds"]
        training = float(np.mean(epochs[1:] if len(epochs) > 1 else epochs)) * len(epochs)
        return training + seconds["evaluation"]
    except (RecordError, KeyError):
        return seconds["total"]


def _stamp(run_dir: Path) -> tuple[int, int] | None:
    """What tells a record from one that lay in its place before; None without a record."""
    try:
        found = (run_dir / records.RECORD).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _measured(record: RunRecord) -> str:
    word = "reused" if record.reused else record.status
    if record.status in ("diverged", "pruned"):
        return f"{word} in epoch {record.num_epochs}"
    test, validation = (record.metrics[split]["accuracy"] for split in ("test", "validation"))
    seconds = "" if record.reused else f"  {record.timing_seconds['total']:.1f} s"
    return f"{word}  test {test:.4f}  validation {validation:.4f}{seconds}"
