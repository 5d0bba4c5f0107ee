"""A sweep shown while it goes on: live bars on a terminal, a line for each run elsewhere."""

import queue
import threading
import time
from contextlib import suppress

from rich.progress import TaskID

from fmnist_exp.console import counted
from fmnist_exp.run.progress import Bars
from fmnist_exp.sweep.watch import Watch

MAX_BARS = 8  # of runs; more would fill the terminal
LOOK_SECONDS = 0.5
SHARE = 20  # of the time that a look takes passes before the next one


class SweepProgress:
    """Watches a sweep while the block lasts, from a thread of its own, and shows what it sees.

    Live bars on a terminal, one line per run elsewhere.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="sweep progress", daemon=True)
        self.bars = Bars()
        self.whole = self.bars.add_task("sweep", total=watch.num_runs, said="starting")
        self.of_runs: dict[int, TaskID] = {}
        self.told = ""  # the last tally
        self.to_say: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __enter__(self) -> "SweepProgress":
        """Say what begins, and begin to watch."""
        self._print(f"{counted(self.watch.num_runs, 'run')} into {self.watch.sweep_dir}")
        self.bars.start()
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Show the last runs, take the bars away, and say how many have finished."""
        self.ended.set()
        self.thread.join()
        self._show(last=True)
        self.bars.stop()
        if (tally := self.watch.tally()) != self.told:
            self._print(tally)

    def _watch(self) -> None:
        pause = 0.0
        while not self.ended.wait(pause):
            begun = time.monotonic()
            self._show()
            pause = max(LOOK_SECONDS, SHARE * (time.monotonic() - begun))

    def _show(self, *, last: bool = False) -> None:
        lines = [self.to_say.get() for _ in range(self.to_say.qsize())]
        for line in self.watch.look(last=last):
            if self.bars.disable:
                self.told = self.watch.tally()
                line = f"{line};  {', '.join([self.told, *self.watch.time_left()])}"
            self._print(line)
        for line in lines:
            self._print(line)
        if not self.bars.disable:
            self._draw()

    def _draw(self) -> None:
        """Bring the bars up to date: one for the sweep, one for each of the first runs."""
        watch = self.watch
        running = dict(list(watch.running().items())[:MAX_BARS])
        for number in self.of_runs.keys() - running.keys():
            self.bars.remove_task(self.of_runs.pop(number))
        for number, (epoch, accuracy) in running.items():
            if number not in self.of_runs:
                total = watch.runs[number].config["training"]["epochs"]
                self.of_runs[number] = self.bars.add_task(
                    watch.name_of(number), total=total, completed=epoch, said=""
                )
            said = f"validation accuracy {accuracy:.4f}"
            self.bars.update(self.of_runs[number], completed=epoch, said=said)
        is_starting = not (running or watch.counts or watch.failures)
        said = "starting" if is_starting else ", ".join([*watch.time_left(), *watch.ends()])
        total, completed = watch.num_runs, watch.num_finished()
        self.bars.update(self.whole, total=total, completed=completed, said=said, refresh=True)

    def say(self, line: str) -> None:
        """Say something once all runs that have ended by now are shown."""
        self.to_say.put(line)

    def _print(self, line: str) -> None:
        with suppress(OSError):  # a reader that has gone stops no run
            self.bars.console.out(line, highlight=False)
