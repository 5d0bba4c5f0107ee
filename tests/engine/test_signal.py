"""The signal before training: NumPy's numbers are Keras's own."""

import numpy as np
import pytest
from conftest import config_of

from fmnist_exp.data import loading
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.models import brightness, build_model
from fmnist_exp.engine.signal_of_model import initial_signal
from fmnist_exp.engine.training import fit


def gradients_of(model, images, labels):
    """Loss and norms of the kernels' gradients, in training mode without dropout."""
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    with tf.GradientTape() as tape:
        values = brightness(images)
        for layer in model.layers:
            if not isinstance(layer, keras.layers.Dropout):
                values = layer(values, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, values))
    found = tape.gradient(loss, [kernel.value for kernel in kernels])
    return float(loss), [float(tf.norm(each)) for each in found]


# Keras computes in single precision: 784 products round by 784 x 6e-8 at worst, 5e-5; batch
# normalization divides by a deviation and multiplies the rest. A missing layer moves far more.
@pytest.mark.parametrize("settings", [["model=baseline"], ["model=regularized"]])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_numpys_numbers_equal_keras_own(settings, activation):
    config = config_of("data=synthetic", f"model.activation={activation}", *settings)
    train = loading.load(config.data).train
    model = build_model(config, num_pixels=train.images.shape[1], num_classes=10)
    layers = initial_signal(model, config.model, train)
    loss, norms = gradients_of(model, train.images[:256], train.labels[:256])
    assert layers[0].initial_loss == pytest.approx(loss, rel=1e-3)
    assert [each.gradient_norm for each in layers] == pytest.approx(norms, rel=1e-3)


def test_measuring_changes_no_bit_of_the_weights(tiny_config):
    config = tiny_config()
    splits = loading.load(config.data)
    plain = fit(config, splits).model.get_weights()
    measured = fit(
        config,
        splits,
        on_start=lambda model: initial_signal(model, config.model, splits.train),
    ).model.get_weights()
    assert all(map(np.array_equal, plain, measured))


def test_a_seed_of_one_source_changes_that_source_alone():
    def kernel(*settings):
        config = config_of("data=synthetic", *settings)
        return build_model(config, num_pixels=4, num_classes=3).get_weights()[0]

    assert np.array_equal(kernel(), kernel("seeds.order=5"))
    assert not np.array_equal(kernel(), kernel("seeds.initialization=5"))
    assert np.array_equal(kernel("seed=5"), kernel("seeds.initialization=5"))


def test_a_split_can_follow_the_seed_of_its_run():
    def labels(*settings):
        return loading.load(config_of("data=digits", *settings).own_data).validation.images

    assert np.array_equal(
        labels("data.split_seed=null", "seed=3"), labels("data.split_seed=3", "seed=0")
    )
    assert not np.array_equal(labels("data.split_seed=null", "seed=3"), labels("seed=3"))
