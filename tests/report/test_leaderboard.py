"""Conditions are sorted by their accuracy, and compared in a table."""

from study import found_in, write_run, write_sweep

from fmnist_exp.report.page import condition_tables
from fmnist_exp.report.page.condition_tables import comparison_table, leaderboards
from fmnist_exp.report.runs.study import read_study

GOOD, POOR = (0.80, 0.81, 0.80, 0.82, 0.80), (0.60, 0.61, 0.62, 0.60, 0.60)


def test_case_O6_each_data_set_has_a_leaderboard_of_its_own(tmp_path):
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    for seed in range(5):
        write_run(tmp_path / f"x{seed}", "data=digits", "initializer=he", f"seed={seed}")
    first, second = leaderboards(read_study([tmp_path]))
    assert [row[:2] for row in first.rows] == [
        ["synthetic", "he_normal"],
        ["synthetic", "lecun_normal"],
    ]
    assert [row[:2] for row in second.rows] == [["digits", "he_normal"]]
    assert (first.caption[:10], second.caption[:7]) == ("synthetic.", "digits.")


def test_highest_accuracy_comes_first_and_conditions_without_results_last(tmp_path):
    write_run(tmp_path / "x", "initializer=orthogonal", status="failed")
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    rows = leaderboards(read_study([tmp_path]))[0].rows
    assert [row[0] for row in rows] == ["he_normal", "lecun_normal", "orthogonal"]
    assert rows[-1][1:4] == ["0", "1", "-"]  # none completed, one failed


def test_rows_beyond_the_cap_are_those_of_lower_accuracy(tmp_path, monkeypatch):
    monkeypatch.setattr(condition_tables, "MAX_ROWS", 1)
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    assert [row[0] for row in leaderboards(read_study([tmp_path]))[0].rows] == ["he_normal"]


def compared(folder):
    return comparison_table(found_in(folder)).rows


def test_comparison_is_read_in_percentage_points(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    first, second = compared(tmp_path)
    pair = ["lecun_normal", "he_normal", "5"]
    assert first[:5] == ["test accuracy", *pair, "\N{MINUS SIGN}20.00 pp"]
    assert second[:5] == ["test loss", *pair, "+0.2000"]
    assert (first[-1], second[-1]) == ("worse", "worse")


def test_identical_runs_have_a_verdict_and_no_statistics(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8), "lecun": (0.7, 0.8)}, answers=True)
    row, _ = compared(tmp_path)
    assert row[1:] == ["lecun_normal", "he_normal", "2", "0.00 pp", *["-"] * 3, "identical"]


def test_conditions_without_common_seed_have_no_numbers(tmp_path):
    write_run(tmp_path / "0", "initializer=he", "seed=0")
    write_run(tmp_path / "1", "initializer=lecun", "seed=1")
    row, _ = compared(tmp_path)
    assert row[3:] == ["0", *["-"] * 4, "exploratory"]
