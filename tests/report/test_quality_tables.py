"""Convergence, stability and overfitting have a table each; runs that fell short are counted."""

import pytest
from study import found_in, write_run, write_sweep

from fmnist_exp.report.page.quality_tables import quality_tables


@pytest.fixture
def tables(tmp_path):
    """Of three runs two pass 85 % and one has diverged; nothing passes with the other."""
    write_sweep(tmp_path, {"he": (1.0, 1.0), "lecun": (0.5,)}, num_epochs=8)
    write_run(tmp_path / "x", "initializer=he", "seed=7", status="diverged", accuracy=0.1)
    findings = found_in(tmp_path)
    return {table.caption: table for table in quality_tables(findings.qualities, 200)}


def rows(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_three_tables_with_a_row_for_each_condition(tables):
    assert list(tables) == [
        "Convergence speed: until a validation accuracy of 85 %",
        "Stability",
        "Overfitting",
    ]
    for table in tables.values():
        assert [row["condition"] for row in rows(table)] == ["he_normal", "lecun_normal"]


def test_runs_that_never_reach_the_target_are_counted(tables):
    first, second = rows(tables["Convergence speed: until a validation accuracy of 85 %"])
    # 1 - 0.5 ** (epoch / 3) / 2 is 0.85 after 5.2 epochs, so in the seventh
    assert first["runs that reached it"] == "2 of 3"
    assert (first["epochs, median"], first["earliest"], first["latest"]) == ("7.0", "7", "never")
    assert second["epochs, median"] == second["seconds, median"] == "never"


def test_diverged_runs_are_counted(tables):
    first, _ = rows(tables["Stability"])
    assert first["diverged"] == "1 of 3"
    assert first["SD of test accuracy, points"] == "0.00"


def test_means_are_over_completed_runs(tables):
    first, _ = rows(tables["Overfitting"])
    assert first["train \N{MINUS SIGN} test, points [95 % CI]"] == "0.00 [0.00, 0.00]"


def test_study_without_finished_runs_has_no_tables(tmp_path):
    write_run(tmp_path / "0", status="failed")
    assert quality_tables(found_in(tmp_path).qualities, 200) == []
