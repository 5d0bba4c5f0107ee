"""One run: every file of its directory, and what they say."""

import json
import re

import numpy as np
import pytest
from conftest import command, read_rows
from conftest import train as give_command

from fmnist_exp import files, train
from fmnist_exp.config.schema import DataConfig, ExecutionConfig
from fmnist_exp.data import loading
from fmnist_exp.engine.backend import keras
from fmnist_exp.errors import RecordError
from fmnist_exp.report.charts import run_charts
from fmnist_exp.run import runner
from fmnist_exp.rundir import records

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


def accuracies_elsewhere(run_dir, split, folder):
    """What a process without this package measures on the saved model, in two ways."""
    np.save(folder / "images.npy", split.images.astype("float32") / 255)
    np.save(folder / "labels.npy", split.labels)
    arguments = [model_of(run_dir), folder / "images.npy", folder / "labels.npy"]
    result = command(
        "-W", "error", "-c", LOAD_ELSEWHERE, *arguments, cwd=folder, TF_CPP_MIN_LOG_LEVEL="3"
    )
    assert result.returncode == 0, result.stderr
    return [float(line) for line in result.stdout.split()]


def model_of(run_dir):
    return run_dir / records.model_name(records.read_record(run_dir).config)


def record_of_complete_run(run_dir):
    record = records.read_record(run_dir)
    assert record.status == "completed"
    for name, sha256 in record.artifacts.items():
        assert files.sha256_of(run_dir / name) == sha256
    return record


@pytest.mark.slow
def test_one_run_on_real_data_leaves_every_file(tmp_path):
    run_dir = tmp_path / "run"
    result = give_command("initializer=he_normal", "training.epochs=2", f"hydra.run.dir={run_dir}")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = {str(path.relative_to(run_dir)) for path in run_dir.rglob("*") if path.is_file()}
    assert found >= SINGLE_RUN_FILES
    assert not [name for name in found if ".tmp" in name]
    splits = loading.load(data_config(run_dir))
    record = record_of_complete_run(run_dir)
    measured = pytest.approx(record.metrics["test"]["accuracy"], abs=1e-4)
    assert accuracies_elsewhere(run_dir, splits.test, tmp_path) == [measured, measured]
    # Two epochs: above a linear classifier (0.842), below what any dense network has reached.
    assert 0.84 < record.metrics["test"]["accuracy"] < 0.91
    stored = np.load(run_dir / "predictions.npz")
    share = (stored["probabilities"].argmax(1) == splits.test.labels).mean()
    # float16 may turn a near tie of two classes; at most one image in a thousand.
    assert share == pytest.approx(record.metrics["test"]["accuracy"], abs=1e-3)
    np.testing.assert_array_equal(stored["labels"], splits.test.labels)
    counts = np.array(
        [list(row.values())[1:] for row in read_rows(run_dir / "confusion_matrix.csv")]
    )
    assert counts.astype(int).sum() == 10_000
    lines = [line for line in result.stdout.splitlines() if line.startswith("epoch")]
    assert len(lines) == 2


def data_config(run_dir):
    return DataConfig(**records.read_record(run_dir).config["data"])


@pytest.mark.slow
def test_regularized_model_slows_stops_and_restores_its_best_weights(tmp_path, train_here):
    """On a tenth of the data, so that it overfits soon."""
    run_dir = tmp_path / "run"
    small = ("data.num_train=6000", "data.num_test=1000", "initializer=he_normal")
    ended = train_here("model=regularized", *small, f"hydra.run.dir={run_dir}")
    assert ended.status == 0, ended.err
    record = record_of_complete_run(run_dir)
    test = loading.load(data_config(run_dir)).test
    loaded = keras.models.load_model(model_of(run_dir))
    _, accuracy = loaded.evaluate(test.images.astype("float32") / 255, test.labels, verbose=0)
    assert accuracy == pytest.approx(record.metrics["test"]["accuracy"], abs=1e-4)
    assert keras.saving.get_custom_objects() == {}  # nothing that another process would lack
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


def test_record_holds_what_the_plan_says(tmp_path, tiny_config):
    choices = {"initializer": "glorot_uniform"}
    runner.run(tiny_config("training.epochs=1"), tmp_path, choices)
    values = json.loads((tmp_path / "run.json").read_text())
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


def test_interrupted_run_says_so_and_goes_on_after_its_saved_epochs(tmp_path, tiny_config, caplog):
    config = tiny_config("training.epochs=4")
    how = ExecutionConfig(store=str(tmp_path / "runs"), checkpoint_seconds=0)

    def stop(row, num_saved):
        if row.epoch == 3:
            raise KeyboardInterrupt

    with caplog.at_level("DEBUG"), pytest.raises(KeyboardInterrupt):
        runner.run(config, tmp_path / "a", {}, how, on_epoch=stop)
    assert "interrupted" in caplog.messages
    told = []
    runner.run(config, tmp_path / "a", {}, how, on_epoch=lambda row, n: told.append((row.epoch, n)))
    assert told == [(1, 2), (2, 2), (3, 0), (4, 0)]
    assert len(read_rows(tmp_path / "a" / records.HISTORY)) == 4


def test_run_in_the_place_of_another_leaves_none_of_its_files(tmp_path, tiny_config):
    for name, epochs in (("he", 2), ("lecun", 1)):
        config = tiny_config(f"initializer={name}", f"training.epochs={epochs}")
        runner.run(config, tmp_path, {"initializer": name})
    assert [path.name for path in tmp_path.glob("*.keras")] == ["lecun_model.keras"]
    assert len(read_rows(tmp_path / "history.csv")) == 1


def test_files_of_others_in_a_run_directory_stay(tmp_path, tiny_config):
    (tmp_path / "figures").mkdir()
    others = [tmp_path / "other_model.keras", tmp_path / "figures" / "paper.png"]
    for path in others:
        path.write_text("not ours")
    runner.run(tiny_config("training.epochs=1"), tmp_path, {"initializer": "he"})
    assert [path.read_text() for path in others] == ["not ours", "not ours"]


@pytest.mark.parametrize("error", [RuntimeError("no such font\nat all"), ImportError("broken")])
def test_case_21b_figure_that_cannot_be_drawn_is_a_warning(
    error, tmp_path, tiny_config, caplog, monkeypatch
):
    def draw(run_dir):
        raise error

    runner.run(tiny_config("training.epochs=1"), tmp_path, {"initializer": "he"})
    monkeypatch.setattr(run_charts, "confusion_of", draw)
    train.draw_figures(tmp_path)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["curves.png"]
    (warning,) = caplog.messages
    kind = type(error).__name__
    assert f"figures/confusion_matrix.png is left out, as it cannot be drawn ({kind}" in warning
    assert "\n" not in warning


@pytest.mark.parametrize(("path", "is_folder"), [("history.csv", True), ("figures", False)])
def test_what_is_in_the_way_of_a_run_is_named_and_recorded(path, is_folder, tmp_path, tiny_config):
    in_the_way = tmp_path / path
    in_the_way.mkdir() if is_folder else in_the_way.touch()
    problem = (
        f"{'Is' if is_folder else 'Not'} a directory. The directory must be .* nothing in the way"
    )
    with pytest.raises(RecordError, match=rf"cannot write {in_the_way}.*: {problem}"):
        runner.run(tiny_config(), tmp_path, {})
    record = records.read_record(tmp_path)
    assert record.status == "failed"
    assert re.search(problem, record.error["message"])
