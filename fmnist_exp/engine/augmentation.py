"""Training images that change from epoch to epoch: mirror images and shifts."""

from collections.abc import Iterator

import numpy as np

from fmnist_exp.engine.backend import tf
from fmnist_exp.seeding import child_generator

MIRROR, SHIFT = 0, 1  # the children of the stream: what one draws does not depend on the other


def with_mirror_images(images: np.ndarray, image_shape: tuple[int, int]) -> np.ndarray:
    """Images and, behind them in the same order, their mirror images, left and right exchanged.

    Args:
        images: uint8 (num_examples, num_pixels).
        image_shape: (height, width) of an image.

    Returns:
        uint8 (2 * num_examples, num_pixels).
    """
    mirrored = images.reshape(-1, *image_shape)[:, :, ::-1].reshape(images.shape)
    return np.concatenate([images, mirrored])


def mirrorings(num_examples: int, seed: int) -> Iterator[np.ndarray]:
    """Endless, for each epoch anew: which images are mirrored, bool (num_examples,)."""
    generator = child_generator(seed, "augmentation", MIRROR)
    while True:
        yield generator.integers(2, size=num_examples).astype(bool)


def shifts(num_examples: int, reach: int, seed: int) -> Iterator[np.ndarray]:
    """Endless, for each epoch anew: int32 (num_examples, 2); pixels down and to the right.

    Each is uniform on the integers from -reach to reach.
    """
    generator = child_generator(seed, "augmentation", SHIFT)
    while True:
        yield generator.integers(-reach, reach + 1, size=(num_examples, 2)).astype(np.int32)


def shifted(
    images: tf.Tensor, by: tf.Tensor, image_shape: tuple[int, int], reach: int
) -> tf.Tensor:
    """Images, each shifted; what leaves the frame is lost, and black comes in.

    Args:
        images: uint8 (batch, num_pixels).
        by: int32 (batch, 2); pixels down and to the right, from -reach to reach.
        image_shape: (height, width) of an image.
        reach: the most pixels.
    """
    height, width = image_shape
    around = [[0, 0], [reach, reach], [reach, reach]]
    pixels = tf.pad(tf.reshape(images, (-1, height, width)), around)
    down, right = by[:, 0, None, None], by[:, 1, None, None]
    # A choice among slices, one axis after the other: XLA makes vector instructions of it.
    rows = pixels[:, :height]
    for place in range(1, 2 * reach + 1):
        rows = tf.where(down == reach - place, pixels[:, place : place + height], rows)
    found = rows[:, :, :width]
    for place in range(1, 2 * reach + 1):
        found = tf.where(right == reach - place, rows[:, :, place : place + width], found)
    return tf.reshape(found, tf.shape(images))
