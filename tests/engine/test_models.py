"""Kernels follow the law that the config names, and every layer has a draw of its own."""

import numpy as np
import pytest
from conftest import config_of

from fmnist_exp.config.schema import InitializerConfig
from fmnist_exp.engine.backend import keras
from fmnist_exp.engine.models import build_initializer, build_model
from fmnist_exp.machine import ENVIRONMENT

FAN_IN, FAN_OUT = 300, 200
SHAPE = (FAN_IN, FAN_OUT)
# Variance of a kernel, by the papers that the config files cite.
VARIANCES = {
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "he_normal": 2 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
    "orthogonal": 1 / FAN_IN,  # FAN_OUT orthonormal columns of FAN_IN entries each
}
# The variance of n draws has relative standard error sqrt((kurtosis - 1) / n), and kurtosis is
# at most 3 for these laws. Five standard errors is 2.9 %; confusing fan_in with fan_out would
# move the variance by 33 % or more, a wrong scale by 50 %.
TOLERANCE = 5 * np.sqrt(2 / (FAN_IN * FAN_OUT))


def build(*overrides, seed=0):
    config = config_of(*overrides, f"seed={seed}")
    return build_model(config, num_pixels=784, num_classes=10)


def kernels(model):
    return [layer.kernel.numpy() for layer in model.layers if isinstance(layer, keras.layers.Dense)]


@pytest.mark.parametrize("name", VARIANCES)
def test_kernel_variance_is_that_of_the_paper(name, run_seed):
    initializer = config_of(f"initializer={name}").initializer
    kernel = np.asarray(build_initializer(initializer, run_seed)(SHAPE))
    assert kernel.var() == pytest.approx(VARIANCES[name], rel=TOLERANCE)


@pytest.mark.parametrize("law", ["uniform", "truncated_normal", "untruncated_normal"])
@pytest.mark.parametrize(
    ("mode", "fan"),
    [("fan_in", FAN_IN), ("fan_out", FAN_OUT), ("fan_avg", (FAN_IN + FAN_OUT) / 2)],
)
def test_variance_scaling_has_variance_scale_over_fan(law, mode, fan, run_seed):
    config = InitializerConfig(
        name="x",
        class_name="VarianceScaling",
        config={"scale": 3.0, "mode": mode, "distribution": law},
    )
    kernel = np.asarray(build_initializer(config, run_seed)(SHAPE))
    assert kernel.var() == pytest.approx(3.0 / fan, rel=TOLERANCE)


def test_law_without_chance_takes_no_seed():
    constant = InitializerConfig(name="zeros", class_name="Zeros", config={})
    assert not np.asarray(build_initializer(constant, seed=3)((2, 2))).any()


def test_layers_of_equal_shape_have_different_kernels(run_seed):
    """Keras repeats the same draw where layers share one seeded initializer."""
    first, second = kernels(build("model.hidden=[784,784]", seed=run_seed))[:2]
    assert not np.allclose(first, second, atol=0.01)


def test_seeds_zero_and_one_differ_and_zero_repeats():
    first, again, other = (kernels(build(seed=seed))[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.01)


def test_he_is_lecun_times_root_two():
    """Both are the same truncated normal, so equal seeds give proportional draws."""
    he, lecun = (kernels(build(f"initializer={name}"))[0] for name in ("he", "lecun"))
    np.testing.assert_allclose(he, np.sqrt(2) * lecun, rtol=1e-6)


def test_initializer_applies_to_every_kernel_with_its_own_fan():
    model = build("initializer=he_normal")
    names = [type(layer.kernel_initializer).__name__ for layer in model.layers]
    assert names == ["HeNormal"] * 3
    for kernel in kernels(model):
        # As above; the output layer has 1,280 entries, so its tolerance is wider.
        tolerance = 5 * np.sqrt(2 / kernel.size)
        assert kernel.var() == pytest.approx(2 / kernel.shape[0], rel=tolerance)


def test_baseline_has_235146_parameters():
    # 784*256+256 + 256*128+128 + 128*10+10
    assert build().count_params() == 235_146


def test_regularized_layers_are_dense_then_normalised_then_dropped():
    model = build("model=regularized")
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "BatchNormalization", "Dropout"] * 4 + ["Dense"]
    assert [layer.units for layer in model.layers[::3]] == [512, 256, 64, 32, 10]
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {
        0.3
    }


def test_output_is_softmax_and_hidden_layers_are_relu():
    model = build()
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "relu", "softmax"]


def test_environment_of_tensorflow_is_set_before_its_import():
    import os

    assert all(name in os.environ for name in ENVIRONMENT)
