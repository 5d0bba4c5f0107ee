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


def framed(images: np.ndarray, image_shape: tuple[int, int], reach: int) -> np.ndarray:
    """Images with a black frame of `reach` pixels, from which `shifted` takes its pixels.

    Args:
        images: uint8 (num_examples, height * width).
        image_shape: (height, width) of an image.
        reach: width of the frame.

    Returns:
        uint8 (num_examples, (height + 2 * reach) * (width + 2 * reach)).
    """
    around = [(0, 0), (reach, reach), (reach, reach)]
    return np.pad(images.reshape(-1, *image_shape), around).reshape(len(images), -1)


def shifted(
    images: tf.Tensor, by: tf.Tensor, image_shape: tuple[int, int], reach: int
) -> tf.Tensor:
    """Images, each shifted; what leaves the frame is lost, and black comes in.

    Args:
        images: uint8 (batch, num_pixels), as `framed` returns them.
        by: int32 (batch, 2); pixels down and to the right, from -reach to reach.
        image_shape: (height, width) of an image without its frame.
        reach: the most pixels, and the width of the frame.

    Returns:
        uint8 (batch, height * width).
    """
    height, width = image_shape
    row = width + 2 * reach
    # One lookup a pixel: under XLA ten times as fast as a choice among padded slices.
    first = (reach - by[:, 0]) * row + reach - by[:, 1]
    pixels = tf.reshape(tf.range(height)[:, None] * row + tf.range(width), [-1])
    return tf.gather(images, first[:, None] + pixels, batch_dims=1)
