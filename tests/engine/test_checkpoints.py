"""A run that goes on from its last saved state ends with the bits of one never stopped."""

import dataclasses
import functools
import json
import logging
import random

import numpy as np
import pytest
from conftest import FIELD, config_of

from fmnist_exp.config.keras_arguments import NOT_FROM_CONFIG
from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.data import loading
from fmnist_exp.engine import checkpoints, training
from fmnist_exp.engine.backend import keras
from fmnist_exp.engine.checkpoints import Checkpointer
from fmnist_exp.errors import RecordError

STOPPING = "{class_name:EarlyStopping,config:{patience:4,restore_best_weights:true}}"
PLATEAU = "{class_name:ReduceLROnPlateau,config:{patience:1,factor:0.5,cooldown:1}}"
CALLBACKS = (f"+training.callbacks.stop={STOPPING}", f"+training.callbacks.plateau={PLATEAU}")


class Killed(Exception):
    """Stands for the end of the process."""


def killed_after(num_epochs):
    """An `on_epoch` that ends the run in the middle of the epoch after `num_epochs`."""

    def on_epoch(row):
        if row.epoch > num_epochs:
            raise Killed

    return on_epoch


@pytest.fixture
def config(tiny_config):
    """The regularized layers, an optimizer with state, callbacks with state; stops early."""
    rate = "optimizer.config.learning_rate=0.02"
    layers = ("model.batch_normalization=true", "model.dropout=0.3")
    return tiny_config(*layers, rate, "training.epochs=80", *CALLBACKS)


@pytest.fixture
def regularized():
    """The regularized model with its own recipe, on few images, at a rate that makes it stop."""
    few = ("data=synthetic", "data.num_train=400", "data.num_test=50")
    return config_of(*few, "model=regularized", "optimizer.config.learning_rate=0.01")


def without_times(history):
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in history]


@pytest.mark.slow
def test_A06_regularized_model_killed_at_three_random_epochs_ends_with_the_same_bits(
    regularized, tmp_path, run_seed
):
    epochs = sorted(random.Random(run_seed).sample(range(1, 9), 3))
    _check_resumed(regularized, epochs, tmp_path)


@pytest.mark.parametrize("epochs", [[1], [2, 2, 9]])
def test_A06_resumed_run_ends_with_the_same_bits(config, epochs, tmp_path):
    _check_resumed(config, epochs, tmp_path)


def test_resumed_run_with_all_that_the_field_uses_ends_with_the_same_bits(tiny_config, tmp_path):
    _check_resumed(tiny_config(*FIELD, "training.epochs=6"), [1, 3], tmp_path)


def _check_resumed(config, epochs, tmp_path):
    splits = loading.load(config.data)
    whole = training.fit(config, splits)
    weights = whole.model.get_weights()
    assert epochs[-1] < len(whole.history)
    checkpointer = Checkpointer(tmp_path / "state.npz", seconds=0)
    for num_epochs in epochs:
        with pytest.raises(Killed):
            training.fit(config, splits, killed_after(num_epochs), checkpointer)
        assert checkpointer.path.exists()
    resumed = training.fit(config, splits, checkpointer=checkpointer)
    for ours, theirs in zip(resumed.model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert without_times(resumed.history) == without_times(whole.history)
    assert resumed.evaluated_epoch == whole.evaluated_epoch


def test_resumed_run_does_not_train_its_epochs_again(config, tmp_path):
    splits = loading.load(config.data)
    checkpointer = Checkpointer(tmp_path / "state.npz", seconds=0)
    with pytest.raises(Killed):
        training.fit(config, splits, killed_after(5), checkpointer)
    seconds = [
        row.seconds for row in training.fit(config, splits, checkpointer=checkpointer).history
    ]
    again = [row.seconds for row in training.fit(config, splits, checkpointer=checkpointer).history]
    assert seconds[:5] == again[:5]  # times never repeat, unless they were read


def test_state_is_saved_no_more_often_than_asked(config, tmp_path):
    checkpointer = Checkpointer(tmp_path / "state.npz", seconds=3600)
    training.fit(config, loading.load(config.data), checkpointer=checkpointer)
    assert not checkpointer.path.exists()


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "other", "torn"])
def test_A03_A04_damaged_state_is_reported_and_begun_anew(config, damage, tmp_path, caplog):
    splits = loading.load(config.data)
    checkpointer = Checkpointer(tmp_path / "state.npz", seconds=0)
    with pytest.raises(Killed):
        training.fit(config, splits, killed_after(4), checkpointer)
    content = checkpointer.path.read_bytes()
    half = len(content) // 2
    damaged = {"empty": b"", "cut": content[:half], "noise": b"\0" * 999}
    damaged["torn"] = _state_after(3, config, tmp_path)[:half] + content[half:]
    if damage == "other":
        np.savez(checkpointer.path, state=np.array("{}"))
    else:
        checkpointer.path.write_bytes(damaged[damage])
    with caplog.at_level(logging.WARNING):
        result = training.fit(config, splits, checkpointer=Checkpointer(checkpointer.path, 3600))
    assert "is damaged; the run begins anew" in caplog.text
    assert result.history[0].epoch == 1
    assert len(result.history) > 10


def _state_after(num_epochs, config, folder):
    checkpointer = Checkpointer(folder / "earlier.npz", seconds=0)
    with pytest.raises(Killed):
        training.fit(config, loading.load(config.data), killed_after(num_epochs), checkpointer)
    return checkpointer.path.read_bytes()


@pytest.mark.parametrize(
    "problem", [RecordError, TypeError], ids=["no space", "callback of another Keras"]
)
def test_case_17_state_that_cannot_be_written_costs_no_run(
    tiny_config, tmp_path, monkeypatch, caplog, problem
):
    def full(*arguments):
        raise problem("cannot write it")

    monkeypatch.setattr(Checkpointer, "write", full)
    config = tiny_config("training.epochs=4")
    checkpointer = Checkpointer(tmp_path / "state.npz", seconds=0)
    assert (
        len(training.fit(config, loading.load(config.data), checkpointer=checkpointer).history) == 4
    )
    assert caplog.text.count("no state of this run is saved any more: cannot write it") == 1


CALLBACK_NAMES = sorted(keras_classes("callbacks").keys() - NOT_FROM_CONFIG["callbacks"])


@pytest.mark.parametrize("name", CALLBACK_NAMES)
def test_state_of_every_accepted_callback_can_be_saved(name):
    callback, arrays = getattr(keras.callbacks, name)(), []
    as_text = functools.partial(checkpoints._place_of, arrays)
    assert isinstance(json.dumps(checkpoints.learned(callback), default=as_text), str)
