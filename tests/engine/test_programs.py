"""Runs of one architecture share one compiled program, and no run sees another's traces."""

import dataclasses
import weakref

import numpy as np
import pytest

from fmnist_exp.config.keras_arguments import NOT_FROM_CONFIG
from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.data import loading
from fmnist_exp.engine import programs, training
from fmnist_exp.engine.backend import keras, tf

OPTIMIZERS = sorted(keras_classes("optimizers").keys() - NOT_FROM_CONFIG["optimizers"])


def test_shared_program_gives_the_bits_of_a_new_one(tiny_config):
    config = tiny_config("model=regularized")
    splits = loading.load(config.data)
    training.fit(tiny_config("model=regularized", "seed=5", "initializer=he"), splits)
    shared = training.fit(config, splits).model.get_weights()
    programs._programs.clear()
    again = training.fit(config, splits).model.get_weights()
    for ours, theirs in zip(shared, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_runs_of_one_architecture_share_one_program(tiny_config):
    programs._programs.clear()
    splits = loading.load(tiny_config().data)
    for overrides in (
        ["seed=1"],
        ["initializer=he"],
        ["optimizer.config.learning_rate=0.1"],
        ["training.epochs=3"],
    ):
        training.fit(tiny_config(*overrides), splits)
    assert len(programs._programs) == 1


def test_runs_with_different_schedules_and_rates_share_one_program(tiny_config):
    """And the second starts where its own schedule does."""
    programs._programs.clear()
    splits = loading.load(tiny_config().data)
    rates = []
    for schedule in (
        "CosineDecay,config:{warmup_epochs:1}",
        "ExponentialDecay,config:{decay_rate:0.1}",
    ):
        for rate in (0.1, 0.001):
            overrides = (f"training.schedule={{class_name:{schedule}}}", "training.epochs=3")
            config = tiny_config(*overrides, f"optimizer.config.learning_rate={rate}")
            rates.append([row.learning_rate for row in training.fit(config, splits).history])
    assert len(programs._programs) == 1
    assert np.array(rates[0]) == pytest.approx(100 * np.array(rates[1]), rel=1e-5)
    steps = np.array([4, 8, 12]) - 1  # the last ones of the epochs, of 160 images in batches of 48
    assert rates[3] == pytest.approx(0.001 * 0.1 ** (steps / 12), rel=1e-5)


def test_programs_of_a_sweep_share_their_images(tiny_config):
    splits = loading.load(tiny_config().data)
    configs = [tiny_config("augmentation=mirror", f"model.hidden=[{width}]") for width in (3, 5)]
    first, second = (programs.shared_program(each, splits).trainer for each in configs)
    assert first.train_images is second.train_images
    assert first.constants()[0] is second.constants()[0]


def test_program_beyond_the_limit_is_dropped_and_gives_its_memory_back(tiny_config, monkeypatch):
    monkeypatch.setattr(programs, "MAX_PROGRAMS", 2)
    splits = loading.load(tiny_config().data)
    programs._programs.clear()
    training.fit(tiny_config("model.hidden=[77]", "training.epochs=1"), splits)
    first = weakref.ref(next(iter(programs._programs.values())).trainer)
    for width in range(2, 2 + programs.MAX_PROGRAMS):
        training.fit(tiny_config(f"model.hidden=[{width}]", "training.epochs=1"), splits)
    assert len(programs._programs) == programs.MAX_PROGRAMS
    assert first() is None


def test_equal_data_read_twice_share_one_program(tiny_config):
    programs._programs.clear()
    splits = loading.load(tiny_config().data)
    training.fit(tiny_config(), splits)
    training.fit(tiny_config(), dataclasses.replace(splits))
    assert len(programs._programs) == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_optimizer_carries_state_into_the_next_run(tiny_config, optimizer, eager):
    """What is put back between two runs is the same with compiled code, which takes far longer."""
    named = (f"optimizer.name={optimizer}", f"optimizer.class_name={optimizer}")
    config = tiny_config(*named, "training.epochs=2")
    splits = loading.load(config.data)
    programs._programs.clear()
    first, again = (training.fit(config, splits).model.get_weights() for _ in range(2))
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def weights_after_a_step(optimizer, *, jit_compile):
    weights = keras.Variable(np.ones((3, 2), np.float32))
    gradient = tf.reshape(tf.range(1.0, 7.0), (3, 2))
    tried = getattr(keras.optimizers, optimizer)(learning_rate=0.1)
    tried.build([weights])
    tf.function(lambda: tried.apply([gradient], [weights]), jit_compile=jit_compile)()
    return weights.numpy()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_xla_compiles_every_optimizer(optimizer):
    """To the step that Keras makes without compiling, within a hundred roundings of float32."""
    compiled, plain = (weights_after_a_step(optimizer, jit_compile=each) for each in (True, False))
    assert (plain != 1).all()
    np.testing.assert_allclose(compiled, plain, rtol=1e-5)
