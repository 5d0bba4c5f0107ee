"""The fault catalogue, part A: runs that break, and processes that are killed or stopped.

Each leaves a truthful state, spoils only itself, and the same command ends as if nothing had
happened. A01 and the two sweeps of A09 are in test_unlosable.py, A03, A04 and A06 in
test_checkpoints.py, A05 and A10 in test_store.py.
"""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import termios
import threading
import time

import numpy as np
import pytest
from conftest import ROOT, command, read_rows
from study import write_run

from fmnist_exp.aggregate import aggregate
from fmnist_exp.engine import models
from fmnist_exp.locks import FIRST_WAIT
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.rundir import records
from fmnist_exp.rundir.presence import MARK, state_without_record, working_in


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["store", "alone"])
def test_A02_killed_before_any_step_of_any_save_the_sweep_ends_the_same(kind, tmp_path):
    """Checkpoints, artifacts, records, every link into the store and the move to its place."""
    tests = f"{ROOT}:{ROOT / 'tests'}"
    result = command("tests/kill_steps.py", tmp_path / "killed", kind, PYTHONPATH=tests)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["problems"] == {}
    assert found["steps"] > (80 if kind == "store" else 40)


SPOILT = """
import os, signal, sys
import numpy as np
from fmnist_exp import train
from fmnist_exp.engine import training
real = training.fit
def fit(config, splits, on_epoch, checkpoint, on_start):
    if config.seed == 3:
        np.empty(2**60, np.uint8)  # no machine has so much memory
    if config.seed == 5:
        hopeless = config.optimizer.config | {"learning_rate": 1e30}
        config = config.replaced(optimizer=config.optimizer.replaced(config=hopeless))
    if config.seed == 7:
        sys.exit(3)
    def killed_in_epoch_2(row):
        on_epoch(row)
        before = os.environ["KILLED_BEFORE"]
        if row.epoch == 2 and config.seed == 9 and not os.path.exists(before):
            os.mkdir(before)
            os.kill(os.getpid(), signal.SIGKILL)
    return real(config, splits, killed_in_epoch_2, checkpoint, on_start)
training.fit = fit
train.main()
"""


@pytest.mark.slow
def test_A07_four_runs_that_end_badly_spoil_only_themselves(tmp_path, train_here, undrawn):
    """One out of memory, one diverging, one calling sys.exit(3), one killed: acceptance 4."""
    sweep, store = tmp_path / "sweep", tmp_path / "runs"
    settings = (
        *("data=synthetic", "model.hidden=[16]", "training=smoke"),
        *("engine=xla", "checkpoint_seconds=0"),
    )
    outputs = (f"hydra.sweep.dir={sweep}", f"store={store}")
    spoilt = ("-c", SPOILT, "--multirun", *settings, "seed=range(10)", *outputs)
    once = {"KILLED_BEFORE": str(tmp_path / "killed")}
    assert command(*spoilt, **once).returncode == -signal.SIGKILL
    report = aggregate([sweep], tmp_path / "report")
    for sentence in (
        "1 run diverged: sweep/5",
        "2 runs failed: sweep/3, sweep/7",
        "1 run unfinished: sweep/9 (interrupted: its process is gone)",
    ):
        assert sentence in report
    first = {n: records.read_record(sweep / str(n)) for n in range(9)}

    again = command(*spoilt, **once)
    assert again.returncode == 1
    assert "failed (MemoryError: Unable to allocate 1.00 EiB" in again.stderr
    assert f"failed (SystemExit: 3): {sweep / '7'}" in again.stderr
    assert again.stderr.count("repeat it: python -m fmnist_exp.train data=synthetic") == 2
    second = {n: records.read_record(sweep / str(n)) for n in range(10)}
    trained = [n for n, record in second.items() if not record.reused]
    assert trained == [3, 7, 9]
    assert {second[n].status for n in (3, 7)} == {"failed"}
    assert second[5].status == "diverged"
    for number in (0, 1, 2, 4, 6, 8):
        assert second[number].metrics == first[number].metrics

    into = f"hydra.sweep.dir={tmp_path / 'w'}"
    whole = train_here("--multirun", *settings, "seed=range(10)", into)
    assert whole.status == 0, whole.err
    for number in (0, 1, 2, 4, 6, 8, 9):
        undisturbed = records.read_record(tmp_path / "w" / str(number))
        assert undisturbed.metrics == second[number].metrics


@pytest.mark.slow
def test_run_whose_answers_are_not_finite_has_diverged(tmp_path, train_here, monkeypatch):
    def no_answer(*arguments):
        return np.full_like(real(*arguments), np.nan)

    real = models.predict_probabilities
    monkeypatch.setattr(models, "predict_probabilities", no_answer)
    ended = train_here("data=synthetic", "training=smoke", f"hydra.run.dir={tmp_path / 'run'}")
    assert ended.status == 0, ended.err
    record = records.read_record(tmp_path / "run")
    assert record.status == "diverged"
    assert record.metrics["test"]["loss"] is None


def stopped_by(number, arguments):
    """Exit status and standard error of a training process that gets a signal after 5 epochs."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fmnist_exp.train", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start what runs in the background deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for line in process.stdout:
        if line.startswith("epoch") and int(line.split()[1].split("/")[0]) >= 5:
            break
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, errors


@pytest.mark.slow
def test_A07_interrupted_run_says_so_and_ends_with_130(tmp_path):
    run_dir = tmp_path / "run"
    arguments = ["data=synthetic", "training.epochs=100000", "reuse=false"]
    arguments += [f"hydra.run.dir={run_dir}"]
    status, errors = stopped_by(signal.SIGINT, arguments)
    assert status == 130
    assert errors.endswith("to finish the run, give the same command again\ninterrupted\n")
    assert "Traceback" not in errors
    record = records.read_record(run_dir)
    assert record.status == "interrupted"
    epochs = [int(row["epoch"]) for row in read_rows(run_dir / "history.csv")]
    assert epochs == list(range(1, record.num_epochs + 1))
    assert record.num_epochs > 0


@pytest.mark.slow
def test_A07_terminated_run_says_so_and_goes_on_when_asked_again(tmp_path, train_here):
    arguments = ["data=synthetic", "training.epochs=100", "checkpoint_seconds=0"]
    arguments += [f"store={tmp_path / 'runs'}", f"hydra.run.dir={tmp_path / 'run'}"]
    status, errors = stopped_by(signal.SIGTERM, arguments)
    assert status == 143
    assert errors.strip().endswith("terminated")
    assert records.read_record(tmp_path / "run").status == "interrupted"
    before = read_rows(tmp_path / "run" / "history.csv")
    again = train_here(*arguments)
    assert again.status == 0, again.err
    after = read_rows(tmp_path / "run" / "history.csv")
    assert len(after) == 100
    assert after[:4] == before[:4]  # seconds and all: they were read, times never repeat


HUNG_UP = """
import sys, time
from pathlib import Path
from fmnist_exp import train
def carry_out(options):
    folder = Path(sys.argv[1])
    (folder / "begun").touch()
    while not (folder / "closed").exists():
        time.sleep(0.01)
    time.sleep(0.2)
    (folder / "ended").touch()
    return []
train.read_arguments = lambda arguments: None
train._carry_out = carry_out
train.main()
"""


@pytest.mark.parametrize(
    ("answer", "status"), [(signal.SIG_DFL, 129), (signal.SIG_IGN, 0)], ids=["plain", "nohup"]
)
def test_A07_closed_terminal_ends_a_command_unless_nohup_was_asked_for(answer, status, tmp_path):
    def on_a_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, answer)

    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", HUNG_UP, tmp_path],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=on_a_terminal,
    )
    os.close(theirs)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.close(ours)
    (tmp_path / "closed").touch()
    assert process.wait(60) == status
    assert (tmp_path / "ended").exists() == (status == 0)


HOLDING = """
import sys
from pathlib import Path
from fmnist_exp.rundir.presence import working_in
with working_in(Path(sys.argv[1]), wait=False):
    print("here", flush=True)
    sys.stdin.read()
"""


def holding(folder):
    """A process that works in a folder until it is killed or its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "here\n"
    return process


def test_A08_killed_run_is_told_from_one_that_lives(tmp_path):
    write_run(tmp_path / "s" / "0")
    run_dir = tmp_path / "s" / "1"
    (run_dir / ".hydra").mkdir(parents=True)
    without = "s/1 (ended without a record; its log may say why)"
    assert read_study([tmp_path / "s"]).unfinished == (without,)
    with holding(run_dir) as process:
        assert read_study([tmp_path / "s"]).unfinished == ("s/1 (running)",)
        process.kill()
    seen = read_study([tmp_path / "s"]).unfinished
    assert seen == ("s/1 (interrupted: its process is gone)",)
    with working_in(run_dir, wait=False):
        assert state_without_record(run_dir) == "running"
    assert not (run_dir / MARK).exists()


@pytest.mark.slow
def test_A09_second_sweep_in_a_directory_is_refused(tmp_path, train_here):
    with holding(tmp_path / "sweep") as process:
        ended = train_here("--multirun", "data=synthetic", f"hydra.sweep.dir={tmp_path / 'sweep'}")
        process.communicate()
    assert ended.status == 2
    in_use = f"RecordError: another process works in {tmp_path / 'sweep'}. Wait for it"
    assert in_use in ended.err
    assert list((tmp_path / "sweep").iterdir()) == []


def test_A09_second_run_in_a_directory_waits(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with holding(tmp_path) as process:
        threading.Timer(2 * FIRST_WAIT, process.stdin.close).start()
        with working_in(tmp_path, wait=True):
            assert process.wait() == 0
    assert f"another process works in {tmp_path}: waiting for it" in caplog.text
