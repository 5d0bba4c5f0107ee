"""The summary counts and averages what it says."""

import numpy as np
import pytest
from study import found_in, write_run

from fmnist_exp.report.csv_files import SUMMARIZED, summarize


@pytest.fixture
def summary(tmp_path):
    """Completed and diverged runs with Glorot, a failed, a stopped and a pruned one with He."""
    for seed, accuracy in enumerate((0.7, 0.8, 0.9, 0.8, 0.8)):
        write_run(tmp_path / str(seed), f"seed={seed}", accuracy=accuracy)
    write_run(tmp_path / "x", "seed=5", status="diverged", accuracy=0.1)
    write_run(tmp_path / "y", "initializer=he", status="failed")
    write_run(tmp_path / "z", "initializer=he", "seed=1", status="interrupted")
    write_run(tmp_path / "6", "initializer=he", "seed=2", status="pruned")
    return summarize(found_in(tmp_path))


def test_statistics_rest_on_completed_runs(summary):
    first = summary.iloc[0]
    assert (first.num_runs, first.num_diverged, first.num_failed) == (5, 1, 0)
    assert first.test_accuracy_mean == pytest.approx(0.8)
    assert first.test_accuracy_std == pytest.approx(0.005**0.5)
    # t(0.975, 4) * sqrt(0.005) / sqrt(5) = 0.08779891
    assert first.test_accuracy_ci_low == pytest.approx(0.8 - 0.08779891)
    assert first.test_accuracy_ci_high == pytest.approx(0.8 + 0.08779891)


def test_condition_without_completed_runs_keeps_its_row(summary):
    second = summary.iloc[1]
    assert (second.initializer, second.num_runs, second.num_failed) == ("he_normal", 0, 1)
    assert (second.num_pruned, second.num_interrupted) == (1, 1)
    assert np.isnan(second.test_accuracy_mean)


def test_every_metric_has_mean_spread_and_interval_and_test_accuracy_an_ensemble(summary):
    parts = ("mean", "std", "ci_low", "ci_high")
    expected = ["initializer", "num_runs", "num_diverged", "num_pruned", "num_failed"]
    expected.append("num_interrupted")
    expected += [f"{metric}_{part}" for metric in SUMMARIZED for part in parts]
    expected += ["ensemble_test_accuracy", "ensemble_runs"]
    assert list(summary) == expected
