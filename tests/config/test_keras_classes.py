"""What is read from Keras's source is what Keras itself says."""

import inspect

import pytest

from fmnist_exp.config.keras_arguments import NOT_FROM_CONFIG
from fmnist_exp.config.keras_classes import REQUIRED, activation_names, keras_classes
from fmnist_exp.engine.backend import keras

USABLE = [
    (family, name)
    for family in sorted(NOT_FROM_CONFIG)
    for name in keras_classes(family)
    if name not in NOT_FROM_CONFIG[family]
]


@pytest.mark.parametrize(("family", "name"), USABLE)
def test_own_arguments_and_defaults_agree_with_keras(family, name):
    """Inherited arguments hide behind **kwargs, so only a class's own are compared."""
    signature = inspect.signature(getattr(getattr(keras, family), name).__init__)
    read = keras_classes(family)[name].arguments
    for argument in signature.parameters.values():
        if argument.name == "self" or argument.kind in (
            argument.VAR_KEYWORD,
            argument.VAR_POSITIONAL,
        ):
            continue
        has_default = argument.default is not argument.empty
        assert has_default == (read[argument.name] is not REQUIRED)
        if isinstance(argument.default, int | float | str):
            assert read[argument.name] == argument.default


def test_the_initializers_of_the_question_are_known():
    assert {"GlorotUniform", "HeNormal", "LecunNormal"} <= keras_classes("initializers").keys()


@pytest.mark.parametrize("name", sorted(activation_names()))
def test_every_activation_name_is_one_of_keras(name):
    assert callable(keras.activations.get(name))
