"""From command to report: single runs, sweeps, failures and interruptions."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import pytest
from conftest import ROOT, command, train

from fmnist_exp import data, records
from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.report.sweeps import read_study

EXPERIMENTS = sorted(path.stem for path in (CONFIG_DIR / "experiment").glob("*.yaml"))
SINGLE_RUN_FILES = {
    "run.json",
    "history.csv",
    "predictions.npz",
    "confusion_matrix.csv",
    "classification_report.csv",
    "he_normal_model.keras",
    "figures/curves.png",
    "figures/confusion_matrix.png",
    "train.log",
    ".hydra/config.yaml",
}
REPORT_FILES = {"report.md", "runs.csv", "summary.csv", "summary.md", "summary.tex"}
LOAD_ELSEWHERE = """
import sys, warnings
import keras, numpy as np
warnings.simplefilter("error")
images, labels = (np.load(path) for path in sys.argv[2:])
model = keras.models.load_model(sys.argv[1])
assert "fmnist_exp" not in sys.modules
print(float((model.predict(images, verbose=0).argmax(1) == labels).mean()))
print(model.evaluate(images, labels, verbose=0)[1])
"""


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def accuracy_elsewhere(model_path, split, folder):
    """Accuracies that a process without this package measures on a saved model."""
    np.save(folder / "images.npy", split.images.astype("float32") / 255)
    np.save(folder / "labels.npy", split.labels)
    arguments = [model_path, folder / "images.npy", folder / "labels.npy"]
    result = command(
        "-W", "error", "-c", LOAD_ELSEWHERE, *arguments, cwd=folder, TF_CPP_MIN_LOG_LEVEL="3"
    )
    assert result.returncode == 0, result.stderr
    return [float(line) for line in result.stdout.split()]


def assert_complete_run(run_dir, split, folder):
    record = records.read_record(run_dir)
    assert record.status == "completed"
    for name, sha256 in record.artifacts.items():
        assert records.sha256_of(run_dir / name) == sha256
    model_path = run_dir / records.model_name(record.choices)
    for accuracy in accuracy_elsewhere(model_path, split, folder):
        assert accuracy == pytest.approx(record.metrics["test"]["accuracy"], abs=1e-4)
    return record


@pytest.mark.slow
def test_one_run_on_real_data_leaves_every_file(tmp_path):
    run_dir = tmp_path / "run"
    result = train("initializer=he_normal", "training.epochs=2", f"hydra.run.dir={run_dir}")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = {str(path.relative_to(run_dir)) for path in run_dir.rglob("*") if path.is_file()}
    assert found >= SINGLE_RUN_FILES
    assert not [name for name in found if ".tmp" in name]
    splits = data.load(data_config(run_dir))
    record = assert_complete_run(run_dir, splits.test, tmp_path)
    # Two epochs: above a linear classifier (0.842), below what any dense network has reached.
    assert 0.84 < record.metrics["test"]["accuracy"] < 0.91
    stored = np.load(run_dir / "predictions.npz")
    share = (stored["probabilities"].argmax(1) == splits.test.labels).mean()
    # float16 may turn a near tie of two classes; at most one image in a thousand.
    assert share == pytest.approx(record.metrics["test"]["accuracy"], abs=1e-3)
    np.testing.assert_array_equal(stored["labels"], splits.test.labels)
    assert stored["labels_sha256"] == data.sha256_of_arrays(splits.test.labels)
    counts = np.array(
        [list(row.values())[1:] for row in read_rows(run_dir / "confusion_matrix.csv")]
    )
    assert counts.astype(int).sum() == 10_000
    lines = [line for line in result.stdout.splitlines() if line.startswith("epoch")]
    assert len(lines) == 2


def data_config(run_dir):
    from fmnist_exp.config import DataConfig

    return DataConfig(**records.read_record(run_dir).config["data"])


@pytest.mark.slow
def test_regularized_model_slows_stops_and_restores_its_best_weights(tmp_path):
    """On a tenth of the data, so that it overfits soon."""
    run_dir = tmp_path / "run"
    small = ("data.num_train=6000", "data.num_test=1000", "initializer=he_normal")
    result = train("model=regularized", *small, f"hydra.run.dir={run_dir}")
    assert result.returncode == 0, result.stderr
    record = assert_complete_run(run_dir, data.load(data_config(run_dir)).test, tmp_path)
    history = read_rows(run_dir / "history.csv")
    losses = [float(row["validation_loss"]) for row in history]
    rates = [float(row["learning_rate"]) for row in history]
    assert len(history) == record.num_epochs < 100
    assert record.evaluated_epoch == record.best_epoch == len(history) - 5
    assert rates[-1] < rates[0]
    assert rates == sorted(rates, reverse=True)
    # metrics belong to the restored weights, in inference mode
    assert record.metrics["validation"]["loss"] == pytest.approx(min(losses), rel=1e-5)
    best = history[record.best_epoch - 1]
    assert record.metrics["train"]["accuracy"] > float(best["train_accuracy"])


def test_sweep_to_report_on_synthetic_images(tmp_path):
    sweep = tmp_path / "sweep"
    settings = ("data=synthetic", "training=smoke", "initializer=glorot,glorot_uniform,he,lecun")
    result = train("--multirun", *settings, f"hydra.sweep.dir={sweep}")
    assert result.returncode == 0, result.stderr
    report = command("scripts/aggregate.py", sweep)
    assert report.returncode == 0, report.stderr
    out = sweep / "report"
    assert {path.name for path in out.iterdir() if path.is_file()} == REPORT_FILES
    assert f"report: {out / 'report.md'}" in report.stdout
    assert [row["initializer"] for row in read_rows(out / "summary.csv")] == [
        "glorot_uniform",
        "he_normal",
        "lecun_normal",
    ]
    runs = read_rows(out / "runs.csv")
    assert runs[0]["test_accuracy"] == runs[1]["test_accuracy"]
    assert not (sweep / "0" / "figures").exists()
    for name in ("glorot", "he", "lecun"):
        assert list(sweep.glob(f"*/{name}_model.keras"))
    text = (out / "report.md").read_text()
    for figure in (out / "figures").glob("*.png"):
        assert f"figures/{figure.name}" in text


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_survives_smoke_training(experiment, tmp_path):
    shrink = ("data=synthetic", "training=smoke", "seed=range(2)")
    result = train(
        "--multirun", f"experiment={experiment}", *shrink, f"hydra.sweep.dir={tmp_path / 's'}"
    )
    assert result.returncode == 0, result.stderr
    study = read_study([tmp_path / "s"])
    assert set(study.table["status"]) == {"completed"}
    assert len(study.conditions) > 1


@pytest.mark.parametrize(
    "settings",
    [
        ["model.hidden=[64]"],
        ["model.activation=selu", "initializer=lecun"],
        ["optimizer=sgd", "optimizer.config.learning_rate=0.1"],
        ["optimizer=nesterov", "initializer=orthogonal"],
        ["data=digits", "initializer=variance_scaling"],
    ],
    ids=str,
)
def test_variations_run_to_a_report(settings, tmp_path):
    defaults = [] if "data=digits" in settings else ["data=synthetic"]
    run_dir = tmp_path / "run"
    result = train(*defaults, "training=smoke", *settings, f"hydra.run.dir={run_dir}")
    assert result.returncode == 0, result.stderr
    assert command("scripts/aggregate.py", run_dir).returncode == 0
    assert (run_dir / "report" / "figures" / "test_accuracy.png").exists()


def test_same_command_twice_gives_the_same_weights(tmp_path):
    hashes = []
    for name in ("a", "b"):
        train(
            "data=synthetic",
            "model=regularized",
            "training=smoke",
            f"hydra.run.dir={tmp_path / name}",
        )
        record = records.read_record(tmp_path / name)
        model = keras_weights(tmp_path / name / records.model_name(record.choices))
        hashes.append((record.run_key, record.metrics, model))
    assert hashes[0] == hashes[1]


def keras_weights(path):
    """The weights in a saved model, as bytes; the archive around them holds a date."""
    with (
        zipfile.ZipFile(path) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file,
    ):
        found = {}
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


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
    settings = ("--multirun", "data=synthetic", "training=smoke", "seed=range(4)")
    result = command("-c", FAILING, *settings, f"hydra.sweep.dir={sweep}")
    assert result.returncode != 0
    for number, call in ((1, 4), (2, 5)):
        line = f"failed: {sweep / str(number)}: RuntimeError: out of luck {call}"
        assert line in result.stderr
        record = records.read_record(sweep / str(number))
        assert record.status == "failed"
        assert f"out of luck {call}" in record.error["traceback"]
        assert record.num_epochs == len(read_rows(sweep / str(number) / "history.csv"))
    for number in (0, 3):
        assert records.read_record(sweep / str(number)).status == "completed"


def test_interrupted_run_says_so_and_ends_with_130(tmp_path):
    run_dir = tmp_path / "run"
    arguments = ["data=synthetic", "training.epochs=100000", f"hydra.run.dir={run_dir}"]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fmnist_exp.train", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().endswith("interrupted")
    assert "Traceback" not in errors
    record = records.read_record(run_dir)
    assert record.status == "interrupted"
    epochs = [int(row["epoch"]) for row in read_rows(run_dir / "history.csv")]
    assert epochs == list(range(1, record.num_epochs + 1))
    assert record.num_epochs > 0


@pytest.mark.parametrize("case", ["empty", "file", "unreadable"])
def test_aggregator_refuses_what_holds_no_runs(case, tmp_path):
    target = tmp_path / "target"
    if case == "file":
        target.write_text("")
    else:
        target.mkdir()
    if case == "unreadable":
        (target / "run.json").write_text("{")
    result = command("scripts/aggregate.py", target)
    assert result.returncode == 2
    assert str(target) in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "target" / "report").exists()


def test_record_holds_what_the_plan_says(tmp_path):
    train(
        "data=synthetic",
        "training=smoke",
        f"hydra.run.dir={tmp_path / 'r'}",
        HOME=os.environ["HOME"],
    )
    values = json.loads((tmp_path / "r" / "run.json").read_text())
    assert values["schema_version"] == records.SCHEMA_VERSION
    assert values["choices"]["initializer"] == "glorot_uniform"
    assert set(values["metrics"]) == {"train", "validation", "test"}
    assert {
        "git_commit",
        "git_dirty",
        "code_sha256",
        "data_sha256",
        "tensorflow",
        "cpu",
        "threads",
    } <= set(values["provenance"])
