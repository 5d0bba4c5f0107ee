"""Sweeps under a launcher whose processes are killed in the middle, and a stand-in for Slurm."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

NUM_EPOCHS = 240  # two seconds or so, so that a run can be hit between its first and its last
SETTINGS = ("data=synthetic", "model.hidden=[16]", "training=smoke")
SECONDS = 240  # until something that must happen counts as missing


class Sweep:
    """A sweep over seeds, in a folder of its own with its own store, started by one command.

    Args:
        folder: where the command is given.
        launcher: the arguments that choose it.
        num_runs: one for each seed.
    """

    def __init__(self, folder: Path, *launcher: str, num_runs: int = 3) -> None:
        self.folder = folder
        self.num_runs = num_runs
        how = ("hydra.sweep.dir=sweep", "store=store", "checkpoint_seconds=0.1")
        self.command = [sys.executable, "-m", "fmnist_exp.train", "--multirun", *launcher]
        self.command += [
            *SETTINGS,
            f"training.epochs={NUM_EPOCHS}",
            f"seed=range({num_runs})",
            "threads_per_run=1",
            *how,
        ]

    @contextlib.contextmanager
    def started(self) -> Iterator[subprocess.Popen]:
        """The command under way; whatever it has started in its session ends with the block."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "said.txt").open("w") as said:
            process = subprocess.Popen(
                self.command, cwd=self.folder, stdout=said, stderr=said, start_new_session=True
            )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()

    def complete(self) -> list[RunRecord]:
        """Give the command (again), which must succeed; the records of its runs."""
        with self.started() as process:
            assert process.wait(SECONDS) == 0, self.said()
        return [records.read_record(self.run_dir(number)) for number in range(self.num_runs)]

    def said(self) -> str:
        """What the last command has written on the console."""
        return (self.folder / "said.txt").read_text()

    def run_dir(self, number: int) -> Path:
        """The directory of a run."""
        return self.folder / "sweep" / str(number)

    def log(self, number: int) -> str:
        """The log of a run, of all attempts."""
        path = self.run_dir(number) / "train.log"
        return path.read_text() if path.exists() else ""

    def under_way(self) -> list[int]:
        """Runs that have finished an epoch, but no run."""
        begun = [n for n in range(self.num_runs) if f"/{NUM_EPOCHS}  loss" in self.log(n)]
        return [n for n in begun if not (self.run_dir(n) / records.RECORD).exists()]

    def num_trained(self) -> list[int]:
        """How often each run was trained to its last epoch."""
        last = f"epoch {NUM_EPOCHS}/{NUM_EPOCHS}"
        return [self.log(number).count(last) for number in range(self.num_runs)]

    def process_of(self, number: int) -> int:
        """The process that trains a run: it has the log open.

        Source: proc(5), /proc/pid/fd.
        """
        log = str(self.run_dir(number) / "train.log")
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # of one that ends meanwhile
                links = [os.path.join(process, "fd", name) for name in os.listdir(process / "fd")]
                if any(_leads_to(link, log) for link in links):
                    return int(process.name)
        raise ProcessLookupError(f"no process has {log} open")


def _leads_to(link: str, target: str) -> bool:
    try:
        return os.readlink(link) == target
    except OSError:  # closed meanwhile
        return False


def wait_until(happened: Callable[[], bool], process: subprocess.Popen, said: Callable) -> None:
    """Wait for something that must happen while a process runs."""
    end = time.monotonic() + SECONDS
    while not happened():
        assert process.poll() is None, said()
        assert time.monotonic() < end, said()
        time.sleep(0.05)


SLURM = {
    # Starts every task of an array at once, and again after a request to queue it again.
    "sbatch": """
cp "$1" "$FOLDER/script"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$1")
for task in $(seq 0 "$last"); do
  (
    export SLURM_JOB_ID=$$ SLURM_ARRAY_JOB_ID=$$ SLURM_ARRAY_TASK_ID=$task
    while bash "$FOLDER/script"; rm "$FOLDER/again_$$_$task"; do :; done
  ) >> "$FOLDER/output_$task" 2>&1 &
done
echo "Submitted batch job $$"
""",
    "srun": """
while [[ $1 == --* ]]; do
  case $1 in --output|--error) shift 2;; *) shift;; esac
done
exec "$@"
""",
    "scontrol": 'touch "$FOLDER/again_$2"',
    "sacct": 'echo "JobID|State|NodeList"',
}


def install_slurm(folder: Path) -> None:
    """Put programs into a folder that answer submitit as those of Slurm would."""
    folder.mkdir()
    for name, script in SLURM.items():
        (folder / name).write_text(f"#!/bin/bash\nFOLDER={folder}\n{script}\n")
        (folder / name).chmod(0o755)
