"""Figures show the conditions with results, in the order of the tables."""

import numpy as np
from study import write_run

from fmnist_exp.report.runs.sweeps import read_study
from fmnist_exp.report.shown import shown_conditions


def test_only_conditions_with_completed_runs_are_shown(tmp_path):
    write_run(tmp_path / "0", status="failed")
    write_run(tmp_path / "1", "initializer=he", accuracy=0.7)
    write_run(tmp_path / "2", "initializer=he", "seed=1", accuracy=0.9)
    (condition,) = shown_conditions(read_study([tmp_path]))
    assert (condition.index, condition.label, condition.name) == (0, "he_normal", "he_normal")
    np.testing.assert_array_equal(condition.numbers("test", "accuracy"), [0.7, 0.9])
    assert condition.class_names == ["a", "b", "c"]


def test_numbers_of_names_that_look_alike_are_rows_of_the_table(tmp_path):
    for number, status in enumerate(("failed", "completed", "completed")):
        name = "a" * 60 + str(number) + "b" * 60
        write_run(tmp_path / str(number), f"initializer.name={name}", status=status)
    shown = shown_conditions(read_study([tmp_path]))
    assert [condition.name[:3] for condition in shown] == ["2: ", "3: "]
