"""A tuned sweep that is stopped anywhere goes on as if it had not been."""

import dataclasses
import re

import numpy as np
import pytest
from conftest import ROOT, command
from tuning_study import SMALL, trials_of, tune

from fmnist_exp.data import loading
from fmnist_exp.rundir import plan, records
from fmnist_exp.tuning.proposals import Proposals

LOAD = loading.load  # before a test puts another in its place
LEARNING = "hydra.sweeper.random_trials=2"  # later trials are proposed from what was learned


def total(number):
    return f"hydra.sweeper.num_trials={number}"


def values(sweep_dir):
    return [trial.values for trial in trials_of(sweep_dir)]


def load_shuffled(config):
    """The data with shuffled test labels."""
    splits = LOAD(config)
    labels = np.random.default_rng(0).permutation(splits.test.labels)
    return dataclasses.replace(splits, test=dataclasses.replace(splits.test, labels=labels))


# Test labels are shuffled; the process dies after the first epoch of trial 4.
PLANTED = """
import os
from fmnist_exp import train
from fmnist_exp.data import loading
from fmnist_exp.run import runner
from tuning.test_stopped import load_shuffled
loading.load = load_shuffled
run = runner.run
def run_or_die(*arguments, on_epoch, **options):
    def die(row, num_saved):
        if arguments[1].name == "4":
            os._exit(9)
        on_epoch(row, num_saved)
    return run(*arguments, on_epoch=die, **options)
runner.run = run_or_die
train.main()
"""


@pytest.mark.slow
def test_killed_study_and_shuffled_test_labels_change_no_choice(tmp_path, train_here, monkeypatch):
    def arguments(name):
        limits = ("hydra.sweeper.prune_after_trials=2", "hydra.sweeper.prune_after_epochs=1")
        sizes = (*SMALL, "data.num_train=400", "data.num_test=100")
        recipe = ("training.epochs=4", "training.batch_size=32")
        into = (f"hydra.sweep.dir={tmp_path / name}", f"store={tmp_path / f'{name} runs'}")
        factors = ("model.hidden=[16]", "model.dropout=0")  # one program for all trials
        sweep = ("--multirun", "experiment=tune", total(6), LEARNING, *limits)
        return [*sweep, *sizes, *recipe, *factors, *into]

    whole = train_here(*arguments("a"))
    assert whole.status == 0, whole.err
    modules = f"{ROOT}:{ROOT / 'tests'}"
    killed = command("-c", PLANTED, *arguments("b"), PYTHONPATH=modules)
    assert killed.returncode == 9, killed.stderr
    assert len(values(tmp_path / "b")) == 5
    monkeypatch.setattr(loading, "load", load_shuffled)
    resumed = train_here(*arguments("b"))
    assert resumed.status == 0, resumed.err
    runs = {
        name: [records.read_record(tmp_path / name / str(number)) for number in range(6)]
        for name in "ab"
    }
    assert {"completed", "pruned"} == {run.status for run in runs["a"]}
    assert [run.status for run in runs["b"]] == [run.status for run in runs["a"]]
    asked = [
        [(trial.values, trial.prune_below) for trial in trials_of(tmp_path / name)] for name in "ab"
    ]
    assert asked[0] == asked[1]
    told = [re.search("^best: trial .*", each, re.M) for each in (whole.out, resumed.out)]
    assert told[0][0] == told[1][0]
    done = [run for run in zip(runs["a"], runs["b"], strict=True) if run[0].status == "completed"]
    for ours, shuffled in done:
        assert shuffled.metrics["validation"] == ours.metrics["validation"]
        assert shuffled.metrics["test"] != ours.metrics["test"]


KILLED_AFTER = {"proposal": (Proposals, "propose"), "plan of a trial": (plan, "write_run")}


@pytest.mark.slow
@pytest.mark.parametrize("last", KILLED_AFTER)
@pytest.mark.parametrize("num_trials", [1, 3])
def test_study_killed_between_two_of_its_files_goes_on(last, num_trials, tmp_path, monkeypatch):
    where, name = KILLED_AFTER[last]
    real, calls = getattr(where, name), []

    def die(*arguments):
        done = real(*arguments)
        calls.append(arguments)
        if len(calls) == num_trials:
            raise KeyboardInterrupt
        return done

    with monkeypatch.context() as patched:
        patched.setattr(where, name, die)
        with pytest.raises(KeyboardInterrupt):
            tune(tmp_path / "a", total(4), LEARNING)
    tune(tmp_path / "a", total(4), LEARNING)
    tune(tmp_path / "b", total(4), LEARNING)
    assert values(tmp_path / "a") == values(tmp_path / "b")
    assert not [each for each in values(tmp_path / "a") if not each]
