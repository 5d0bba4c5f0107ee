"""Conditions are sorted by their accuracy and ranked by verdicts, and compared in a table."""

import numpy as np
import pytest
from study import found_in, write_run, write_sweep

from fmnist_exp.report.page import condition_tables
from fmnist_exp.report.page.condition_tables import all_comparisons, leaderboards

GOOD, POOR = (0.80, 0.81, 0.80, 0.82, 0.80), (0.60, 0.61, 0.62, 0.60, 0.60)
MINUS = "\N{MINUS SIGN}"


def rows_of(folder):
    """Rows of the first leaderboard."""
    return leaderboards(found_in(folder))[0].rows


def test_case_O6_each_data_set_has_a_leaderboard_of_its_own(tmp_path):
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    for seed in range(5):
        write_run(tmp_path / f"x{seed}", "data=digits", "initializer=he", f"seed={seed}")
    first, second = leaderboards(found_in(tmp_path))
    assert [row[1:3] for row in first.rows] == [
        ["synthetic", "he_normal"],
        ["synthetic", "lecun_normal"],
    ]
    assert [row[1:3] for row in second.rows] == [["digits", "he_normal"]]
    assert (first.caption[:10], second.caption[:7]) == ("synthetic.", "digits.")


def test_highest_accuracy_comes_first_and_conditions_without_results_last(tmp_path):
    write_run(tmp_path / "x", "initializer=orthogonal", status="failed")
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    rows = rows_of(tmp_path)
    assert [row[1] for row in rows] == ["he_normal", "lecun_normal", "orthogonal"]
    assert rows[-1][2:5] == ["0", "1", "-"]  # none completed, one failed


def test_rows_beyond_the_cap_are_those_of_lower_accuracy(tmp_path, monkeypatch):
    monkeypatch.setattr(condition_tables, "MAX_ROWS", 1)
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    assert [row[1] for row in rows_of(tmp_path)] == ["he_normal"]


@pytest.mark.parametrize(
    ("third", "ranks"),
    [
        (0.5, {"he_normal": "1", "lecun_normal": "2", "glorot_uniform": "3"}),
        (0.6, {"he_normal": "1", "lecun_normal": "2 to 3", "glorot_uniform": "2 to 3"}),
    ],
)
def test_rank_is_what_the_verdicts_leave_open(tmp_path, third, ranks):
    offsets = np.array([0, 1, 2, 0, 0]) / 10_000
    arms = {"he": 0.8 + offsets, "lecun": 0.6 + offsets, "glorot": third + offsets[::-1]}
    write_sweep(tmp_path, arms, images=100_000)
    assert {row[1]: row[0] for row in rows_of(tmp_path)} == ranks


def test_conditions_without_any_verdict_are_not_told_apart(tmp_path):
    write_sweep(tmp_path, {"he": GOOD[:3], "lecun": POOR[:3]})
    assert {row[0] for row in rows_of(tmp_path)} == {"not told apart"}


def compared(folder):
    return all_comparisons(found_in(folder)).rows


def test_comparison_is_read_in_percentage_points(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    first, second, *_ = compared(tmp_path)
    pair = ["lecun_normal", "he_normal", "5"]
    assert first[:5] == ["test accuracy", *pair, f"{MINUS}20.00 pp"]
    assert second[:5] == ["test loss", *pair, "+0.2000"]
    assert (first[-1], second[-1]) == ("worse", "-")
    assert len(first) == len(second)


def test_identical_runs_have_a_verdict_and_no_statistics(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8), "lecun": (0.7, 0.8)}, answers=True)
    row, *_ = compared(tmp_path)
    assert row[1:] == ["lecun_normal", "he_normal", "2", "0.00 pp", *["-"] * 4, "identical"]


def test_conditions_without_common_seed_have_no_numbers(tmp_path):
    write_run(tmp_path / "0", "initializer=he", "seed=0")
    write_run(tmp_path / "1", "initializer=lecun", "seed=1")
    row, *_ = compared(tmp_path)
    assert row[3:] == ["0", *["-"] * 5, "exploratory"]
