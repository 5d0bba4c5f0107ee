"""A trial is given up by its validation accuracy, and chosen by it alone."""

from dataclasses import replace

import pytest
from conftest import config_of
from study import change_record, write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records
from fmnist_exp.tuning.trials import (
    Trial,
    Trials,
    best_trial,
    read_result,
    read_results,
    read_trial,
    read_trials,
    validation_accuracy,
    write_trials,
)

TRIAL = Trial({"model.dropout": "0.1"}, ["model.dropout=0.1"], [None, 0.6, 0.7])
CONFIG = config_of("data=synthetic").plain()


def test_trials_survive_their_file(tmp_path):
    begun = Trials({"settings": {"sampler_seed": 0}}, [TRIAL])
    write_trials(tmp_path, begun)
    assert read_trials(tmp_path) == begun
    assert read_trial(tmp_path, 0) == TRIAL
    assert read_trial(tmp_path, 1) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"begun_with": {}, "trials": [{"a": 1}]}'])
def test_damaged_file_is_refused(tmp_path, content):
    (tmp_path / records.TRIALS).write_text(content)
    with pytest.raises(RecordError, match="it must hold the trials of a study"):
        read_trials(tmp_path)


def set_accuracies(run_dir, *, test, validation):
    def change(values):
        values["metrics"]["test"] = {"loss": 0.5, "accuracy": test}
        values["metrics"]["validation"] = {"loss": 0.5, "accuracy": validation}

    change_record(run_dir, change)


def test_the_best_trial_has_the_best_validation_accuracy_whatever_its_test_accuracy(tmp_path):
    ends = {0: "completed", 1: "completed", 2: "completed", 3: "diverged", 4: "pruned", 5: "failed"}
    for number, status in ends.items():
        write_run(tmp_path / str(number), status=status, accuracy=0.99)
    for number, test, validation in ((0, 0.9, 0.5), (1, 0.1, 0.6), (2, 0.8, 0.6)):
        set_accuracies(tmp_path / str(number), test=test, validation=validation)
    results = read_results(tmp_path, [replace(TRIAL, config=CONFIG)] * 7)
    assert best_trial(results) == 1
    assert [None if each is None else validation_accuracy(each) for each in results] == [
        *(0.5, 0.6, 0.6, 0.0),
        *(None, None, None),
    ]
    assert [each is None for each in results] == [False] * 5 + [True, True]


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_result_is_a_record_of_the_config_wherever_it_was_trained(tmp_path, seed, same):
    """A worker knows its graphics card and keys its run by it; who proposed the trial may not."""
    write_run(tmp_path / "0", f"seed={seed}", run_key="with the name of a card")
    change_record(tmp_path / "0", lambda values: values["config"]["data"].update(dir="/there"))
    found = read_result(tmp_path, 0, replace(TRIAL, config=CONFIG))
    assert (found is not None) == same


def test_trials_of_former_code_are_found_by_their_keys(tmp_path):
    for number, key in enumerate(("key", "another")):
        write_run(tmp_path / str(number), run_key=key)
    found = read_results(tmp_path, [replace(TRIAL, run_key="key")] * 2)
    assert [each is None for each in found] == [False, True]
