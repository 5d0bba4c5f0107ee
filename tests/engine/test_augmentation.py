"""Training images change as the config says, from a stream of their own; no other image does."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from fmnist_exp.data import loading
from fmnist_exp.engine import models, training
from fmnist_exp.engine.augmentation import (
    framed,
    mirrorings,
    shifted,
    shifts,
    with_mirror_images,
)
from fmnist_exp.engine.backend import tf
from fmnist_exp.engine.trainer import EpochTrainer
from fmnist_exp.engine.training import epochs_given

SHAPE = (5, 7)
IMAGES = np.arange(1, 3 * 35 + 1, dtype=np.uint8).reshape(3, 35)


def moved(images, by, shape):
    """Images shifted pixel by pixel: what a loop makes of them."""
    found = np.zeros_like(images).reshape(-1, *shape)
    for image, (down, right), into in zip(images.reshape(-1, *shape), by, found, strict=True):
        for y, x in itertools.product(range(shape[0]), range(shape[1])):
            if 0 <= y - down < shape[0] and 0 <= x - right < shape[1]:
                into[y, x] = image[y - down, x - right]
    return found.reshape(images.shape)


def shown(config, splits, num_epochs):
    """The training images as the epochs show them, each in its own place: uint8 arrays."""
    trainer = EpochTrainer(None, splits, config)
    for given in itertools.islice(epochs_given(config, len(splits.train)), num_epochs):
        order, found = given["order"], np.empty_like(splits.train.images)
        images = trainer.train_images[order]
        if "shifts" in given:
            images = shifted(images, given["shifts"], splits.image_shape, trainer.reach).numpy()
        np.testing.assert_array_equal(
            trainer.train_labels[order], splits.train.labels[order % len(splits.train)]
        )
        found[order % len(splits.train)] = images
        yield found


@pytest.mark.parametrize("compiled", [False, True])
def test_a_shift_of_each_size_moves_every_pixel_and_lets_black_in(compiled):
    for by in itertools.product(range(-2, 3), repeat=2):
        given = np.array([by, (0, 0), (by[1], -by[0])], np.int32)
        program = tf.function(shifted, jit_compile=compiled)
        images = tf.constant(framed(IMAGES, SHAPE, 2))
        found = program(images, tf.constant(given), SHAPE, 2).numpy()
        np.testing.assert_array_equal(found, moved(IMAGES, given, SHAPE))


def test_mirror_images_exchange_left_and_right_alone():
    both = with_mirror_images(IMAGES, SHAPE)
    np.testing.assert_array_equal(both[:3], IMAGES)
    rows = both.reshape(2, 3, *SHAPE)
    np.testing.assert_array_equal(rows[1], np.flip(rows[0], axis=2))


def test_half_of_the_images_are_mirrored_and_every_shift_is_as_likely(run_seed):
    mirrored = next(mirrorings(40_000, run_seed))
    # Five standard errors of a share of 1/2, and of one of 1/9 of 40,000 draws.
    assert mirrored.mean() == pytest.approx(1 / 2, abs=5 * np.sqrt(1 / 4 / 40_000))
    pairs, counts = np.unique(next(shifts(40_000, 1, run_seed)), axis=0, return_counts=True)
    assert pairs.tolist() == [[y, x] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert counts / 40_000 == pytest.approx(1 / 9, abs=5 * np.sqrt(8 / 81 / 40_000))


def test_draws_follow_their_own_seed_and_the_epoch_and_nothing_else(tiny_config):
    def epochs(*overrides):
        config = tiny_config("augmentation=mirror_shift", *overrides)
        return [*shown(config, loading.load(config.data), 2)]

    first, second = epochs()
    assert not np.array_equal(first, second)
    for same in ("seeds.order=5", "seeds.initialization=5", "training.batch_size=20"):
        np.testing.assert_array_equal(epochs(same), [first, second])
    assert not np.array_equal(epochs("seeds.augmentation=5")[0], first)
    np.testing.assert_array_equal(epochs("seed=5")[0], epochs("seeds.augmentation=5")[0])


def test_images_mirrored_are_the_same_with_and_without_shifts(tiny_config):
    for epoch in (0, 1):
        orders = [
            next(itertools.islice(epochs_given(config, 160), epoch, None))["order"]
            for config in map(tiny_config, ("augmentation=mirror", "augmentation=mirror_shift"))
        ]
        np.testing.assert_array_equal(*orders)


@pytest.mark.parametrize("engine", ["c", "xla"])
def test_validation_and_test_images_are_never_augmented(tiny_config, engine):
    """Nor are the arrays of any split: the next run of a sweep reads them."""
    config = tiny_config("augmentation=mirror", f"engine={engine}")
    splits = loading.load(config.data)
    before = [each.images.copy() for each in (splits.train, splits.validation, splits.test)]
    result = training.fit(config, splits)
    for each, images in zip((splits.train, splits.validation, splits.test), before, strict=True):
        np.testing.assert_array_equal(each.images, images)
    probabilities = models.predict_probabilities(result.model, splits.validation.images)
    chosen = probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    # Two programs, one rounding each: float32 has 2**-23 relative precision, sums of 40 terms.
    assert result.history[-1].validation_loss == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_ten_augmented_images_are_drawn_beside_their_originals(tiny_config, tmp_path):
    """`--basetemp` keeps the figure to be looked at; each drawn image has a source that it is."""
    config = tiny_config("data=digits", "augmentation=mirror_shift")
    splits = loading.load(config.data)
    (found,) = shown(config, splits, 1)
    figure = Figure(figsize=(10, 2.2), layout="constrained")
    for place, axes in enumerate(figure.subplots(2, 10).flat):
        image = (splits.train.images, found)[place // 10][place % 10]
        axes.imshow(image.reshape(splits.image_shape), cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
    figure.savefig(tmp_path / "augmented.png")
    sides = with_mirror_images(splits.train.images[:10], splits.image_shape).reshape(2, 10, -1)
    every = [
        moved(side, [by] * 10, splits.image_shape)
        for side in sides
        for by in itertools.product((-1, 0, 1), repeat=2)
    ]
    matches = (np.stack(every) == found[:10]).all(axis=2)  # (18, 10)
    assert matches.any(axis=0).all()
    assert len({*matches.argmax(axis=0)}) > 3
