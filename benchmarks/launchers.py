"""Runs an hour under each launcher: the same baseline runs, each sweep by one command.

`python benchmarks/launchers.py` prints a section in Markdown, in three to four minutes on two
cores. A whole command pays for its start-up once for each process; what is beyond is measured
from the runs that end after those that every process trains first.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from joblib import cpu_count

from fmnist_exp.rundir import records

NUM_RUNS = 4
LAUNCHERS = {
    "none": [],
    "cores": ["hydra/launcher=cores"],
    "here_submitit": ["hydra/launcher=here_submitit"],
    "on_ray": ["hydra/launcher=on_ray", "hydra.launcher.ray.init.address=local"],
}
AT_A_TIME = {"none": 1, "here_submitit": NUM_RUNS}  # others: as many as there are cores


@dataclass(frozen=True)
class Rate:
    """Runs an hour: of the whole command, and beyond start-up if a process trains several runs."""

    threads: int
    seconds: float
    whole: float
    beyond: float | None


def measure(name: str) -> Rate:
    """Train the runs in one sweep under a launcher."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fmnist_exp.train", "--multirun", *LAUNCHERS[name]]
        command += [f"seed=range({NUM_RUNS})", "reuse=false", f"hydra.sweep.dir={folder}"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        run_dirs = [Path(folder) / str(number) for number in range(NUM_RUNS)]
        ends = sorted((run_dir / records.RECORD).stat().st_mtime for run_dir in run_dirs)
        threads = records.read_record(run_dirs[0]).provenance["threads"]
    return Rate(threads, seconds, 3600 * NUM_RUNS / seconds, _beyond(ends, name))


def _beyond(ends: list[float], name: str) -> float | None:
    first = AT_A_TIME.get(name, cpu_count())
    if first >= len(ends):
        return None
    return 3600 * (len(ends) - first) / (ends[-1] - ends[first - 1])


def lines() -> list[str]:
    """The section: a row for each launcher, then what `cores` gains."""
    rates = {name: measure(name) for name in LAUNCHERS}
    table = [f"| launcher | threads of a run | seconds for {NUM_RUNS} runs | runs an hour "]
    table[0] += "| beyond start-up |"
    table.append("| --- | ---: | ---: | ---: | ---: |")
    for name, rate in rates.items():
        beyond = "-" if rate.beyond is None else f"{rate.beyond:.0f}"
        table.append(
            f"| {name} | {rate.threads} | {rate.seconds:.1f} | {rate.whole:.0f} | {beyond} |"
        )
    one, many = rates["none"], rates["cores"]
    gain = f"{many.whole / one.whole:.2f} times as many runs an hour with start-up"
    if one.beyond is not None and many.beyond is not None:
        gain += f", {many.beyond / one.beyond:.2f} times beyond it"
    sentence = (
        f"On {cpu_count()} cores, one process for each core (`cores`, joblib) trains {gain}, as "
        "one process with all threads."
    )
    about = f"{NUM_RUNS} baseline runs in one sweep, once under each launcher."
    return ["## Launchers", "", about, "", *table, "", sentence, ""]


if __name__ == "__main__":
    print("\n".join(lines()))
