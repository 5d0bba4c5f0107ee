"""The qualities of a run, checked on histories small enough to read."""

import math

import numpy as np
import pandas as pd
import pytest

from fmnist_exp.report.runs.run import TARGET, qualities_of

METRICS = {"train_accuracy": 0.95, "validation_accuracy": 0.9, "test_accuracy": 0.88}


def history(accuracies: list[float], losses: list[float]) -> pd.DataFrame:
    """A history whose first epoch takes 3 seconds and every other one 2."""
    count = len(losses)
    columns = {
        "epoch": range(1, count + 1),
        "train_loss": losses,
        "train_accuracy": accuracies,
        "validation_loss": losses,
        "validation_accuracy": accuracies,
        "learning_rate": [1e-3] * count,
        "seconds": [3.0, *[2.0] * (count - 1)][:count],
    }
    return pd.DataFrame(columns)


GOOD = history([0.8, 0.86, 0.84, 0.87], [0.6, 0.4, 0.55, 0.5])


def test_convergence_is_the_first_epoch_at_the_target():
    found = qualities_of(GOOD, METRICS)
    assert found["epochs_to_target"] == 2


def test_the_target_is_reached_at_equality():
    assert qualities_of(history([TARGET], [1.0]), METRICS)["epochs_to_target"] == 1


def test_a_target_that_is_never_reached_takes_for_ever():
    assert qualities_of(history([0.1, 0.2], [0.5, 0.4]), METRICS)["epochs_to_target"] == math.inf


def test_stability_is_the_largest_rise_of_the_validation_loss():
    assert qualities_of(GOOD, METRICS)["largest_rise"] == pytest.approx(0.15)


def test_a_loss_that_only_falls_never_rises():
    assert qualities_of(history([0.1, 0.2], [0.5, 0.4]), METRICS)["largest_rise"] == 0


def test_one_epoch_says_nothing_of_stability():
    assert math.isnan(qualities_of(history([0.1], [0.5]), METRICS)["largest_rise"])


def test_overfitting_compares_the_splits_and_the_epochs():
    found = qualities_of(GOOD, METRICS)
    assert found["generalization_gap"] == pytest.approx(0.07)
    assert found["loss_after_best"] == pytest.approx(0.1)


def test_a_diverged_run_keeps_what_it_reached():
    unmeasured = dict.fromkeys(METRICS, math.nan)
    found = qualities_of(history([0.86, 0.1], [0.5, math.nan]), unmeasured)
    assert found["epochs_to_target"] == 1
    assert np.isnan([found["generalization_gap"], found["loss_after_best"]]).all()


def test_a_run_without_any_finite_epoch_is_unknown():
    found = qualities_of(history([0.1], [math.nan]), METRICS)
    assert math.isnan(found["loss_after_best"])
    assert found["epochs_to_target"] == math.inf


@pytest.mark.parametrize(("count", "seconds"), [(1, math.nan), (3, 2.0)])
def test_cost_leaves_out_the_first_epoch(count, seconds):
    found = qualities_of(history([0.1] * count, [0.5] * count), METRICS)
    assert found["epoch_seconds"] == pytest.approx(seconds, nan_ok=True)
