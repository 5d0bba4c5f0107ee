"""What the run directories of a sweep say, shown: who has ended and how, and what is missing.

It is the same for runs of this process, of others and of other machines.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fmnist_exp.console import counted, typed
from fmnist_exp.errors import RecordError
from fmnist_exp.run.progress import time_left
from fmnist_exp.rundir import plan, records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.presence import state_without_record
from fmnist_exp.rundir.tables import read_history

MAX_FAILURES = 10  # told one by one; more would fill the terminal


class Watch:
    """How far a sweep has come.

    Args:
        sweep_dir: the directory of the sweep.
        runs: those that are planned.
        num_runs: how many there will be at least, if others are planned while the sweep goes on.
    """

    def __init__(
        self, sweep_dir: Path, runs: Sequence[PlannedRun], num_runs: int | None = None
    ) -> None:
        self.sweep_dir = sweep_dir
        self.num_runs = len(runs) if num_runs is None else num_runs
        self.grows = num_runs is not None
        self.common: set[str] = set()  # overrides that tell no run apart
        self.runs: dict[int, PlannedRun] = {}
        self.waiting: dict[int, tuple[int, int] | None] = {}
        self.counts: Counter[str] = Counter()
        self.failures: dict[int, str] = {}
        self.begun = self.trained_at = time.monotonic()
        for run in runs:
            self.add(run)

    def add(self, run: PlannedRun) -> None:
        """Watch a run from now on; where a sweep grows, what has ended is not launched again."""
        given = set(run.overrides)
        self.common = self.common & given if self.runs else given
        self.runs[run.number] = run
        self.num_runs = max(self.num_runs, len(self.runs))
        if self.grows and plan.read_result(self.sweep_dir, run) is not None:
            self.counts["reused"] += 1
        else:
            self.waiting[run.number] = _stamp(self._run_dir(run.number))

    def name_of(self, number: int) -> str:
        """What tells a run apart: `run 3  he_normal seed=2`; of a trial, what was chosen."""
        run = self.runs[number]
        chosen = [f"{key}={value}" for key, value in run.values.items()]
        own = chosen or [each for each in run.overrides if each not in self.common]
        return " ".join([f"run {number} ", *(_short(each, run.config) for each in own)])

    def look(self, *, last: bool = False) -> Iterator[str]:
        """Count each run that has ended since the last look, and say how it did.

        Args:
            last: whether nothing runs any more: what has left no record will not leave one.
        """
        for number, former in list(self.waiting.items()):
            if _stamp(self._run_dir(number)) not in (None, former):
                del self.waiting[number]
                yield f"{self.name_of(number)}  {self._end_of(number)}"
            elif last and self._state(number).startswith("ended"):
                del self.waiting[number]
                why = self.failures.setdefault(number, self._state(number))
                yield f"{self.name_of(number)}  {why}"

    def num_finished(self) -> int:
        """Runs with a result, trained or reused."""
        return self.counts.total() - self.counts["interrupted"]

    def ends(self) -> list[str]:
        """How many runs have failed and were reused, if any."""
        ends = {"failed": len(self.failures), "reused": self.counts["reused"]}
        return [f"{count} {end}" for end, count in ends.items() if count]

    def tally(self) -> str:
        """How many runs are finished: `3 of 8 runs finished, 1 failed`."""
        finished = f"{self.num_finished()} of {counted(self.num_runs, 'run')} finished"
        return ", ".join([finished, *self.ends()])

    def time_left(self) -> list[str]:
        """The time left in words, once a run was trained."""
        if not (num_trained := self.num_finished() - self.counts["reused"]):
            return []
        each = (self.trained_at - self.begun) / num_trained
        num_left = self.num_runs - len(self.runs) + len(self.waiting)
        return time_left(each * num_left - (time.monotonic() - self.trained_at))

    def running(self) -> dict[int, tuple[int, float]]:
        """Of each run that is being trained: epochs so far, and its validation accuracy."""
        found = {}
        for number in list(self.waiting):
            run_dir = self._run_dir(number)
            if state_without_record(run_dir) == "running":
                with suppress(RecordError):  # before its first epoch
                    accuracies = read_history(run_dir / records.HISTORY)["validation_accuracy"]
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
            command = typed("train", *options, *self.runs[number].overrides)
            lines += [f"{reason}: {self._run_dir(number)}", f"  repeat it: {command}"]
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

    def _end_of(self, number: int) -> str:
        """Count how a run has ended, and say it."""
        try:
            record = records.read_record(self._run_dir(number))
        except RecordError as error:
            return self.failures.setdefault(number, f"unreadable ({error})")
        if record.status == "failed":
            failure = record.error or {}
            first_line = failure.get("message", "").partition("\n")[0]
            why = f"failed ({failure.get('type')}: {first_line})"
            return self.failures.setdefault(number, why)
        word = "reused" if record.reused else record.status
        self.counts[word] += 1
        if word in records.ENDED:
            self.trained_at = time.monotonic()
        if record.status != "completed":
            return f"{word} in epoch {record.num_epochs}"
        test, validation = (record.metrics[split]["accuracy"] for split in ("test", "validation"))
        seconds = "" if record.reused else f"  {record.timing_seconds['total']:.1f} s"
        return f"{word}  test {test:.4f}  validation {validation:.4f}{seconds}"


def _short(override: str, config: Mapping[str, Any]) -> str:
    """A group by its option alone, a value by the last part of its key; 64x30 for equal widths."""
    key, _, value = override.partition("=")
    value = re.sub(
        r"\[(\d+)((?:,\1)+)\]", lambda each: f"{each[1]}x{1 + each[2].count(',')}", value
    )
    return value if isinstance(config.get(key), dict) else f"{key.rpartition('.')[2]}={value}"


def _stamp(run_dir: Path) -> tuple[int, int] | None:
    """What tells a record from one that lay in its place before; None without a record."""
    try:
        found = (run_dir / records.RECORD).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
