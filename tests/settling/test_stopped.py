"""A real sweep that adds seeds, on small data: stopped anywhere, under any launcher, the same."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from launched import wait_until
from study import found_in

from fmnist_exp.rundir import plan, records
from fmnist_exp.statistics.verdicts import PRIMARY

SMALL = ("data=digits", "training=smoke", "optimizer.config.learning_rate=1e-2,1.2e-2,1e-4")
SETTLE = ("--multirun", *SMALL, "until_settled=10")


def of_sweep(sweep_dir):
    """Factor levels, seed and metrics of each planned run; the comparisons of the report."""
    runs = [
        (run.overrides[-2:], records.read_record(sweep_dir / run.directory).metrics)
        for run in plan.read_runs(sweep_dir)
    ]
    return runs, found_in(sweep_dir).comparisons[PRIMARY]


@pytest.mark.slow
def test_sweep_killed_in_its_second_look_under_cores_ends_as_one_never_stopped(
    tmp_path, train_here
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    undisturbed = train_here(*SETTLE, f"hydra.sweep.dir={whole}")
    assert undisturbed.status == 0, undisturbed.err
    cores = ("hydra/launcher=cores", "hydra.launcher.n_jobs=2", f"store={tmp_path / 'runs'}")
    program = [sys.executable, "-m", "fmnist_exp.train", *SETTLE, f"hydra.sweep.dir={killed}"]
    process = subprocess.Popen(
        [*program, *cores],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    record = killed / "19" / records.RECORD
    wait_until(record.exists, process, lambda: "run 19 has not ended")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    ended = subprocess.run(
        [*program, *cores], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    runs, compared = of_sweep(whole)
    assert len(runs) > 15  # a second look was taken
    assert of_sweep(killed) == (runs, compared)
    assert {each.settled_after for each in compared} >= {5}
