"""Kills a sweep in training at random moments, and checks that nothing was lost.

python benchmarks/stress.py [NUM_RUNS] [NUM_KILLS]
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records

ROOT = Path(__file__).resolve().parent.parent
NUM_EPOCHS = 40
BEFORE_KILL = (23, 30)  # epochs saved: more than half of a run, so that two starts finish one
SECONDS = 240  # until something that must happen counts as missing
# The layers that draw or remember something. Every epoch is saved, and long enough to be hit.
SETTINGS = (
    "data=synthetic",
    "data.num_train=6000",
    "model.batch_normalization=true",
    "model.dropout=0.3",
    f"training.epochs={NUM_EPOCHS}",
    "checkpoint_seconds=0",
)
TIMES = ["fit_seconds", "total_seconds"]


def command(folder: Path, name: str, num_runs: int) -> list[str]:
    """The command of the sweep `name`, the same each time."""
    return [
        *(sys.executable, "-m", "fmnist_exp.train", "--multirun", *SETTINGS),
        *(f"seed=range({num_runs})", f"store={folder / name / 'runs'}"),
        f"hydra.sweep.dir={folder / name / 'sweep'}",
    ]


def kill_repeatedly(folder: Path, num_runs: int, num_kills: int, seed: int = 0) -> None:
    """Start the sweep `killed` and kill it in training, so many times, and then let it end.

    Raises:
        AssertionError: a run that was kept has been trained again, two starts have not finished
            one, or a sweep has failed or ended too early to be killed.
    """
    moments = random.Random(seed)
    store = Store(folder / "killed" / "runs")
    kept: dict[str, int | None] = {}  # run key -> when its record was written
    for number in range(num_kills + 1):
        assert kept or number < 2, "two starts have finished no run"
        is_killed = number < num_kills
        process = _start(folder, num_runs)
        try:
            if is_killed:
                _wait_for_epochs(moments.randint(*BEFORE_KILL), process, store)
                time.sleep(moments.uniform(0, 0.2))  # into the next epochs, or what ends a run
            else:
                process.wait(SECONDS)
        finally:
            process.kill()
            status = process.wait()
        assert status == (-signal.SIGKILL if is_killed else 0), f"it ended with {status}"
        now = {key: _when_written(store.folder(key) / records.RECORD) for key in store.kept()}
        again = [key for key, written in kept.items() if now.get(key) != written]
        assert not again, f"trained again: {again}"
        kept = now


def _wait_for_epochs(num_epochs: int, process: subprocess.Popen, store: Store) -> None:
    """Until a sweep has saved so many epochs, or has ended."""
    end = time.monotonic() + SECONDS
    former = _saved(store)
    while num_epochs > 0 and process.poll() is None:
        assert time.monotonic() < end, f"{num_epochs} epochs are missing"
        time.sleep(0.005)
        saved = _saved(store)
        num_epochs -= len(saved.items() - former.items())
        former = saved


def _saved(store: Store) -> dict[str, int]:
    """When the last state of each unfinished run was written, of those that have one."""
    found = {key: _when_written(store.checkpoint(key)) for key in store.stopped()}
    return {key: written for key, written in found.items() if written is not None}


def _start(folder: Path, num_runs: int) -> subprocess.Popen:
    return subprocess.Popen(
        command(folder, "killed", num_runs), cwd=ROOT, stdout=subprocess.DEVNULL
    )


def runs_table(sweep: Path) -> pd.DataFrame:
    """The runs of a sweep as its report's runs.csv holds them, without times."""
    return read_study([sweep]).table.drop(columns=TIMES)


def _when_written(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def main() -> None:
    """Compare a sweep that was killed again and again with one that was not."""
    num_runs, num_kills = (int(text) for text in [*sys.argv[1:], "15", "15"][:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kill_repeatedly(folder, num_runs, num_kills)
        subprocess.run(
            command(folder, "whole", num_runs), cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        killed, whole = (runs_table(folder / kind / "sweep") for kind in ("killed", "whole"))
        assert killed.equals(whole), killed.compare(whole)
    print(
        f"{num_runs} runs, killed in training {num_kills} times: no kept run was trained again, "
        "and runs.csv equals that of a sweep never stopped, but for times"
    )


if __name__ == "__main__":
    main()
