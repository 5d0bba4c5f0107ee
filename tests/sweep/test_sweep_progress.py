"""A sweep is shown on a terminal by live bars, and elsewhere by a line for each run."""

import os
import pty
import re
import subprocess
import sys

import pytest
from conftest import ROOT, read_or_end

# Two runs, of which the first fails: what a terminal of 80 columns is shown.
SWEEP = """
import sys, time
from pathlib import Path
sys.path.insert(0, "tests")
from study import write_run
from fmnist_exp.rundir.plan import PlannedRun
from conftest import epoch_of
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.rundir.tables import write_history
from fmnist_exp.sweep import progress, watch
sweep_dir = Path(sys.argv[1])
progress.LOOK_SECONDS = 0.05
config = {"initializer": {}, "training": {"epochs": 8}}
runs = [
    PlannedRun(number=seed, directory=str(seed), overrides=overrides, config=config)
    for seed, overrides in enumerate(
        [("initializer=he_normal", "seed=0"), ("initializer=glorot", "seed=1")]
    )
]
def wait_until_seen(num_ended):
    while 2 - len(shown.watch.waiting) < num_ended or not (shown.bars.disable or shown.of_runs):
        time.sleep(0.01)
shown = progress.SweepProgress(watch.Watch(sweep_dir, runs))
with shown:
    for number in (0, 1):
        run_dir = sweep_dir / str(number)
        with working_in(run_dir, wait=False):
            write_history(run_dir, [epoch_of(number) for number in (1, 2, 3)])
            wait_until_seen(number)
        print("a warning of another module")
        write_run(sweep_dir / "elsewhere" / str(number), status=["failed", "completed"][number])
        (sweep_dir / "elsewhere" / str(number) / "run.json").rename(run_dir / "run.json")
"""


def shown_by(folder, stream=None):
    program = [sys.executable, "-c", SWEEP, str(folder)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    return subprocess.Popen(program, cwd=ROOT, env=environment, stdin=stream, stdout=stream)


@pytest.mark.slow
def test_terminal_shows_the_sweep_and_its_runs_in_80_columns(tmp_path):
    ours, theirs = pty.openpty()
    with shown_by(tmp_path, theirs) as process:
        os.close(theirs)
        received = b"".join(iter(lambda: read_or_end(ours), b""))
    os.close(ours)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", received.decode()).replace("\r", "\n")
    lines = [line.rstrip() for line in text.split("\n")]
    drawn = [line for line in lines if str(tmp_path) not in line]  # a path may be longer
    assert max(map(len, drawn)) <= 80
    assert "…" not in text
    assert re.search(r"run 0  he_normal seed=0 3/8 \S+ validation accuracy 0.8750", text)
    assert re.search(r"sweep +0/2 +\S+ +1 failed", text)
    assert "run 0  he_normal seed=0  failed (E: m)" in lines
    assert lines.count("a warning of another module") == 2
    assert "1 of 2 runs finished, 1 failed" in lines


@pytest.mark.slow
def test_case_sweeps_end_pipe_gets_one_line_per_run_and_no_tally_twice(tmp_path):
    with shown_by(tmp_path, subprocess.PIPE) as process:
        shown = process.communicate()[0].decode().splitlines()
    lines = [line for line in shown if not line.startswith("a warning")]
    assert lines == [
        f"2 runs into {tmp_path}",
        "run 0  he_normal seed=0  failed (E: m);  0 of 2 runs finished, 1 failed",
        (
            "run 1  glorot seed=1  completed  test 0.8000  validation 0.8000  2.0 s;  "
            "1 of 2 runs finished, 1 failed"
        ),
    ]
