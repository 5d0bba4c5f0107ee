"""What is used of Keras beyond its public interface is there, or C code leaves training to XLA.

What is read of its text is held against it in `tests/config/test_keras_classes.py`.
"""

import logging
import tomllib
from importlib import metadata

import numpy as np
import pytest
from conftest import ROOT, config_of

from fmnist_exp.engine import choice, keras_private
from fmnist_exp.engine.backend import keras
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import ConfigError


def test_version_is_one_that_was_tried_and_no_later_minor_is_admitted():
    assert metadata.version("keras").startswith(f"{keras_private.TRIED}.")
    major, minor = map(int, keras_private.TRIED.split("."))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (asked,) = (each for each in project["dependencies"] if each.startswith("keras"))
    assert asked.endswith(f",<{major}.{minor + 1}")


def test_moments_are_those_that_adam_updates():
    variable = keras.Variable(np.zeros(3, np.float32))
    adam = keras.optimizers.Adam(beta_1=0.5, beta_2=0.75)
    adam.build([variable])
    adam.apply([np.array([1, 2, 4], np.float32)])
    first, second = keras_private.moments(adam, [variable])[id(variable)]
    assert first.numpy().tolist() == [0.5, 1, 2]
    assert second.numpy().tolist() == [0.25, 1, 4]
    assert keras_private.moments_moved() is None


def test_keras_that_keeps_moments_elsewhere_is_left_to_xla_with_one_line(monkeypatch, caplog):
    monkeypatch.setattr(keras_private, "MOMENTS", ("_momentums", "_renamed"))
    choice._c_is_here.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert [settled(config_of()).engine for _ in range(2)] == ["xla", "xla"]
    (message,) = caplog.messages
    assert "keeps Adam's moments elsewhere than Keras 3.15; engine=xla" in message
    with pytest.raises(ConfigError, match=r"^engine=c cannot .* elsewhere than Keras 3.15. Pass"):
        settled(config_of("engine=c"))
