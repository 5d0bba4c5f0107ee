"""The four qualities of runs and of conditions, checked on histories small enough to read."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from fmnist_exp.report.statistics.qualities import (
    TARGET,
    RunQualities,
    quality_table,
    run_qualities,
)
from fmnist_exp.rundir import records

METRICS = {
    "train": {"loss": 0.1, "accuracy": 0.95},
    "validation": {"loss": 0.4, "accuracy": 0.9},
    "test": {"loss": 0.5, "accuracy": 0.88},
}


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
    assert tuple(columns) == HISTORY_COLUMNS
    return pd.DataFrame(columns)


GOOD = history([0.8, 0.86, 0.84, 0.87], [0.6, 0.4, 0.55, 0.5])


def test_convergence_is_the_first_epoch_at_the_target_and_all_seconds_until_then():
    found = run_qualities(GOOD, METRICS)
    assert (found.epochs_to_target, found.seconds_to_target) == (2, 5)


def test_the_target_is_reached_at_equality():
    assert run_qualities(history([TARGET], [1.0]), METRICS).epochs_to_target == 1


def test_a_target_that_is_never_reached_takes_for_ever():
    found = run_qualities(GOOD, METRICS, target=0.9)
    assert (found.epochs_to_target, found.seconds_to_target) == (math.inf, math.inf)


def test_stability_is_the_largest_rise_of_the_validation_loss():
    assert run_qualities(GOOD, METRICS).largest_rise == pytest.approx(0.15)


def test_a_loss_that_only_falls_never_rises():
    assert run_qualities(history([0.1, 0.2], [0.5, 0.4]), METRICS).largest_rise == 0


def test_one_epoch_says_nothing_of_stability():
    assert math.isnan(run_qualities(history([0.1], [0.5]), METRICS).largest_rise)


def test_overfitting_compares_the_splits_and_the_epochs():
    found = run_qualities(GOOD, METRICS)
    assert found.validation_gap == pytest.approx(0.05)
    assert found.generalization_gap == pytest.approx(0.07)
    assert (found.best_epoch, found.last_epoch) == (2, 4)
    assert found.loss_after_best == pytest.approx(0.1)


def test_a_diverged_run_keeps_what_it_reached():
    unmeasured = {split: {"loss": None, "accuracy": None} for split in records.SPLITS}
    found = run_qualities(history([0.86, 0.1], [0.5, math.nan]), unmeasured)
    assert (found.epochs_to_target, found.best_epoch) == (1, 1)
    assert np.isnan([found.test_accuracy, found.validation_gap, found.loss_after_best]).all()


@pytest.mark.parametrize("losses", [[], [math.nan]])
def test_a_run_without_any_finite_epoch_is_unknown(losses):
    found = run_qualities(history([0.1] * len(losses), losses), {})
    assert math.isnan(found.best_epoch)
    assert found.epochs_to_target == math.inf


def runs(*rows: tuple[str, str, dict]) -> pd.DataFrame:
    base = dataclasses.asdict(run_qualities(GOOD, METRICS))
    return pd.DataFrame(
        [{"condition": name, "status": status} | base | changed for name, status, changed in rows]
    )


def test_every_condition_has_a_row_in_order_of_appearance():
    table = quality_table(runs(("b", "completed", {}), ("a", "completed", {})))
    assert table["condition"].tolist() == ["b", "a"]
    assert table["num_runs"].tolist() == [1, 1]


def epochs(*values: float) -> list[tuple[str, str, dict]]:
    return [
        ("a", "completed", {"epochs_to_target": value, "seconds_to_target": 2 * value})
        for value in values
    ]


@pytest.mark.parametrize(
    ("values", "reached", "median"),
    [
        ((2, 3, 9), 3, 3),
        ((2, 3, math.inf), 2, 3),
        ((2, 3, math.inf, math.inf), 2, math.inf),
        ((math.inf,), 0, math.inf),
    ],
)
def test_runs_that_never_reach_the_target_are_counted_not_dropped(values, reached, median):
    row = quality_table(runs(*epochs(*values))).iloc[0]
    assert (row["num_runs"], row["num_reached"]) == (len(values), reached)
    assert row["epochs_to_target_median"] == median
    assert row["seconds_to_target_median"] == 2 * median


def test_diverged_runs_count_against_convergence_and_stability_only():
    lost = {"test_accuracy": math.nan, "largest_rise": math.nan, "epochs_to_target": math.inf}
    (row,) = quality_table(runs(("a", "completed", {}), ("a", "diverged", lost))).to_dict("records")
    assert (row["num_runs"], row["num_reached"], row["num_diverged"]) == (2, 1, 1)
    assert row["test_accuracy_mean"] == 0.88


def test_stability_has_the_sd_over_seeds_and_the_largest_rise_of_all():
    rises = [
        ("a", "completed", {"largest_rise": rise, "test_accuracy": value})
        for rise, value in ((0.1, 0.87), (0.2, 0.88), (0.6, 0.89))
    ]
    row = quality_table(runs(*rises)).iloc[0]
    assert row["test_accuracy_std"] == pytest.approx(0.01)
    assert (row["largest_rise_median"], row["largest_rise_max"]) == (0.2, 0.6)


def test_overfitting_has_means_with_intervals_over_seeds():
    gaps = [("a", "completed", {"validation_gap": gap}) for gap in (0.01, 0.02, 0.03)]
    row = quality_table(runs(*gaps)).iloc[0]
    # t(0.975, 2) / sqrt(3) = 2.484138
    assert row["validation_gap_mean"] == pytest.approx(0.02)
    assert row["validation_gap_ci_high"] == pytest.approx(0.02 + 0.02484138)
    assert (row["best_epoch_median"], row["last_epoch_median"]) == (2, 4)


def test_a_condition_whose_runs_all_diverged_has_a_row_without_means():
    lost = {field.name: math.nan for field in dataclasses.fields(RunQualities)}
    row = quality_table(runs(("a", "diverged", lost))).iloc[0]
    assert row["num_diverged"] == 1
    assert np.isnan([row["test_accuracy_mean"], row["best_epoch_median"]]).all()
