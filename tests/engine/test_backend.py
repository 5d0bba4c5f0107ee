"""What the user's machine says about Keras does not change a run."""

import json
import types

import pytest
from conftest import command

from fmnist_exp.data import loading
from fmnist_exp.engine import backend, training
from fmnist_exp.errors import ConfigError

QUOTA = "from fmnist_exp import machine; machine.available_threads = lambda: 3"  # case 4
IMPORT = "from fmnist_exp.engine.backend import keras, num_threads"
PRINT = f"{QUOTA}; {IMPORT}; print(keras.config.backend(), keras.config.floatx(), num_threads())"


@pytest.mark.slow
@pytest.mark.parametrize("by_variable", [False, True])
def test_case_1_4_backends_precision_and_threads_are_the_engine_s_own(tmp_path, by_variable):
    (tmp_path / ".keras").mkdir()
    foreign = {"floatx": "float16", "backend": "jax"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(foreign))
    # A notebook sets MPLBACKEND for every command of its cells, and Keras imports pyplot: case 1.
    notebook = "module://matplotlib_inline.backend_inline"
    variables = {"KERAS_BACKEND": "torch", "MPLBACKEND": notebook} if by_variable else {}
    result = command("-c", PRINT, HOME=str(tmp_path), **variables)
    assert result.stdout.split() == ["tensorflow", "float32", "3"], result.stderr


@pytest.fixture
def cards(monkeypatch):
    """Two graphics cards, which TensorFlow is made to see; what is done with them."""
    done = []
    two = [types.SimpleNamespace(name=f"/physical_device:GPU:{number}") for number in range(2)]
    config = backend.tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: two if kind == "GPU" else [])
    monkeypatch.setattr(
        config, "set_visible_devices", lambda cards, kind: done.append((kind, list(cards)))
    )
    monkeypatch.setattr(
        config.experimental, "set_memory_growth", lambda card, grows: done.append((card, grows))
    )
    monkeypatch.setattr(
        config.experimental, "get_device_details", lambda card: {"device_name": "NVIDIA A100"}
    )
    return types.SimpleNamespace(all=two, done=done)


@pytest.mark.parametrize("engine", ["c", "xla"])
def test_case_GPU_engines_of_the_processor_leave_every_card_alone(cards, engine):
    assert backend.use_device(engine) == "CPU"
    assert cards.done == [("GPU", [])]


def test_case_GPU_engine_of_a_card_uses_one_and_takes_no_more_memory_than_it_needs(cards):
    assert backend.use_device("gpu") == "GPU:NVIDIA A100"
    first = cards.all[0]
    assert cards.done == [("GPU", [first]), (first, True)]


def test_case_GPU_two_devices_in_one_process_are_refused(cards, monkeypatch):
    def refuse(cards, kind):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    monkeypatch.setattr(backend.tf.config, "set_visible_devices", refuse)
    with pytest.raises(ConfigError, match=r"received gpu after .* Start one sweep for each"):
        backend.use_device("gpu")


def test_case_GPU_engine_of_a_card_without_a_card_is_refused(tiny_config, monkeypatch):
    monkeypatch.setattr(backend.tf.config, "list_physical_devices", lambda kind: [])
    config = tiny_config("engine=gpu")
    with pytest.raises(ConfigError, match=r"engine=gpu needs a graphics card .* engine=xla"):
        training.fit(config, loading.load(config.data))
