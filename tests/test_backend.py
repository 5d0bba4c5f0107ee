"""What the user's machine says about Keras does not change a run."""

import json

import pytest
from conftest import command

IMPORT = "from fmnist_exp.engine.backend import keras"
PRINT = f"{IMPORT}; print(keras.config.backend(), keras.config.floatx())"


@pytest.mark.parametrize("by_variable", [False, True])
def test_case_1_backends_and_precision_are_the_engine_s_own(tmp_path, by_variable):
    (tmp_path / ".keras").mkdir()
    foreign = {"floatx": "float16", "backend": "jax"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(foreign))
    # A notebook sets MPLBACKEND for every command of its cells, and Keras imports pyplot: case 1.
    notebook = "module://matplotlib_inline.backend_inline"
    variables = {"KERAS_BACKEND": "torch", "MPLBACKEND": notebook} if by_variable else {}
    result = command("-c", PRINT, HOME=str(tmp_path), **variables)
    assert result.stdout.split() == ["tensorflow", "float32"], result.stderr
