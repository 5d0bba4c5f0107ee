"""The command line: bad input ends in one clear message and leaves nothing behind."""

import re

import pytest
from conftest import train

# arguments -> what standard error must say
BAD_COMMANDS = {
    "unknown option": (["model=nope"], r"Could not find 'model/nope'[\s\S]*baseline"),
    "unknown recipe": (["training=nope"], r"Could not find 'training/nope'[\s\S]*smoke"),
    "mistyped key": (["training.epohcs=3"], r"training.epohcs is not a key.* mean training.epochs"),
    "added key": (["+training.epohcs=3"], r"training.epohcs is not a key .* received 3"),
    "no epochs": (["training.epochs=0"], r"training.epochs must be .* received 0"),
    "no batch": (["training.batch_size=0"], r"training.batch_size must be .* received 0"),
    "large batch": (
        ["data=synthetic", "training.batch_size=1601"],
        r"training.batch_size must be at most the 1600 images .* received 1601",
    ),
    "fraction": (["data.validation_fraction=1.5"], r"validation_fraction must be .* received 1.5"),
    "negative rate": (
        ["optimizer.config.learning_rate=-1"],
        r"learning_rate must be .*received -1",
    ),
    "text as rate": (["optimizer.config.learning_rate=abc"], r"learning_rate .* received 'abc'"),
    "unknown class": (["optimizer.class_name=Adm"], r"received 'Adm'. Did you mean Adam"),
    "unknown argument": (["+optimizer.config.beta1=0.9"], r"beta1 is not an argument of Keras's"),
    "absent metric": (
        ["model=regularized", "training.callbacks.early_stopping.config.monitor=val_acc"],
        r"monitor must be one of .* received 'val_acc'",
    ),
    "last run of a sweep": (["--multirun", "seed=0,1,-1"], r"seed must be .* received -1"),
    "two experiments": (
        ["--multirun", "experiment=smoke,regularized"],
        r"experiment must name one experiment",
    ),
    "sweep without multirun": (["experiment=smoke"], r"Run it with: .* --multirun experiment="),
    "choice without multirun": (["seed=0,1"], r"Ambiguous value for argument 'seed=0,1'"),
    "missing data": (["data.dir=/nowhere"], r"there is no /nowhere/train-images-idx3-ubyte"),
    "nonsense": (["=3"], r"Every override must read KEY=VALUE, received '=3"),
}


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_bad_command_is_refused_and_leaves_nothing(case, tmp_path):
    arguments, message = BAD_COMMANDS[case]
    folder = "sweep" if "--multirun" in arguments else "run"
    result = train(*arguments, f"hydra.{folder}.dir={tmp_path / 'out'}")
    assert result.returncode != 0
    assert re.search(message, result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    assert not list((tmp_path).rglob("run.json"))


def test_wrong_value_leaves_no_directory(tmp_path):
    train("training.epochs=0", f"hydra.run.dir={tmp_path / 'out'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["file/run", "../proc/run"])
def test_unwritable_directory_is_refused_before_training(where, tmp_path):
    (tmp_path / "file").write_text("")
    folder = f"{tmp_path}/file/run" if where == "file/run" else "/proc/run"
    result = train("data=synthetic", f"hydra.run.dir={folder}")
    assert result.returncode == 2
    assert re.search(rf"RecordError: cannot write {folder}.*hydra.run.dir=DIR", result.stderr)
    assert "Traceback" not in result.stderr
