"""A saved model asks no more of Keras than its record says."""

import json
import zipfile

import numpy as np
import pytest
from conftest import config_of

from fmnist_exp.engine.backend import keras
from fmnist_exp.engine.models import build_model, least_keras, write_model

# Arguments in Keras 3.8.0 of the layers, initializers and optimizers below.
KNOWN_TO_KERAS_3_8 = """
    activation amsgrad axis batch_shape beta_1 beta_2 beta_constraint beta_initializer
    beta_regularizer bias_constraint bias_initializer bias_regularizer build_input_shape center
    centered clipnorm clipvalue distribution dtype ema_momentum ema_overwrite_frequency epsilon
    gain gamma_constraint gamma_initializer gamma_regularizer global_clipnorm
    gradient_accumulation_steps kernel_constraint kernel_initializer kernel_regularizer layers
    learning_rate loss_scale_factor mode momentum moving_mean_initializer
    moving_variance_initializer name nesterov noise_shape optional ragged rate rho rms_scaling scale
    seed sparse synchronized trainable units use_bias use_ema weight_decay
"""
IMAGES = np.arange(24, dtype="float32").reshape(4, 6) / 24
INITIALIZERS = ("glorot_uniform", "he_normal", "lecun_normal", "variance_scaling", "orthogonal")
OPTIMIZERS = ("adam", "adam_averaged", "adamw", "sgd", "nesterov", "rmsprop")


def saved(path, *overrides):
    """The model of a config, and its file."""
    config = config_of(*overrides, "model.hidden=[4]")
    model = build_model(config, num_pixels=6, num_classes=3)
    optimizer = getattr(keras.optimizers, config.optimizer.class_name)
    model.compile(optimizer=optimizer(**config.optimizer.config))
    model.optimizer.build(model.trainable_variables)
    write_model(path, model)
    return model


def arguments(node):
    """Names of all arguments in a saved config."""
    if isinstance(node, list):
        return set().union(*map(arguments, node))
    if not isinstance(node, dict):
        return set()
    own = set(node["config"]) if isinstance(node.get("config"), dict) else set()
    return own.union(*map(arguments, node.values()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        *(f"initializer={name}" for name in INITIALIZERS),
        *(f"optimizer={name}" for name in OPTIMIZERS),
        "model=best",
    ],
)
def test_case_20_saved_model_has_no_argument_that_older_keras_lacks(tmp_path, overrides):
    normalized = () if overrides.startswith("model=") else ("model=regularized",)
    model = saved(tmp_path / "model.keras", *normalized, overrides)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))
    found = arguments(config)
    assert {"units", "epsilon", "learning_rate"} <= found
    assert found <= set(KNOWN_TO_KERAS_3_8.split())
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(IMAGES), model(IMAGES))


def test_case_20_least_version_is_that_of_what_the_model_is_made_of():
    assert least_keras(config_of()) == "3.8"
    muon = ("optimizer.name=muon", "optimizer.class_name=Muon")
    for overrides in (muon, ("model.activation=sparse_sigmoid",)):
        assert least_keras(config_of(*overrides)) == keras.__version__
