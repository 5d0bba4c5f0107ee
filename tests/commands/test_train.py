"""The command line: bad input ends in one clear message and leaves nothing behind."""

import logging
import re
import sys

import pytest
from conftest import train
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import CompactHydraException

from fmnist_exp import train as entrypoint
from fmnist_exp.rundir.records import read_record

# arguments -> what standard error must say
BAD_COMMANDS = {
    "unknown option": (
        ["model=nope"],
        r"model must name an option, received 'nope'. Known: baseline",
    ),
    "unknown recipe": (
        ["training=nope"],
        r"training must name an option, received 'nope'. .*smoke",
    ),
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
    "choice without multirun": (["seed=0,1"], r"seed=0,1 names several values"),
    "missing data": (["data.dir=/nowhere"], r"there is no folder /nowhere\."),
    "missing data in a sweep": (
        ["--multirun", "data=synthetic,fashion_mnist", "data.dir=null,/nowhere"],
        r"data.dir is read by data=fashion_mnist only",
    ),
    "too many test images": (
        ["data=digits", "data.num_test=361"],
        r"data.num_test must be at most 360, received 361",
    ),
    "large batch in a sweep by override": (
        ["hydra.mode=MULTIRUN", "data=synthetic", "training.batch_size=8,1601"],
        r"training.batch_size must be at most the 1600 images .* received 1601",
    ),
    "model without a recipe": (
        ["--config-dir", "OWN", "model=mine"],
        r"model=mine brings no recipe of its own: there is no training/mine.yaml",
    ),
    "bad value in a group of one's own": (
        ["--config-dir", "OWN", "training=own"],
        r"training.epochs must be .* received 0",
    ),
    "another primary config": (["--config-name", "other"], r"--config-name is not supported"),
    "another config folder": (["--config-path", "other"], r"--config-path is not supported"),
    "a pickle": (["--experimental-rerun", "x.pkl"], r"--experimental-rerun is not supported"),
    "sweep without a run": (["--multirun", "seed=range(0)"], r"must have at least one run"),
    "folder as a name": (["model.name=a/b"], r"model.name must be a name .* received 'a/b'"),
    "no folder of one's own": (["--config-dir", "/nowhere"], r"--config-dir must name a folder"),
    "nonsense": (["=3"], r"Every override must read KEY=VALUE, received '=3"),
}


@pytest.fixture(scope="module")
def own_groups(tmp_path_factory):
    """A folder with a recipe of the user's own, for --config-dir."""
    folder = tmp_path_factory.mktemp("own groups")
    (folder / "training").mkdir()
    recipe = "name: own\nepochs: 0\nbatch_size: 8\ncallbacks: {}\n"
    (folder / "training" / "own.yaml").write_text(recipe)
    (folder / "model").mkdir()
    model = "name: mine\nhidden: [8]\nactivation: relu\nbatch_normalization: false\ndropout: 0\n"
    (folder / "model" / "mine.yaml").write_text(model)
    return folder


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_E24_bad_command_is_refused_and_leaves_nothing(case, tmp_path, own_groups):
    arguments, message = BAD_COMMANDS[case]
    arguments = [str(own_groups) if argument == "OWN" else argument for argument in arguments]
    many = "--multirun" in arguments or "hydra.mode=MULTIRUN" in arguments
    result = train(*arguments, f"hydra.{'sweep' if many else 'run'}.dir={tmp_path / 'out'}")
    assert result.returncode == 2, result.stderr
    assert re.search(message, result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_recipe_of_ones_own_is_trained(tmp_path, own_groups):
    settings = ("--config-dir", own_groups, "training=own", "training.epochs=1", "data=synthetic")
    result = train(*settings, f"hydra.run.dir={tmp_path / 'run'}")
    assert result.returncode == 0, result.stderr
    assert read_record(tmp_path / "run").choices["training"] == "own"


@pytest.mark.parametrize("where", ["file/run", "../proc/run"])
def test_unwritable_directory_is_refused_before_training(where, tmp_path):
    (tmp_path / "file").write_text("")
    folder = f"{tmp_path}/file/run" if where == "file/run" else "/proc/run"
    result = train("data=synthetic", f"hydra.run.dir={folder}")
    assert result.returncode == 2
    assert re.search(rf"RecordError: cannot write {folder}.*hydra.run.dir=DIR", result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("mode", [["seed=1,2", "--multirun"], ["seed=1"]])
def test_case_O12_store_is_checked_before_the_first_run(mode, tmp_path, monkeypatch, capsys):
    """A store that cannot be made where the command is given, and output elsewhere."""
    (tmp_path / "runs").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging, "raiseExceptions", True)  # main sets both; they are put back
    monkeypatch.setattr(entrypoint.signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(entrypoint, "run_composed", lambda: pytest.fail("a run was started"))
    out = [f"hydra.{name}.dir={tmp_path / 'out'}" for name in ("run", "sweep")]
    monkeypatch.setattr(sys, "argv", ["train", "data=synthetic", *out, *mode])
    with pytest.raises(SystemExit, match="2"):
        entrypoint.main()
    said = capsys.readouterr().err
    assert said.startswith(f"StoreError: cannot write {tmp_path / 'runs'}")
    assert "Choose another store with store=DIR, or train without one with reuse=false" in said
    assert "hydra." not in said
    assert not (tmp_path / "out").exists()


def test_error_of_a_run_is_one_line_without_words_of_hydra(capsys):
    job = JobReturn(status=JobStatus.FAILED)
    job.return_value = CompactHydraException("RecordError: cannot write x")
    with pytest.raises(SystemExit, match="2"):
        entrypoint._value_of_job(job)
    assert capsys.readouterr().err == "RecordError: cannot write x\n"


def test_a_sweep_runs_in_the_directory_that_was_planned(tmp_path, monkeypatch):
    """Hydra composes anew, a moment later, and the name of the directory tells the time."""
    given = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging, "raiseExceptions", True)  # main sets both; they are put back
    monkeypatch.setattr(entrypoint.signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(entrypoint, "run_composed", lambda: given.extend(sys.argv))
    monkeypatch.setattr(sys, "argv", ["train", "data=synthetic", "seed=1,2", "--multirun"])
    entrypoint.main()
    (plan,) = tmp_path.glob("multirun/*/*/plan.json")
    into = f"hydra.sweep.dir={plan.parent}"
    assert given == ["train", "data=synthetic", "seed=1,2", into, "--multirun"]
