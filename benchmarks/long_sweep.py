"""Whether a long sweep stays fast and small: time and memory of each of 200 runs in one process.

`python benchmarks/long_sweep.py` prints a section in Markdown, in about five minutes. The sweep is
the command that a user would give; it is watched from outside.
"""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fmnist_exp.rundir import records

NUM_RUNS = 200
SETTINGS = ("training.epochs=2",)  # of the baseline, on Fashion-MNIST
WARM_UP = 10  # runs in which the program is compiled and the allocator fills its pools
NUM_COMPARED = 20  # runs at either end
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class End:
    """The end of one run: when, and what the process held in memory then."""

    seconds: float
    megabytes: float


def watch(num_runs: int, settings: tuple[str, ...]) -> list[End]:
    """Run a sweep in a process of its own; the end of every run, in their order.

    Raises:
        RuntimeError: the sweep has failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(folder) / "sweep"
        ends: list[End] = []
        command = [sys.executable, "-m", "fmnist_exp.train", "--multirun", *settings]
        command += [f"seed=range({num_runs})", f"hydra.sweep.dir={sweep}"]
        command += [f"store={Path(folder) / 'runs'}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while len(ends) < num_runs and process.poll() is None:
                resident = _resident_megabytes(process.pid)
                if resident and (sweep / str(len(ends)) / records.RECORD).exists():
                    ends.append(End(time.perf_counter(), resident))
                else:
                    time.sleep(LOOK_SECONDS)
        if process.returncode != 0 or len(ends) < num_runs:
            raise RuntimeError(
                f"the sweep ended with exit status {process.returncode} after {len(ends)} of "
                f"{num_runs} runs. Its command was: {' '.join(command)}"
            )
    return ends


def _resident_megabytes(pid: int) -> float:
    """What a process holds in memory; 0 if it is ending."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int((status.partition("VmRSS:")[2].split() or ["0"])[0]) / 1024


def summary(ends: list[End]) -> str:
    """One sentence for the time of a run at either end, one for the growth of memory."""
    seconds = [after.seconds - before.seconds for before, after in itertools.pairwise(ends)]
    durations = seconds[WARM_UP - 1 :]  # the first run has no run before it
    first = statistics.median(durations[:NUM_COMPARED])
    last = statistics.median(durations[-NUM_COMPARED:])
    growth = (ends[-1].megabytes - ends[WARM_UP - 1].megabytes) / (len(ends) - WARM_UP)
    return (
        f"- {len(ends)} baseline runs of 2 epochs in one process, after a warm-up of {WARM_UP}: "
        f"the median run takes {first:.2f} s among the first {NUM_COMPARED} and {last:.2f} s among "
        f"the last ({last / first:.2f} times as long); resident memory grows by {growth:.2f} MB a "
        f"run, from {ends[WARM_UP - 1].megabytes:.0f} to {ends[-1].megabytes:.0f} MB."
    )


def lines() -> list[str]:
    """The section."""
    return ["## A long sweep", "", summary(watch(NUM_RUNS, SETTINGS)), ""]


if __name__ == "__main__":
    print("\n".join(lines()))
