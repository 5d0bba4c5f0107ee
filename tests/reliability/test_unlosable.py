"""A sweep killed at random moments, and two at once: nothing lost, nothing trained twice."""

import subprocess
import sys

import pytest
import stress
from conftest import ROOT

from fmnist_exp.rundir import records


@pytest.mark.slow
def test_A01_killed_sweep_ends_as_one_never_stopped(tmp_path, train_here):
    """That one runs in this process; metrics and stored answers are equal to the bit."""
    stress.kill_repeatedly(tmp_path, num_runs=3, num_kills=2)
    _, _, _, *arguments = stress.command(tmp_path, "whole", 3)
    whole = train_here(*arguments)
    assert whole.status == 0, whole.err
    sweeps = [tmp_path / name / "sweep" for name in ("killed", "whole")]
    killed, uninterrupted = map(stress.runs_table, sweeps)
    assert killed.equals(uninterrupted)
    for number in range(3):
        ours, theirs = (records.read_record(sweep / str(number)).artifacts for sweep in sweeps)
        assert ours[records.PREDICTIONS] == theirs[records.PREDICTIONS]


@pytest.mark.slow
def test_A09_two_sweeps_over_the_same_runs_train_each_once(tmp_path):
    settings = ("--multirun", "data=synthetic", "training=smoke", "seed=range(6)")
    sweeps = [tmp_path / name for name in ("a", "b")]
    program = (sys.executable, "-m", "fmnist_exp.train", *settings, f"store={tmp_path / 'runs'}")
    processes = [
        subprocess.Popen(
            [*program, f"hydra.sweep.dir={sweep}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        for sweep in sweeps
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    for number in range(6):
        pair = [records.read_record(sweep / str(number)) for sweep in sweeps]
        assert sorted(record.reused for record in pair) == [False, True]
        assert pair[0].metrics == pair[1].metrics
