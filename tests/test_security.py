"""Config values are data: they run no code, leave no directory and leak no secret."""

import pytest
from conftest import config_of, train

from fmnist_exp.errors import ConfigError
from fmnist_exp.preflight import plan_command_line
from fmnist_exp.records import model_name

HOSTILE = {
    "+model._target_=os.system": "model._target_ is not a key",
    "+initializer.config._target_=os.system": "_target_ is not an argument",
    "initializer.class_name=builtins.open": "must name one of Keras's initializers",
    "optimizer.class_name=keras.saving.load_model": "must name one of Keras's optimizers",
    "+training.callbacks.evil={_target_:os.system,class_name:EarlyStopping,config:{}}": (
        "_target_ is not a key"
    ),
    "+training.callbacks.evil={class_name:LambdaCallback,config:{}}": "must name one of Keras's",
    "+training.callbacks.evil={class_name:CSVLogger,config:{filename:/x}}": "must name one of",
    "model.name=${oc.env:HOME}": "must not come from an environment variable",
    "+optimizer.config.clipnorm=${oc.env:SECRET,1}": "must not come from an environment variable",
}


@pytest.mark.parametrize("override", HOSTILE)
def test_hostile_value_is_refused(override):
    with pytest.raises(ConfigError, match=HOSTILE[override].replace("'", ".")):
        config_of(override)


@pytest.mark.parametrize("option", ["../../evil", "/etc/evil", "sub/evil", ".evil", "a\\b"])
def test_model_name_is_never_a_path(option):
    name = model_name({"initializer": option})
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")


def test_run_cannot_be_sent_out_of_its_sweep(tmp_path):
    sweep = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    with pytest.raises(ConfigError, match=r"hydra.sweep.subdir must stay as it is"):
        plan_command_line(["--multirun", "hydra.sweep.subdir=../../x", "seed=1,2", sweep])
    assert list(tmp_path.iterdir()) == []


def test_secret_in_the_environment_reaches_no_file(tmp_path):
    secret = "correct horse battery staple"
    train("data=synthetic", "training=smoke", f"hydra.run.dir={tmp_path / 'r'}", SECRET=secret)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()
