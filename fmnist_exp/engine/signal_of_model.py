"""Signal and gradient of a model that has not been trained yet."""

import numpy as np

from fmnist_exp.config.schema import ModelConfig
from fmnist_exp.data.loading import Split
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.propagation import Activation, Pullback, propagated, relu
from fmnist_exp.rundir.tables import LayerSignal

NUM_IMAGES = 256  # enough for the means of a layer, and a pass takes hundredths of a second


def initial_signal(model: keras.Model, network: ModelConfig, train: Split) -> list[LayerSignal]:
    """What an untrained plain model does to the first `NUM_IMAGES` of the training split.

    It neither changes the model nor draws random numbers.
    """
    axis = 0 if network.batch_normalization else 1 if network.layer_normalization else None
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    return propagated(
        [layer.kernel.numpy() for layer in dense],
        train.images[:NUM_IMAGES] / 255,
        train.labels[:NUM_IMAGES],
        _activation(network.activation),
        normalized_axis=axis,
    )


def _activation(name: str) -> Activation:
    """ReLU in NumPy, for speed; all others as Keras has them."""
    if name == "relu":
        return relu
    function = keras.activations.get(name)

    def activation(before: np.ndarray) -> tuple[np.ndarray, Pullback]:
        values = tf.constant(before)
        with tf.GradientTape() as tape:
            tape.watch(values)
            after = function(values)

        def pullback(gradient: np.ndarray) -> np.ndarray:
            found = tape.gradient(after, values, output_gradients=tf.constant(gradient))
            return np.zeros_like(before) if found is None else found.numpy()

        return after.numpy(), pullback

    return activation
