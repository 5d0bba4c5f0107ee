"""How far a sweep has come: live bars on a terminal, one line per run elsewhere.

All of it is read from the run directories, so it is the same for runs of this process, of others
and of other machines.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Column

from fmnist_exp import records
from fmnist_exp.errors import RecordError
from fmnist_exp.records import RunRecord
from fmnist_exp.sweep import progress
from fmnist_exp.sweep.plan import Plan, names, trial_name, why_without_result

LOOK_SECONDS = 0.5
SHARE = 20  # of the time that a look takes passes before the next one
MAX_BARS = 8  # of runs; more would fill the terminal
MAX_WIDTH = 30  # of a name; the rest of 80 columns is needed


@dataclass
class Watch:
    """What the run directories of a sweep say.

    Args:
        sweep_dir: the directory of the sweep, with one numbered folder for each run.
        num_runs: how many there will be.
        name_of: number of a run -> what tells it apart.
        goes_on: whether runs that have ended there already are not launched again.
    """

    sweep_dir: Path
    num_runs: int
    name_of: Callable[[int], str]
    goes_on: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Take note of records that lie there already, of an earlier sweep in the same place."""
        self.waiting = {number: _stamp(self._run_dir(number)) for number in range(self.num_runs)}
        if self.goes_on:
            for number in [each for each, stamp in self.waiting.items() if stamp is not None]:
                if self._has_ended(number):
                    del self.waiting[number]
                    self.counts["reused"] += 1
        self.started = time.monotonic()
        self.trained_at: list[float] = []

    def look(self) -> Iterator[str]:
        """Count each run that has ended since the last look, and say how it did."""
        for number, former in list(self.waiting.items()):
            stamp = _stamp(self._run_dir(number))
            if stamp is not None and stamp != former:
                del self.waiting[number]
                yield f"run {number}  {self.name_of(number)}  {self._end_of(number)}"

    def tally(self) -> str:
        """How many runs are done, reused, failed and to go, and the time left."""
        parts = [f"{self.counts[kind]} {kind}" for kind in ("done", "reused", "failed")]
        return ", ".join([*parts, f"{len(self.waiting)} to go", *self.time_left()])

    def time_left(self) -> list[str]:
        """The time left in words, once a run was trained."""
        num_trained = len(self.trained_at)
        if not num_trained or not self.waiting:
            return []
        # The first run holds the start of TensorFlow and the compilation.
        begun = self.trained_at[0] if num_trained > 1 else self.started
        each = (self.trained_at[-1] - begun) / max(num_trained - 1, 1)
        since = time.monotonic() - self.trained_at[-1]
        return [f"about {_words(max(each * len(self.waiting) - since, 0))} left"]

    def running(self) -> dict[int, progress.Epochs]:
        """How far each run has come that is being trained."""
        found = {}
        for number in self.waiting:
            epochs = progress.read_epochs(self._run_dir(number) / progress.FILE)
            if epochs is not None:
                found[number] = epochs
        return found

    def _run_dir(self, number: int) -> Path:
        return self.sweep_dir / str(number)

    def _has_ended(self, number: int) -> bool:
        try:
            return why_without_result(records.read_record(self._run_dir(number))) is None
        except RecordError:
            return False

    def _end_of(self, number: int) -> str:
        try:
            record = records.read_record(self._run_dir(number))
        except RecordError as error:
            self.counts["failed"] += 1
            return f"unreadable ({error})"
        why = why_without_result(record)
        if why is not None:
            self.counts["failed"] += 1
            return why
        self.counts["reused" if record.reused else "done"] += 1
        if not record.reused:
            self.trained_at.append(time.monotonic())
        return _measured(record)


class SweepProgress:
    """Watches a sweep while the block lasts, from a thread of its own, and shows what it sees."""

    def __init__(self, plan: Plan) -> None:
        assert plan.sweep_dir is not None
        if plan.search is None:
            given = names(plan)
            self.watch = Watch(plan.sweep_dir, len(given), given.__getitem__)
            width = min(MAX_WIDTH, max(map(len, ("sweep", *given))))
        else:
            num_trials, name_of = (
                plan.search.settings.num_trials,
                partial(trial_name, plan.sweep_dir),
            )
            self.watch = Watch(plan.sweep_dir, num_trials, name_of, goes_on=True)
            width = MAX_WIDTH
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="sweep progress", daemon=True)
        self.bars: dict[int, TaskID] = {}
        self.display: Progress | None = None
        if (console := progress.live_console()) is not None:
            self.display = Progress(
                TextColumn(
                    "{task.description}",
                    markup=False,
                    table_column=Column(no_wrap=True, width=width),
                ),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TextColumn("{task.fields[said]}", markup=False, table_column=Column(no_wrap=True)),
                console=console,
                transient=True,
                auto_refresh=False,
            )

    def __enter__(self) -> None:
        """Say what begins, and begin to watch."""
        num_runs = self.watch.num_runs
        self._say(f"{num_runs} runs into {self.watch.sweep_dir}")
        if self.display is not None:
            self.whole = self.display.add_task("sweep", total=num_runs, said="")
            self.display.start()
        self.thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the last runs, and take the bars away."""
        self.ended.set()
        self.thread.join()
        if self.display is not None:
            self.display.stop()
            self._say(self.watch.tally())

    def _watch(self) -> None:
        while True:
            last = self.ended.is_set()
            begun = time.monotonic()
            self._show()
            if last:
                return
            self.ended.wait(max(LOOK_SECONDS, SHARE * (time.monotonic() - begun)))

    def _show(self) -> None:
        for line in self.watch.look():
            self._say(line if self.display is not None else f"{line};  {self.watch.tally()}")
        if self.display is not None:
            self._draw(self.display)

    def _draw(self, display: Progress) -> None:
        """Bring the bars up to date: one for the sweep, one for each of the first runs."""
        counts = self.watch.counts
        said = ", ".join(
            [f"{counts['reused']} reused, {counts['failed']} failed", *self.watch.time_left()]
        )
        display.update(self.whole, completed=sum(counts.values()), said=said)
        running = dict(list(self.watch.running().items())[:MAX_BARS])
        for number in self.bars.keys() - running.keys():
            display.remove_task(self.bars.pop(number))
        for number, epochs in running.items():
            if number not in self.bars:
                self.bars[number] = display.add_task(self.watch.name_of(number), said="")
            display.update(
                self.bars[number],
                completed=epochs.epoch,
                total=epochs.num_epochs,
                said=f"validation accuracy {epochs.validation_accuracy:.4f}",
            )
        display.refresh()

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # a reader that has gone stops no run
            if self.display is None:
                print(line, flush=True)
            else:
                self.display.console.print(line, markup=False, highlight=False, soft_wrap=True)


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


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
