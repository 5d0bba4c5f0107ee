"""The command line: bad input ends in one clear message and leaves nothing behind."""

import re
import sys

import pytest

from fmnist_exp.errors import RecordError
from fmnist_exp.run import runner
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
        r"monitor must be .* or 'val_loss', received 'val_acc'",
    ),
    "last run of a sweep": (["--multirun", "seed=0,1,-1"], r"seed must be .* received -1"),
    "two experiments": (
        ["--multirun", "experiment=smoke,regularized"],
        r"factor of a sweep must be a key of its runs, received 'experiment=smoke,regularized'",
    ),
    "sweep without multirun": (["experiment=smoke"], r"Run it with: .* --multirun experiment="),
    "choice without multirun": (["seed=0,1"], r"seed=0,1 names several values"),
    "missing data": (["data.dir=/nowhere"], r"cannot read the folder /nowhere: No such file"),
    "missing data in a sweep": (
        ["--multirun", "data=synthetic,fashion_mnist", "data.dir=null,/nowhere"],
        r"data.dir is read by data=fashion_mnist and data=idx only",
    ),
    "too many test images": (
        ["data=digits", "data.num_test=361"],
        r"data.num_test must be at most 360, received 361",
    ),
    "large batch in a sweep by override": (
        ["hydra.mode=MULTIRUN", "data=synthetic", "training.batch_size=8,1601"],
        r"training.batch_size must be at most the 1600 images .* received 1601",
    ),
    "bad value in a group of one's own": (
        ["--config-dir", "OWN", "training=own"],
        r"training.epochs must be .* received 0",
    ),
    "another primary config": (["--config-name", "other"], r"--config-name is not an option"),
    "another config folder": (["--config-path", "other"], r"--config-path is not an option"),
    "a pickle": (["--experimental-rerun", "x.pkl"], r"--experimental-rerun is not an option"),
    "sweep without a run": (["--multirun", "seed=range(0)"], r"must have at least one run"),
    "folder as a name": (["model.name=a/b"], r"model.name must match .* received 'a/b'"),
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
def test_E24_bad_command_is_refused_and_leaves_nothing(case, tmp_path, own_groups, train_here):
    arguments, message = BAD_COMMANDS[case]
    arguments = [str(own_groups) if argument == "OWN" else argument for argument in arguments]
    many = "--multirun" in arguments or "hydra.mode=MULTIRUN" in arguments
    ended = train_here(*arguments, f"hydra.{'sweep' if many else 'run'}.dir={tmp_path / 'out'}")
    assert ended.status == 2, ended.err
    assert re.search(message, ended.err), ended.err
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_recipe_of_ones_own_is_trained(tmp_path, own_groups, train_here):
    settings = ("--config-dir", own_groups, "training=own", "training.epochs=1", "data=synthetic")
    ended = train_here(*settings, f"hydra.run.dir={tmp_path / 'run'}")
    assert ended.status == 0, ended.err
    assert read_record(tmp_path / "run").choices["training"] == "own"


@pytest.mark.parametrize("where", ["file/run", "../proc/run"])
def test_unwritable_directory_is_refused_before_training(where, tmp_path, train_here):
    (tmp_path / "file").write_text("")
    folder = f"{tmp_path}/file/run" if where == "file/run" else "/proc/run"
    ended = train_here("data=synthetic", f"hydra.run.dir={folder}")
    assert ended.status == 2
    assert re.search(rf"RecordError: cannot write {folder}.*hydra.run.dir=DIR", ended.err)
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("mode", [["seed=1,2", "--multirun"], ["seed=1"]])
def test_case_O12_store_is_checked_before_the_first_run(mode, tmp_path, monkeypatch, train_here):
    """A store that cannot be made where the command is given, and output elsewhere."""
    (tmp_path / "runs").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    out = [f"hydra.{name}.dir={tmp_path / 'out'}" for name in ("run", "sweep")]
    ended = train_here("data=synthetic", *out, *mode, "reuse=true")
    assert ended.status == 2
    assert ended.err.startswith(f"RecordError: cannot lock {tmp_path / 'runs'}")
    assert "choose another store with store=DIR, or train without one with reuse=fal" in ended.err
    assert "hydra." not in ended.err
    assert not (tmp_path / "out").exists()


ERRORS = [(RecordError("cannot write x"), 2), (ValueError("odd"), 1)]


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=str)
def test_error_of_a_run_in_a_sweep_is_one_line_and_the_others_run(
    error, status, tmp_path, monkeypatch, train_here
):
    begun = []

    def run(config, *arguments, **options):
        begun.append(config.seed)
        if config.seed == 1:
            raise error

    monkeypatch.setattr(runner, "run", run)
    sweep = ("--multirun", "seed=1,2,3", f"hydra.sweep.dir={tmp_path}")
    ended = train_here("data=synthetic", *sweep)
    assert begun == [1, 2, 3]
    assert ended.status == status
    assert ("RecordError: cannot write x\n" in ended.err) == (status == 2)
    assert "overrides" not in ended.err
    assert "Traceback" not in ended.err
    assert (tmp_path / "multirun.yaml").exists()


def test_error_of_a_single_run_is_raised_as_it_is(tmp_path, monkeypatch, train_here):
    def fail(*arguments, **options):
        raise ValueError("odd")

    monkeypatch.setattr(runner, "run", fail)
    with pytest.raises(ValueError, match="odd"):
        train_here("data=synthetic", f"hydra.run.dir={tmp_path / 'run'}")


def test_a_sweep_runs_in_one_directory_and_leaves_the_command_line(
    tmp_path, monkeypatch, train_here
):
    """The name of the directory tells the time, which goes on."""
    given = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "run", lambda config, run_dir, *rest, **how: given.append(run_dir))
    ended = train_here("data=synthetic", "seed=1,2", "--multirun")
    (study,) = tmp_path.glob("multirun/*/*/study.json")
    assert given == [study.parent / "0", study.parent / "1"]
    assert sys.argv[1:] == ["data=synthetic", "seed=1,2", "--multirun", "reuse=false"]
    assert ended.out.startswith(f"2 runs into {study.parent}\n")
