"""A trial is chosen by its validation accuracy alone."""

import pytest
from conftest import config_of
from study import change_record, write_run

from fmnist_exp.rundir.plan import (
    PlannedRun,
    best_trial,
    described,
    read_result,
    validation_accuracy,
)


def trial(number):
    return PlannedRun(
        number=number,
        directory=str(number),
        overrides=("model.dropout=0.1",),
        config=config_of("data=synthetic").plain(),
        values={"model.dropout": "0.1", "model.hidden": "[64]"},
    )


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
    results = {number: read_result(tmp_path, trial(number)) for number in range(7)}
    assert best_trial(results) == (1, 0.6)
    found = {number: record for number, record in results.items() if record is not None}
    accuracies = [validation_accuracy(record) for record in found.values()]
    assert list(found) == [0, 1, 2, 3, 4]  # 5 has failed, 6 has not begun
    assert accuracies == [0.5, 0.6, 0.6, 0.0, None]
    assert best_trial({3: found[3], 4: found[4], 5: None}) is None


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_result_is_a_record_of_the_config_of_the_trial(tmp_path, seed, same):
    write_run(tmp_path / "0", f"seed={seed}")
    assert (read_result(tmp_path, trial(0)) is not None) == same


def test_values_are_described_as_overrides():
    assert described(trial(0).values) == "model.dropout=0.1 model.hidden=[64]"
