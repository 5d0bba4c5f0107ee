"""The signal before training: NumPy's numbers are Keras's own."""

import numpy as np
import pytest
from conftest import config_of

from fmnist_exp.data import loading
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.models import brightness, build_model, draw_kernels
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
@pytest.mark.parametrize(
    "settings", [["model=baseline"], ["model=regularized"], ["model.layer_normalization=true"]]
)
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


@pytest.fixture(scope="module")
def draws_of():
    """Gives draws of a network: (draws, layers) of its mean squares, losses and gradients."""
    images = loading.load(config_of("data=fashion_mnist").own_data).train

    def draw(initializer, *widths, count=10):
        config = config_of(
            "data=fashion_mnist", f"initializer={initializer}", f"model.hidden={[*widths]}"
        )
        sizes = {"num_pixels": images.images.shape[1], "num_classes": 10}
        model = build_model(config, **sizes)
        found = []
        for seed in range(count):
            draw_kernels(model, config.replaced(seed=seed))
            found.append(initial_signal(model, config.model, images))
        return {
            name: np.array([[getattr(layer, name) for layer in each] for each in found])
            for name in ("mean_square", "initial_loss", "gradient_norm")
        }

    return draw


# The mean square of a layer is a mean over 256 units that all see nearly one direction: its SD is
# sqrt(5 / 256) of itself, as a squared half-normal has variance 5 times its squared mean, and of
# 29 ratios and five draws the logarithm's mean has 29 sqrt(5 / 256) / sqrt(29 x 5) / 29 = 1.2 %.
# Its expectation is half the variance lower, 1 %. Six standard errors are 7 %, with that 8 %.
@pytest.mark.slow
@pytest.mark.parametrize(("name", "ratio"), [("glorot", 0.5), ("he", 1.0), ("lecun", 0.5)])
def test_thirty_layers_of_equal_width_keep_or_halve_the_signal(name, ratio, draws_of):
    found = draws_of(name, *[256] * 30, count=5)
    squares = found["mean_square"][:, :30]
    measured = np.exp(np.log(squares[:, -1] / squares[:, 0]).mean() / 29)
    assert measured == pytest.approx(ratio, rel=0.08)
    norm = np.median(found["gradient_norm"][:, 0])
    assert norm > 0.1 if name == "he" else norm < 1e-3


# Small logits z cost (1 - 1/10) / 2 of their mean square over the loss of guessing: the expansion
# of the logarithm of a sum of exponentials to the second order.
@pytest.mark.parametrize("name", ["glorot", "he", "lecun"])
def test_the_initial_loss_is_that_of_the_last_layers_signal(name, draws_of):
    found = draws_of(name, 256, 128)
    excess = found["initial_loss"][:, 0] - np.log(10)
    expected = 0.45 * found["mean_square"][:, -1]
    error = (excess - expected).std(ddof=1) / np.sqrt(10)
    # Beside four standard errors, the fourth order: below a tenth of logits of up to 0.7.
    assert abs(excess.mean() - expected.mean()) < 4 * error + 0.1 * expected.mean()


def test_initializers_begin_in_the_order_of_their_variances(draws_of):
    losses = [draws_of(name, 256, 128)["initial_loss"].mean() for name in ("lecun", "glorot", "he")]
    assert np.log(10) < losses[0] < losses[1] < losses[2]
