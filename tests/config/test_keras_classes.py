"""What is read from Keras's source is what Keras itself says."""

import inspect
import operator
from typing import get_args

import pytest

from fmnist_exp.config.keras_arguments import NOT_FROM_CONFIG
from fmnist_exp.config.keras_classes import REQUIRED, keras_classes
from fmnist_exp.config.schema import Activation
from fmnist_exp.engine.backend import keras
from fmnist_exp.errors import ConfigError

USABLE = [
    (family, name)
    for family in sorted(NOT_FROM_CONFIG)
    for name in keras_classes(family)
    if name not in NOT_FROM_CONFIG[family]
]


@pytest.mark.parametrize(("family", "name"), USABLE)
def test_own_arguments_and_defaults_agree_with_keras(family, name):
    """Inherited arguments hide behind **kwargs, so only a class's own are compared."""
    package = operator.attrgetter(family.replace("/", "."))(keras)
    signature = inspect.signature(getattr(package, name).__init__)
    read = keras_classes(family)[name]
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


def test_activations_are_those_of_keras_that_take_one_number_alone():
    known = vars(keras.activations)
    functions = {name for name, value in known.items() if inspect.isfunction(value)}
    others = {"deserialize", "get", "serialize", "glu", "threshold"}
    assert set(get_args(Activation)) == {
        keras.activations.get(name).__name__ for name in functions - others
    }


@pytest.fixture
def keras_at(tmp_path, monkeypatch):
    """Another Keras, whose source lies in a folder."""
    keras_classes.cache_clear()
    (tmp_path / "keras" / "src" / "optimizers").mkdir(parents=True)
    (tmp_path / "keras-9.dist-info").mkdir()
    (tmp_path / "keras-9.dist-info" / "METADATA").write_text("Name: keras\nVersion: 9\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "keras" / "src" / "optimizers"
    keras_classes.cache_clear()


@pytest.mark.parametrize("text", [None, "class Adam(:", "\0"])
def test_keras_that_cannot_be_read_is_said_in_one_line(text, keras_at):
    if text is not None:
        (keras_at / "adam.py").write_text(text)
    with pytest.raises(ConfigError) as refused:
        keras_classes("optimizers")
    line = str(refused.value)
    assert line.startswith("cannot read which optimizers the installed Keras has: ")
    assert line.endswith(". Install the versions that pyproject.toml asks for: `make setup`.")
    assert "\n" not in line


def test_keras_that_is_missing_is_said_in_one_line(keras_at, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ConfigError, match=r"optimizers .* has: No package metadata .*\. Install"):
        keras_classes("optimizers")
