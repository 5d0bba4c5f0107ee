"""One compiled step per epoch trains exactly what the plain Keras loop trains."""

import itertools

import numpy as np
import pytest
from conftest import ENGINES, config_of

from fmnist_exp.data import loading
from fmnist_exp.engine import training
from fmnist_exp.engine.augmentation import framed, shifted, with_mirror_images
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.models import build_model
from fmnist_exp.engine.trainer import EpochTrainer
from fmnist_exp.seeding import child_generator


def fresh_model(config, splits):
    sizes = {"num_pixels": splits.train.images.shape[1], "num_classes": len(splits.class_names)}
    return build_model(config, **sizes)


def reference_epoch(config, splits):
    """An epoch of Keras's own `train_on_batch`, in the order that the engine visits."""
    model = fresh_model(config, splits)
    model.compile(
        optimizer=getattr(keras.optimizers, config.optimizer.class_name)(**config.optimizer.config),
        loss="sparse_categorical_crossentropy",
        jit_compile=False,  # independent of XLA, and ready at once
    )
    size = config.training.batch_size
    order = child_generator(config.seed, "order").permutation(len(splits.train))
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        images = splits.train.images[batch].astype("float64") / 255
        model.train_on_batch(images, splits.train.labels[batch])
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", ["baseline", "regularized"])
def test_epoch_equals_plain_keras_in_float64(name, float64):
    """1,608 real images: 1,608 % 128 = 72 and 1,608 % 64 = 8, so the last batch is ragged."""
    shrink = ("data.num_train=2010", "training.epochs=1", "model.dropout=0")
    config = config_of(f"model={name}", "initializer=he_normal", *shrink)
    splits = loading.load(config.data)
    assert len(splits.train) % config.training.batch_size != 0
    reference = reference_epoch(config, splits).get_weights()
    for engine, asked in ENGINES.items():
        ours = training.fit(config.replaced(engine=asked), splits)
        assert ours.provenance["engine"] == engine
        for own, theirs in zip(ours.model.get_weights(), reference, strict=True):
            np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-8)


def test_ragged_last_batch_is_trained_on(tiny_config, float64):
    """160 images in batches of 48: without the last 16, the weights would differ."""
    config = tiny_config("training.epochs=1")
    splits = loading.load(config.data)
    reference = reference_epoch(config, splits).get_weights()
    for engine in ENGINES.values():
        ours = training.fit(config.replaced(engine=engine), splits)
        for own, theirs in zip(ours.model.get_weights(), reference, strict=True):
            np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-8)


def test_recipe_of_the_field_equals_keras_own_in_float64(tiny_config, float64):
    """Smoothed labels, a schedule, averaged and decayed weights, mirrored and shifted images."""
    schedule = "{class_name:CosineDecay,config:{warmup_epochs:1,alpha:0.1}}"
    averaging = ("+optimizer.config.use_ema=true", "+optimizer.config.ema_momentum=0.7")
    parts = ("augmentation=mirror_shift", "training.label_smoothing=0.1", "optimizer=adamw")
    layers = ("model.layer_normalization=true", f"training.schedule={schedule}")
    config = tiny_config(*parts, *averaging, *layers, "training.epochs=3")
    splits, size = loading.load(config.data), config.training.batch_size
    num_examples = len(splits.train)
    model, num_steps = fresh_model(config, splits), -(-num_examples // size)
    rate = config.optimizer.config["learning_rate"]
    rates = keras.optimizers.schedules.CosineDecay(
        0.0, 2 * num_steps, alpha=0.1, warmup_target=rate, warmup_steps=num_steps
    )
    optimizer = keras.optimizers.AdamW(**config.optimizer.config | {"learning_rate": rates})
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(optimizer, smoothed, jit_compile=False)
    answers = np.eye(len(splits.class_names))[splits.train.labels]
    both = with_mirror_images(splits.train.images, splits.image_shape)
    both = framed(both, splits.image_shape, 1)
    for given in itertools.islice(training.epochs_given(config, num_examples), 3):
        order = given["order"]
        moved = shifted(both[order], given["shifts"], splits.image_shape, 1).numpy() / 255
        for start in range(0, num_examples, size):
            batch = slice(start, start + size)
            model.train_on_batch(moved[batch], answers[order[batch] % num_examples])
    optimizer.finalize_variable_values(model.trainable_variables)
    ours = training.fit(config, splits)
    for own, theirs in zip(ours.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-8)
    last = [float(rates(epoch * num_steps - 1)) for epoch in (1, 2, 3)]
    assert [row.learning_rate for row in ours.history] == pytest.approx(last, rel=1e-6)


def dropped(seed, step, rate=0.3, shape=(400, 500)):
    """What the engine's dropout makes of an array of ones at one step of a run."""
    model = keras.Sequential([keras.Input(shape[1:]), keras.layers.Dropout(rate)])
    return dropped_by(model, seed, step, shape)


def dropped_by(model, seed, step, shape):
    split = loading.Split(np.zeros((4, 1), np.uint8), np.zeros(4, np.int32))
    splits = loading.DataSplits(split, split, split, ("a",), (1, 1), "", "", "")
    trainer = EpochTrainer(model, splits, config_of("training.batch_size=2"))
    trainer.compile(optimizer="sgd")
    trainer.optimizer.build([])
    trainer.optimizer.iterations.assign(step)
    trainer.dropout_seed.assign(seed)
    return tf.function(lambda: trainer._forward(tf.ones(shape)), jit_compile=True)().numpy()


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


def test_dropout_layers_of_one_step_have_masks_of_their_own():
    layers = [keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((400,)), *layers])
    kept = dropped_by(model, seed=1, step=0, shape=(300, 400)) != 0
    # Two independent masks keep 0.25; one mask twice would keep 0.5.
    assert kept.mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / kept.size))
