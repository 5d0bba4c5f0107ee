"""Convergence, stability, overfitting and cost have a table each; runs that fell short are counted."""

import pytest
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.report.page.condition_tables import quality_tables


@pytest.fixture
def tables(tmp_path):
    """Of three runs two pass 85 % and one has diverged; nothing passes with the other."""
    write_sweep(tmp_path, {"he": (1.0, 1.0), "lecun": (0.5,)}, num_epochs=8)
    write_run(tmp_path / "x", "initializer=he", "seed=7", status="diverged", accuracy=0.1)
    return {table.caption: table for table in quality_tables(found_in(tmp_path).study.conditions)}


def rows(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_four_tables_with_a_row_for_each_condition(tables):
    assert list(tables) == [
        "Convergence speed: until a validation accuracy of 85 %",
        "Stability",
        "Overfitting",
        "Cost: median seconds; epochs after a run's first, which may hold the compilation",
    ]
    for table in tables.values():
        assert [row["condition"] for row in rows(table)] == ["he_normal", "lecun_normal"]


def test_runs_that_never_reach_the_target_are_counted(tables):
    first, second = rows(tables["Convergence speed: until a validation accuracy of 85 %"])
    # 1 - 0.5 ** (epoch / 3) / 2 is 0.85 after 5.2 epochs, so in the seventh
    assert first["runs that reached it"] == "2 of 3"
    assert (first["epochs, median"], first["earliest"], first["latest"]) == ("7.0", "7", "never")
    assert second["epochs, median"] == "never"


def test_diverged_runs_are_counted(tables):
    first, _ = rows(tables["Stability"])
    assert first["diverged"] == "1 of 3"


def test_means_are_over_completed_runs(tables):
    first, _ = rows(tables["Overfitting"])
    assert first["train \N{MINUS SIGN} test, points [95 % CI]"] == "0.00 [0.00, 0.00]"


def test_study_without_finished_runs_has_no_tables(tmp_path):
    write_run(tmp_path / "0", status="failed")
    tables = quality_tables(found_in(tmp_path).study.conditions)
    assert [table.rows for table in tables] == [[]] * 4


def test_runs_that_never_reach_the_target_move_the_median(tmp_path):
    write_sweep(tmp_path, {"he": (1.0, 1.0), "lecun": (1.0,)}, num_epochs=8)
    for number, initializer in enumerate(("he", "he", "lecun")):
        settings = (f"initializer={initializer}", f"seed={number + 5}")
        write_run(tmp_path / f"x{number}", *settings, status="diverged", accuracy=0.1)
    convergence, *_ = quality_tables(found_in(tmp_path).study.conditions)
    first, second = rows(convergence)
    assert (first["runs that reached it"], first["epochs, median"]) == ("2 of 4", "never")
    assert (second["runs that reached it"], second["epochs, median"]) == ("1 of 2", "never")


def test_a_condition_whose_runs_all_diverged_has_a_row_without_means(tmp_path):
    write_run(tmp_path / "0", status="diverged", accuracy=0.1)
    _, stability, overfitting, cost = quality_tables(found_in(tmp_path).study.conditions)
    assert rows(stability)[0]["diverged"] == "1 of 1"
    for table in (overfitting, cost):
        assert set(rows(table)[0].values()) == {"glorot_uniform", "-"}


def test_each_seed_counts_once_and_failed_runs_not_at_all(tmp_path):
    write_sweep(tmp_path, {"he": (0.9, 0.9)})
    write_run(tmp_path / "again", "initializer=he", "seed=1", accuracy=0.9)
    write_run(tmp_path / "diverged", "initializer=he", "seed=2", status="diverged", accuracy=0.1)
    write_run(tmp_path / "failed", "initializer=he", "seed=3", status="failed")
    _, stability, *_ = quality_tables(found_in(tmp_path).study.conditions)
    assert rows(stability)[0]["diverged"] == "1 of 3"


def test_stability_has_the_sd_over_seeds_and_the_largest_rise_of_all(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8, 0.9)}, num_epochs=2)
    for number, rise in enumerate((0.1, 0.2, 0.6)):
        path = tmp_path / str(number) / "history.csv"
        *start, last = path.read_text().splitlines()
        cells = last.split(",")
        cells[3] = str(float(start[-1].split(",")[3]) + rise)
        path.write_text("\n".join([*start, ",".join(cells)]) + "\n")
    _, stability, *_ = quality_tables(found_in(tmp_path).study.conditions)
    (row,) = rows(stability)
    assert row["SD of test loss"] == "0.1000"
    assert row["largest rise of validation loss, median"] == "0.2000"
    assert row["the largest of all"] == "0.6000"


def test_cost_leaves_out_the_first_epoch_and_unknown_times(tmp_path):
    write_run(tmp_path / "0", num_epochs=1)
    change_record(tmp_path / "0", lambda record: record["timing_seconds"].pop("total"))
    *_, cost = quality_tables(found_in(tmp_path).study.conditions)
    assert cost.rows == [["glorot_uniform", "-", "1.0", "-"]]
