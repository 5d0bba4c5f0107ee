"""Plain Keras models, made of stock layers: flat images in, class probabilities out."""

from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.config.schema import InitializerConfig, ModelConfig
from fmnist_exp.engine.backend import keras
from fmnist_exp.seeding import child_seed


def build_model(
    config: ModelConfig,
    initializer: InitializerConfig,
    *,
    seed: int,
    num_pixels: int,
    num_classes: int,
) -> keras.Model:
    """A dense network with freshly drawn weights.

    Args:
        config: the architecture.
        initializer: the law of every dense kernel, the output layer's too.
        seed: the run's seed.
        num_pixels: width of the input; brightness is expected in [0, 1].
        num_classes: width of the softmax output.

    Returns:
        A model float (batch, num_pixels) -> float (batch, num_classes), rows summing to 1.
    """
    layers = [keras.Input((num_pixels,), name="pixels")]
    for index, width in enumerate(config.hidden, start=1):
        layers.append(
            keras.layers.Dense(width, activation=config.activation, name=f"hidden_{index}")
        )
        if config.batch_normalization:
            layers.append(keras.layers.BatchNormalization(name=f"batch_normalization_{index}"))
        if config.dropout > 0:
            layers.append(keras.layers.Dropout(config.dropout, name=f"dropout_{index}"))
    layers.append(keras.layers.Dense(num_classes, activation="softmax", name="probabilities"))
    model = keras.Sequential(layers, name=config.name)
    draw_kernels(model, initializer, seed)
    return model


def draw_kernels(model: keras.Model, initializer: InitializerConfig, seed: int) -> None:
    """Give every dense kernel a fresh draw, from a stream of its own.

    One Keras initializer with a seed returns the same values at every call, so each layer has
    its own instance and seed; the instance stays with the layer and is saved with the model.
    """
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    for index, layer in enumerate(dense):
        layer.kernel_initializer = build_initializer(
            initializer, child_seed(seed, "initializer", index)
        )
        layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape))


def build_initializer(initializer: InitializerConfig, seed: int) -> keras.initializers.Initializer:
    """The Keras initializer that a config names; laws without chance take no seed."""
    law = getattr(keras.initializers, initializer.class_name)
    chance = "seed" in keras_classes("initializers")[initializer.class_name]
    return law(**initializer.config, **({"seed": seed} if chance else {}))
