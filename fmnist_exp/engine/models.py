"""Plain Keras models, made of stock layers: built, asked, saved."""

import functools
import json
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp import files
from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.config.schema import InitializerConfig, RunConfig
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.seeding import child_seed

BATCH = 8192  # bounds the memory of a pass; chosen for size, does not change results
MAX_FUNCTIONS = 4  # traced models kept at a time
LEAST_KERAS = "3.8"  # that loads a saved model; tried with 3.8.0, 3.12.0 and 3.14.0
# Arguments of layers and initializers that later versions of Keras have added, and their defaults.
ADDED_SINCE = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def build_model(config: RunConfig, *, num_pixels: int, num_classes: int) -> keras.Model:
    """The dense network of a run, with freshly drawn weights.

    Args:
        config: the run.
        num_pixels: width of the input; brightness is expected in [0, 1].
        num_classes: width of the softmax output.

    Returns:
        A model float (batch, num_pixels) -> float (batch, num_classes), rows summing to 1.
    """
    network = config.model
    layers = [keras.Input((num_pixels,), name="pixels")]
    for index, width in enumerate(network.hidden, start=1):
        layers.append(
            keras.layers.Dense(width, activation=network.activation, name=f"hidden_{index}")
        )
        if network.batch_normalization:
            layers.append(keras.layers.BatchNormalization(name=f"batch_normalization_{index}"))
        if network.layer_normalization:
            layers.append(keras.layers.LayerNormalization(name=f"layer_normalization_{index}"))
        if network.dropout > 0:
            layers.append(keras.layers.Dropout(network.dropout, name=f"dropout_{index}"))
    layers.append(keras.layers.Dense(num_classes, activation="softmax", name="probabilities"))
    model = keras.Sequential(layers, name=network.name)
    draw_kernels(model, config)
    return model


def draw_kernels(model: keras.Model, config: RunConfig) -> None:
    """Give every dense kernel, the output layer's too, a fresh draw from a stream of its own.

    One Keras initializer with a seed returns the same values at every call, so each layer has
    its own instance and seed; the instance stays with the layer and is saved with the model.
    """
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    for index, layer in enumerate(dense):
        seed = child_seed(config.seed_of("initialization"), "initializer", index)
        layer.kernel_initializer = build_initializer(config.initializer, seed)
        layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape))


def build_initializer(initializer: InitializerConfig, seed: int) -> keras.initializers.Initializer:
    """The Keras initializer that a config names; laws without chance take no seed."""
    law = getattr(keras.initializers, initializer.class_name)
    chance = "seed" in keras_classes("initializers")[initializer.class_name]
    return law(**initializer.config, **({"seed": seed} if chance else {}))


def brightness(images: tf.Tensor) -> tf.Tensor:
    """Bytes to numbers in [0, 1]."""
    return tf.cast(images, keras.config.floatx()) / 255


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


def write_model(path: Path, model: keras.Model) -> None:
    """Save a plain model, with the state of its optimizer.

    Keras refuses arguments that it does not know, even without a value; they are left out.
    """
    with files.atomic_path(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as saved:
            parts = {name: saved.read(name) for name in saved.namelist()}
        config = _for_older_keras(json.loads(parts["config.json"]))
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(temporary, "w") as portable:
            for name, content in parts.items():
                portable.writestr(zipfile.ZipInfo(name), content)


def least_keras(config: RunConfig) -> str:
    """The least version of Keras that loads the model of a run."""
    later = config.optimizer.class_name == "Muon" or config.model.activation == "sparse_sigmoid"
    return metadata.version("keras") if later else LEAST_KERAS


def _for_older_keras(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_older_keras(each) for each in value]
    if isinstance(value, dict):
        return {
            key: _for_older_keras(each)
            for key, each in value.items()
            if key not in ADDED_SINCE or each != ADDED_SINCE[key]
        }
    return value
