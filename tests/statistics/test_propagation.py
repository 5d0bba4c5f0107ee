"""Theory of signal and gradient before training: it says what a pass in NumPy measures."""

import itertools

import numpy as np
import pytest

from fmnist_exp.engine.propagation import propagated
from fmnist_exp.statistics.propagation import (
    gradient_shares,
    relu_ratio,
    signal_shares,
    weight_variance,
)

DEEP, BASELINE = (784, *[256] * 30, 10), (784, 256, 128, 10)
CLASSES = ("GlorotUniform", "HeNormal", "LecunNormal")
NUM_DRAWS = 6
# The square of what ReLU leaves of a normal number has moments 1/2 and 3/2, so a variance of 5
# times its squared mean: each layer of n units adds 5 / n to the variance of the logarithm of a
# squared length. Forward and backward add up, and the logarithm of a length is half of that of its
# square.
SPREAD = {
    sizes: np.sqrt(2 * sum(5 / width for width in sizes[1:-1])) / 2 for sizes in (DEEP, BASELINE)
}


def variances_of(class_name, sizes):
    return [weight_variance(class_name, {}, *fan) for fan in itertools.pairwise(sizes)]


@pytest.mark.parametrize(
    ("class_name", "ratio"), [("GlorotUniform", 2 / 3), ("HeNormal", 1), ("LecunNormal", 1 / 2)]
)
def test_ratio_of_a_relu_layer_is_that_of_the_textbooks(class_name, ratio):
    assert relu_ratio(weight_variance(class_name, {}, 256, 128), 256) == pytest.approx(ratio)


def test_variance_scaling_has_the_scale_and_fan_that_it_is_given():
    config = {"scale": 3.0, "mode": "fan_out"}
    assert weight_variance("VarianceScaling", config, 4, 6) == 0.5
    assert weight_variance("VarianceScaling", {}, 4, 6) == 0.25
    assert weight_variance("Orthogonal", {}, 4, 6) is None


@pytest.mark.parametrize("class_name", CLASSES)
@pytest.mark.parametrize("sizes", [DEEP, BASELINE])
def test_theory_says_how_signal_and_gradient_of_an_image_go_through_the_layers(class_name, sizes):
    """Five standard errors; a ratio that is wrong by 15 % a layer would be 50 times off."""
    variances = variances_of(class_name, sizes)
    generator = np.random.default_rng(0)
    image, signals, gradients = generator.random((1, sizes[0])), [], []
    for _ in range(NUM_DRAWS):
        kernels = [
            generator.normal(0, np.sqrt(variance), fan)
            for variance, fan in zip(variances, itertools.pairwise(sizes), strict=True)
        ]
        layers = propagated(kernels, image, np.array([3]))
        signals.append([each.mean_square / layers[0].mean_square for each in layers])
        gradients.append([each.gradient_norm / layers[-1].gradient_norm for each in layers])
    error = SPREAD[sizes] / np.sqrt(NUM_DRAWS)
    # The mean of a logarithm lies below the logarithm of a mean by half of the variance.
    ends = np.log(np.array(signals)[:, -2])
    assert ends.mean() + ends.var() / 2 == pytest.approx(
        np.log(signal_shares(variances, sizes[:-1])[-2]), abs=5 * 2 * error
    )
    measured = np.log(gradients).mean(axis=0)
    np.testing.assert_allclose(measured, np.log(gradient_shares(variances)), atol=5 * error)


def test_gradients_of_equal_layers_are_equal_however_small_the_weights():
    np.testing.assert_allclose(gradient_shares([0.01] * 5), 1)
    np.testing.assert_allclose(gradient_shares([0.01, 0.04, 0.16]), [4, 2, 1])
