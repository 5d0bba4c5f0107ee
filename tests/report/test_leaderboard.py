"""Conditions are ranked by what was found, not by what was measured."""

from study import found_in, write_run, write_sweep

from fmnist_exp.report.page import condition_tables
from fmnist_exp.report.page.condition_tables import all_comparisons, comparison_tables
from fmnist_exp.report.page.condition_tables import leaderboards

GOOD, POOR = (0.80, 0.81, 0.80, 0.82, 0.80), (0.60, 0.61, 0.62, 0.60, 0.60)
NOISY = (0.5, 0.9, 0.8, 0.95, 0.7)


def ranks(folder):
    (table,) = leaderboards(found_in(folder))
    return {row[1]: row[0] for row in table.rows}


def test_conditions_that_are_not_told_apart_share_a_rank(tmp_path):
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD, "glorot": NOISY})
    assert ranks(tmp_path) == {"he_normal": "1", "glorot_uniform": "1", "lecun_normal": "2"}


def test_case_O6_each_data_set_has_a_leaderboard_of_its_own(tmp_path):
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    for seed in range(5):
        write_run(tmp_path / f"x{seed}", "data=digits", "initializer=he", f"seed={seed}")
    first, second = leaderboards(found_in(tmp_path))
    assert [row[:2] for row in first.rows] == [
        ["1", "synthetic, he_normal"],
        ["2", "synthetic, lecun_normal"],
    ]
    assert [row[:2] for row in second.rows] == [["-", "digits, he_normal"]]
    assert (first.caption[:10], second.caption[:7]) == ("synthetic.", "digits.")


def test_highest_accuracy_comes_first_and_conditions_without_results_last(tmp_path):
    write_run(tmp_path / "x", "initializer=orthogonal", status="failed")
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    rows = leaderboards(found_in(tmp_path))[0].rows
    assert [row[1] for row in rows] == ["he_normal", "lecun_normal", "orthogonal"]
    assert rows[-1][0] == "-"
    assert rows[-1][3] == "-"


def test_nothing_is_ranked_where_not_all_pairs_were_compared(tmp_path):
    for number in range(9):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    assert set(ranks(tmp_path).values()) == {"-"}


def test_rows_beyond_the_cap_are_those_of_lower_accuracy(tmp_path, monkeypatch):
    monkeypatch.setattr(condition_tables, "MAX_ROWS", 1)
    write_sweep(tmp_path, {"lecun": POOR, "he": GOOD})
    assert [row[1] for row in leaderboards(found_in(tmp_path))[0].rows] == ["he_normal"]


def test_comparison_is_read_in_percentage_points(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    findings = found_in(tmp_path)
    (row,) = comparison_tables(findings)[0].rows
    assert row[:4] == ["lecun_normal", "he_normal", "5", "\N{MINUS SIGN}20.00 pp"]
    assert row[-1] == "worse"


def test_identical_runs_have_a_verdict_and_no_statistics(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8), "lecun": (0.7, 0.8)}, answers=True)
    findings = found_in(tmp_path)
    (row,) = comparison_tables(findings)[0].rows
    assert row == ["lecun_normal", "he_normal", "2", "0.00 pp", *["-"] * 5, "identical"]


def test_conditions_without_common_seed_have_no_numbers(tmp_path):
    write_run(tmp_path / "0", "initializer=he", "seed=0")
    write_run(tmp_path / "1", "initializer=lecun", "seed=1")
    findings = found_in(tmp_path)
    (row,) = comparison_tables(findings)[0].rows
    assert row[2:] == ["0", *["-"] * 6, "exploratory"]


def test_all_comparisons_are_one_table_for_files(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    table = all_comparisons(found_in(tmp_path))
    assert [row[0] for row in table.rows] == ["test accuracy", "test loss"]
    assert [row[-1] for row in table.rows] == ["worse", "worse"]
