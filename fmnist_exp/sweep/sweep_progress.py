"""How a sweep is shown: live bars on a terminal, one line per run elsewhere."""

import contextlib
import threading
import time

from rich.progress import TaskID

from fmnist_exp.console import counted
from fmnist_exp.run.display import Display, live_display
from fmnist_exp.sweep.watch import Watch

LOOK_SECONDS = 0.5
SHARE = 20  # of the time that a look takes passes before the next one
MAX_BARS = 8  # of runs; more would fill the terminal


class SweepProgress:
    """Watches a sweep while the block lasts, from a thread of its own, and shows what it sees."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="sweep progress", daemon=True)
        self.bars: dict[int, TaskID] = {}
        self.told = ""  # the last tally
        self.display = live_display()

    def __enter__(self) -> "SweepProgress":
        """Say what begins, and begin to watch."""
        self._say(f"{counted(self.watch.num_runs, 'run')} into {self.watch.sweep_dir}")
        if self.display is not None:
            self.whole = self.display.add("sweep")
            self.display.start()
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Show the last runs, take the bars away, and say how many have finished."""
        self.ended.set()
        self.thread.join()
        if self.display is not None:
            self.display.stop()
        self.watch.end()
        if (tally := self.watch.tally()) != self.told:
            self._say(tally)

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
            if self.display is not None:
                self._say(line)
            else:
                self.told = self.watch.tally()
                self._say(f"{line};  {self.told}")
        if self.display is not None:
            self._draw(self.display)

    def _draw(self, display: Display) -> None:
        """Bring the bars up to date: one for the sweep, one for each of the first runs."""
        watch = self.watch
        running = dict(list(watch.running().items())[:MAX_BARS])
        said = [*watch.counted("failed"), *watch.time_left(), *watch.counted("reused")]
        if not running and not watch.counts:
            said = ["starting"]
        for number in self.bars.keys() - running.keys():
            display.remove_task(self.bars.pop(number))
        display.show(self.whole, (watch.num_finished(), watch.num_runs), said)
        for number, (epoch, accuracy) in running.items():
            if number not in self.bars:
                self.bars[number] = display.add(watch.name_of(number))
            num_epochs = watch.runs[number].config["training"]["epochs"]
            said = [f"validation accuracy {accuracy:.4f}"]
            display.show(self.bars[number], (epoch, num_epochs), said)

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a reader that has gone stops no run
            if self.display is None:
                print(line, flush=True)
            else:
                self.display.console.print(line, markup=False, highlight=False, soft_wrap=True)
