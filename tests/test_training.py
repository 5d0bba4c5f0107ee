"""One compiled step per epoch trains exactly what the plain Keras loop trains."""

import itertools

import numpy as np
import pytest
from conftest import config_of

from fmnist_exp import data, training
from fmnist_exp.backend import keras, tf
from fmnist_exp.models import build_model
from fmnist_exp.seeding import child_generator


@pytest.fixture
def float64():
    """Rounding grows chaotically in float32; in float64 two equal programs stay together."""
    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)  # Keras keeps the first policy it was asked for
        if dtype == "float64":
            yield


def fresh_model(config, splits):
    return build_model(
        config.model,
        config.initializer,
        seed=config.seed,
        num_pixels=splits.train.images.shape[1],
        num_classes=len(splits.class_names),
    )


def reference_epoch(config, splits):
    """An epoch of Keras's own `train_on_batch`, in the order that the engine visits."""
    model = fresh_model(config, splits)
    model.compile(
        optimizer=getattr(keras.optimizers, config.optimizer.class_name)(**config.optimizer.config),
        loss="sparse_categorical_crossentropy",
    )
    size = config.training.batch_size
    order = child_generator(config.seed, "order").permutation(len(splits.train))
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        images = splits.train.images[batch].astype("float64") / 255
        model.train_on_batch(images, splits.train.labels[batch])
    return model


def assert_same_weights(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["baseline", "regularized"])
def test_epoch_equals_plain_keras_in_float64(name, float64):
    """8,040 real images: 8,040 % 128 = 104 and 8,040 % 64 = 40, so the last batch is ragged."""
    shrink = ("data.num_train=10050", "training.epochs=1", "model.dropout=0")
    config = config_of(f"model={name}", "initializer=he_normal", *shrink)
    splits = data.load(config.data)
    assert len(splits.train) % config.training.batch_size != 0
    engine = training.fit(config, splits).model.get_weights()
    reference = reference_epoch(config, splits).get_weights()
    for ours, theirs in zip(engine, reference, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


def test_ragged_last_batch_is_trained_on(tiny_config, float64):
    """160 images in batches of 48: without the last 16, the weights would differ."""
    config = tiny_config("training.epochs=1")
    splits = data.load(config.data)
    engine = training.fit(config, splits).model.get_weights()
    reference = reference_epoch(config, splits).get_weights()
    for ours, theirs in zip(engine, reference, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("model", ["baseline", "regularized"])
def test_same_seed_gives_the_same_bits_and_another_seed_does_not(tiny_config, model):
    """Also after another run has used the shared program in between."""
    config, other = (tiny_config(f"model={model}", f"seed={seed}") for seed in (0, 1))
    splits = data.load(config.data)
    first, between, again = (
        training.fit(c, splits).model.get_weights() for c in (config, other, config)
    )
    assert_same_weights(first, again)
    assert not np.array_equal(first[0], between[0])


def test_shared_program_gives_the_bits_of_a_new_one(tiny_config):
    config = tiny_config("model=regularized")
    splits = data.load(config.data)
    training.fit(tiny_config("model=regularized", "seed=5", "initializer=he"), splits)
    shared = training.fit(config, splits).model.get_weights()
    training._programs.clear()
    assert_same_weights(shared, training.fit(config, splits).model.get_weights())


def test_runs_of_one_architecture_share_one_program(tiny_config):
    training._programs.clear()
    splits = data.load(tiny_config().data)
    for overrides in (
        ["seed=1"],
        ["initializer=he"],
        ["optimizer.config.learning_rate=0.1"],
        ["training.epochs=3"],
    ):
        training.fit(tiny_config(*overrides), splits)
    assert len(training._programs) == 1


def test_programs_are_dropped_beyond_the_limit(tiny_config):
    splits = data.load(tiny_config().data)
    for width in range(2, 3 + training.MAX_PROGRAMS):
        training.fit(tiny_config(f"model.hidden=[{width}]", "training.epochs=1"), splits)
    assert len(training._programs) == training.MAX_PROGRAMS


def test_learning_rate_starts_anew_in_each_run(tiny_config):
    """A plateau callback lowers it in place; the next run must not inherit that."""
    plateau = "{class_name:ReduceLROnPlateau,config:{patience:0,min_delta:100,factor:0.5}}"
    splits = data.load(tiny_config().data)
    lowered = training.fit(
        tiny_config(f"+training.callbacks.plateau={plateau}", "training.epochs=3"), splits
    )
    # Keras stores the rate as float32: 0.001 is kept to one part in 2**24.
    rates = [row["learning_rate"] for row in lowered.history]
    assert rates == pytest.approx([0.001, 0.001, 0.0005], rel=1e-6)
    assert training.fit(tiny_config(), splits).history[0]["learning_rate"] == rates[0]


def test_visiting_orders_are_permutations_that_differ(run_seed):
    orders = [
        order.numpy() for order in itertools.islice(training.visiting_orders(50, run_seed), 3)
    ]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_history_is_the_loss_of_the_epoch(tiny_config):
    """The row's validation loss is what the finished model has on the validation split."""
    config = tiny_config()
    splits = data.load(config.data)
    result = training.fit(config, splits)
    probabilities = training.predict_probabilities(result.model, splits.validation.images)
    chosen = probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    # Two programs, one rounding each: float32 has 2**-23 relative precision, sums of 40 terms.
    assert result.history[-1]["validation_loss"] == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_best_weights_are_restored_and_named(tiny_config):
    stopping = "{class_name:EarlyStopping,config:{patience:1,restore_best_weights:true}}"
    config = tiny_config(
        f"+training.callbacks.stop={stopping}",
        "training.epochs=40",
        "optimizer.config.learning_rate=0.05",
    )
    splits = data.load(config.data)
    result = training.fit(config, splits)
    losses = [row["validation_loss"] for row in result.history]
    assert len(losses) < 40
    assert result.evaluated_epoch == result.best_epoch == int(np.argmin(losses)) + 1
    probabilities = training.predict_probabilities(result.model, splits.validation.images)
    chosen = probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    assert min(losses) == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_infinite_loss_ends_the_run_as_diverged(tiny_config):
    config = tiny_config(
        "optimizer=sgd", "optimizer.config.learning_rate=1e30", "training.epochs=9"
    )
    result = training.fit(config, data.load(config.data))
    assert result.diverged
    assert len(result.history) < 9


def dropped(seed, step, rate=0.3, shape=(400, 500)):
    """What the engine's dropout makes of an array of ones at one step of a run."""
    model = keras.Sequential([keras.Input(shape[1:]), keras.layers.Dropout(rate)])
    split = data.Split(np.zeros((4, 1), np.uint8), np.zeros(4, np.int32))
    trainer = training.EpochTrainer(model, split, 2)
    trainer.compile(optimizer="sgd")
    trainer.optimizer.build([])
    trainer.optimizer.iterations.assign(step)
    trainer.dropout_seed.assign(seed)
    return tf.function(trainer._forward, jit_compile=True)(tf.ones(shape)).numpy()


def test_dropout_drops_the_rate_and_scales_the_rest():
    values = dropped(seed=1, step=0)
    kept = values != 0
    # 200,000 draws: a share of 0.3 has a standard error of 0.00102; five of them.
    assert 1 - kept.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.3 * 0.7 / values.size))
    np.testing.assert_allclose(values[kept], 1 / 0.7, rtol=1e-6)


def test_dropout_mask_follows_seed_and_step():
    first, again = dropped(seed=1, step=0), dropped(seed=1, step=0)
    np.testing.assert_array_equal(first, again)
    for other in (dropped(seed=1, step=1), dropped(seed=2, step=0)):
        # Independent masks agree on 0.7**2 + 0.3**2 = 58 % of the units.
        agree = ((first != 0) == (other != 0)).mean()
        assert agree == pytest.approx(0.58, abs=5 * np.sqrt(0.58 * 0.42 / first.size))
