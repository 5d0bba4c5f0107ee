"""Runs that break or are stopped leave a truthful record, and spoil only themselves."""

import signal
import subprocess
import sys

from conftest import ROOT, command, read_rows, train

from fmnist_exp import records


def test_diverged_run_is_a_result(tmp_path):
    settings = ("data=synthetic", "training=smoke", "optimizer=sgd")
    run_dir = tmp_path / "run"
    result = train(*settings, "optimizer.config.learning_rate=1e30", f"hydra.run.dir={run_dir}")
    assert result.returncode == 0, result.stderr
    assert "diverged" in result.stdout
    record = records.read_record(run_dir)
    assert record.status == "diverged"
    report = command("scripts/aggregate.py", run_dir)
    assert report.returncode == 0, report.stderr
    assert "1 run" in report.stdout
    assert "diverged" in report.stdout


NO_ANSWER = """
import numpy as np
from fmnist_exp import prediction, train
real = prediction.predict_probabilities
prediction.predict_probabilities = lambda *arguments: np.full_like(real(*arguments), np.nan)
train.main()
"""


def test_run_whose_answers_are_not_finite_has_diverged(tmp_path):
    settings = ("data=synthetic", "training=smoke", f"hydra.run.dir={tmp_path / 'run'}")
    result = command("-c", NO_ANSWER, *settings)
    assert result.returncode == 0, result.stderr
    record = records.read_record(tmp_path / "run")
    assert record.status == "diverged"
    assert record.metrics["test"]["loss"] is None


FAILING = """
import sys
from fmnist_exp import evaluation, train
real = evaluation.loss
def fail_sometimes(probabilities, labels):
    fail_sometimes.calls += 1
    if fail_sometimes.calls in (4, 5):  # the first measurement of the second and third run
        raise RuntimeError(f"out of luck {fail_sometimes.calls}")
    return real(probabilities, labels)
fail_sometimes.calls = 0
evaluation.loss = fail_sometimes
train.main()
"""


def test_failed_runs_spoil_only_themselves_and_are_all_named(tmp_path):
    sweep = tmp_path / "sweep"
    settings = ("--multirun", "data=synthetic", "training=smoke", "seed=range(4)", "reuse=false")
    result = command("-c", FAILING, *settings, f"hydra.sweep.dir={sweep}")
    assert result.returncode != 0
    for number, call in ((1, 4), (2, 5)):
        line = f"failed (RuntimeError: out of luck {call}): {sweep / str(number)}"
        assert line in result.stderr
        assert "repeat it: python -m fmnist_exp.train data=synthetic" in result.stderr
        record = records.read_record(sweep / str(number))
        assert record.status == "failed"
        assert f"out of luck {call}" in record.error["traceback"]
        assert record.num_epochs == len(read_rows(sweep / str(number) / "history.csv"))
    for number in (0, 3):
        assert records.read_record(sweep / str(number)).status == "completed"


def stopped_by(number, arguments):
    """Exit status and standard error of a training process that gets a signal after 5 epochs."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fmnist_exp.train", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("epoch") and int(line.split()[1].split("/")[0]) >= 5:
            break
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_interrupted_run_says_so_and_ends_with_130(tmp_path):
    run_dir = tmp_path / "run"
    arguments = ["data=synthetic", "training.epochs=100000", "reuse=false"]
    arguments += [f"hydra.run.dir={run_dir}"]
    status, errors = stopped_by(signal.SIGINT, arguments)
    assert status == 130
    assert errors.strip().endswith("interrupted")
    assert "Traceback" not in errors
    record = records.read_record(run_dir)
    assert record.status == "interrupted"
    epochs = [int(row["epoch"]) for row in read_rows(run_dir / "history.csv")]
    assert epochs == list(range(1, record.num_epochs + 1))
    assert record.num_epochs > 0


LEAVING = """
import sys
from fmnist_exp import evaluation, train
real = evaluation.loss
def leave_once(probabilities, labels):
    leave_once.calls += 1
    if leave_once.calls == 4:  # the first measurement of the second run
        sys.exit(3)
    return real(probabilities, labels)
leave_once.calls = 0
evaluation.loss = leave_once
train.main()
"""


def test_run_that_calls_sys_exit_fails_alone(tmp_path):
    sweep = tmp_path / "sweep"
    settings = ("--multirun", "data=synthetic", "training=smoke", "seed=range(3)")
    outputs = (f"hydra.sweep.dir={sweep}", f"store={tmp_path / 'runs'}")
    result = command("-c", LEAVING, *settings, *outputs)
    assert result.returncode == 1
    assert f"failed (SystemExit: 3): {sweep / '1'}" in result.stderr
    statuses = [records.read_record(sweep / str(number)).status for number in range(3)]
    assert statuses == ["completed", "failed", "completed"]
    assert records.read_record(sweep / "1").error["type"] == "SystemExit"


def test_terminated_run_says_so_and_goes_on_when_asked_again(tmp_path):
    arguments = ["data=synthetic", "training.epochs=300", "checkpoint_seconds=0"]
    arguments += [f"store={tmp_path / 'runs'}", f"hydra.run.dir={tmp_path / 'run'}"]
    status, errors = stopped_by(signal.SIGTERM, arguments)
    assert status == 143
    assert errors.strip().endswith("terminated")
    assert records.read_record(tmp_path / "run").status == "interrupted"
    before = read_rows(tmp_path / "run" / "history.csv")
    again = train(*arguments)
    assert again.returncode == 0, again.stderr
    after = read_rows(tmp_path / "run" / "history.csv")
    assert len(after) == 300
    assert after[:4] == before[:4]  # seconds and all: they were read, times never repeat
