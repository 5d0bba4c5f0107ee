"""Kills a sweep at random moments until it is done, and checks that nothing was lost.

python benchmarks/stress.py [NUM_RUNS] [NUM_KILLS]
"""

import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 14.0  # seconds until a kill: start-up, compilation and a few runs
# Long enough to be hit in the middle of an epoch, a save or a hand-out.
SETTINGS = ("data=synthetic", "data.num_train=6000", "training.epochs=40", "checkpoint_seconds=0")
TIMES = ["fit_seconds", "total_seconds"]


def command(folder: Path, name: str, num_runs: int) -> list[str]:
    """The command of the sweep `name`, the same each time."""
    return [
        *(sys.executable, "-m", "fmnist_exp.train", "--multirun", *SETTINGS),
        *(f"seed=range({num_runs})", f"store={folder / name / 'runs'}"),
        f"hydra.sweep.dir={folder / name / 'sweep'}",
    ]


def kill_until_done(folder: Path, num_runs: int, num_kills: int, seed: int = 0) -> int:
    """Run the sweep `killed`, killing it so many times; how often it was started.

    Raises:
        AssertionError: a run that was kept has been trained again.
    """
    moments = random.Random(seed)
    store = Store(folder / "killed" / "runs")
    kept: dict[str, int] = {}  # run key -> when its record was written
    killed, starts, longest = 0, 0, LONGEST
    while killed < num_kills:
        starts += 1
        process = _start(folder, num_runs)
        try:
            process.wait(moments.uniform(1, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        else:
            assert process.returncode == 0, f"it ended with {process.returncode}"
            longest = max(longest / 2, 1.5)  # it ended first: all is kept, and takes less time
        now = {key: _written(store, key) for key in store.kept()}
        again = [key for key, written in kept.items() if now.get(key) != written]
        assert not again, f"trained again: {again}"
        kept = now
    assert _start(folder, num_runs).wait() == 0
    return starts + 1


def _start(folder: Path, num_runs: int) -> subprocess.Popen:
    return subprocess.Popen(
        command(folder, "killed", num_runs), cwd=ROOT, stdout=subprocess.DEVNULL
    )


def runs_table(sweep: Path) -> pd.DataFrame:
    """The runs of a sweep as its report's runs.csv holds them, without times."""
    return read_study([sweep]).table.drop(columns=TIMES)


def _written(store: Store, run_key: str) -> int:
    return (store.folder(run_key) / records.RECORD).stat().st_mtime_ns


def main() -> None:
    """Compare a sweep that was killed again and again with one that was not."""
    num_runs, num_kills = (int(text) for text in [*sys.argv[1:], "12", "20"][:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = kill_until_done(folder, num_runs, num_kills)
        subprocess.run(
            command(folder, "whole", num_runs), cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        killed, whole = (runs_table(folder / kind / "sweep") for kind in ("killed", "whole"))
        assert killed.equals(whole), killed.compare(whole)
    print(
        f"{num_runs} runs, started {starts} times, killed {num_kills} times: no kept run was "
        "trained again, and runs.csv equals that of a sweep never stopped, but for times"
    )


if __name__ == "__main__":
    main()
