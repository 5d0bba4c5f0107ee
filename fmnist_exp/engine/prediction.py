"""Class probabilities of a trained model."""

import functools
from collections.abc import Callable

import numpy as np

from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.trainer import brightness

BATCH = 8192  # bounds the memory of a pass; chosen for size, does not change results
MAX_FUNCTIONS = 4  # traced models kept at a time


def predict_probabilities(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Class probabilities in inference mode.

    Args:
        model: a plain model.
        images: uint8 (num_examples, num_pixels).

    Returns:
        float (num_examples, num_classes).
    """
    predict = _inference(model)
    batches = range(0, len(images), BATCH)
    parts = [predict(images[start : start + BATCH]).numpy() for start in batches]
    return np.concatenate(parts)


@functools.lru_cache(maxsize=MAX_FUNCTIONS)
def _inference(model: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    signature = [tf.TensorSpec((None, model.input_shape[1]), tf.uint8)]
    return tf.function(
        lambda images: model(brightness(images), training=False), input_signature=signature
    )
