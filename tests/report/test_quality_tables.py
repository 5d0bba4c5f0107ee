"""Speed, stability, overfitting and cost of every condition; runs that fell short count."""

import pytest
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.report.page.condition_tables import quality_table, speed_table

GAP = "train \N{MINUS SIGN} test, points [95 % CI]"


def rows(folder):
    """Of each condition, what both tables say."""
    conditions = found_in(folder).study.conditions
    tables = [table(conditions) for table in (speed_table, quality_table)]
    speed, quality = ([dict(zip(t.columns, row, strict=True)) for row in t.rows] for t in tables)
    return [first | second for first, second in zip(speed, quality, strict=True)]


@pytest.fixture
def both(tmp_path):
    """Of three runs two pass 85 % and one has diverged; nothing passes with the other."""
    write_sweep(tmp_path, {"he": (1.0, 1.0), "lecun": (0.5,)}, num_epochs=8)
    write_run(tmp_path / "x", "initializer=he", "seed=7", status="diverged", accuracy=0.1)
    return rows(tmp_path)


def test_every_condition_has_a_row(both):
    assert [row["condition"] for row in both] == ["he_normal", "lecun_normal"]


def test_runs_that_never_reach_the_target_are_counted(both):
    first, second = both
    # 1 - 0.5 ** (epoch / 3) / 2 is 0.85 after 5.2 epochs, so in the seventh
    assert (first["reached"], first["after epochs"]) == ("2 of 3", "7.0")
    assert (second["reached"], second["after epochs"]) == ("0 of 1", "never")


def test_losses_show_what_whole_epochs_hide(tmp_path):
    write_sweep(tmp_path, {"he": (1.0,) * 5, "lecun": (0.9,) * 5}, num_epochs=2)
    first, _ = rows(tmp_path)
    # losses fall as 0.5 ** (epoch / 3), those of validation lie 0.1 above
    assert first["training loss in the first epoch [95 % CI]"] == "1.0000 [1.0000, 1.0000]"
    assert first["validation loss, mean over all epochs [95 % CI]"].startswith("0.9969 ")


def test_diverged_runs_are_counted(both):
    assert both[0]["diverged"] == "1 of 3"


def test_means_are_over_completed_runs(both):
    assert both[0][GAP] == "0.00"


def test_study_without_finished_runs_has_no_rows(tmp_path):
    write_run(tmp_path / "0", status="failed")
    assert rows(tmp_path) == []


def test_runs_that_never_reach_the_target_move_the_median(tmp_path):
    write_sweep(tmp_path, {"he": (1.0, 1.0), "lecun": (1.0,)}, num_epochs=8)
    for number, initializer in enumerate(("he", "he", "lecun")):
        settings = (f"initializer={initializer}", f"seed={number + 5}")
        write_run(tmp_path / f"x{number}", *settings, status="diverged", accuracy=0.1)
    first, second = rows(tmp_path)
    assert (first["reached"], first["after epochs"]) == ("2 of 4", "never")
    assert (second["reached"], second["after epochs"]) == ("1 of 2", "never")


def test_a_condition_whose_runs_all_diverged_has_a_row_without_means(tmp_path):
    write_run(tmp_path / "0", status="diverged", accuracy=0.1)
    (row,) = rows(tmp_path)
    assert (row.pop("diverged"), row.pop("reached"), row.pop("after epochs")) == (
        *("1 of 1", "0 of 1"),
        "never",
    )
    assert set(row.values()) == {"glorot_uniform", "-"}


def test_each_seed_counts_once_and_failed_runs_not_at_all(tmp_path):
    write_sweep(tmp_path, {"he": (0.9, 0.9)})
    write_run(tmp_path / "again", "initializer=he", "seed=1", accuracy=0.9)
    write_run(tmp_path / "diverged", "initializer=he", "seed=2", status="diverged", accuracy=0.1)
    write_run(tmp_path / "failed", "initializer=he", "seed=3", status="failed")
    assert rows(tmp_path)[0]["diverged"] == "1 of 3"


def test_stability_is_the_largest_rise_of_all(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8, 0.9)}, num_epochs=2)
    for number, rise in enumerate((0.1, 0.2, 0.6)):
        path = tmp_path / str(number) / "history.csv"
        *start, last = path.read_text().splitlines()
        cells = last.split(",")
        cells[3] = str(float(start[-1].split(",")[3]) + rise)
        path.write_text("\n".join([*start, ",".join(cells)]) + "\n")
    assert rows(tmp_path)[0]["largest rise of validation loss"] == "0.6000"


def test_cost_leaves_out_the_first_epoch_and_unknown_times(tmp_path):
    write_run(tmp_path / "0", num_epochs=1)
    change_record(tmp_path / "0", lambda record: record["timing_seconds"].pop("total"))
    (row,) = rows(tmp_path)
    assert (row["seconds an epoch"], row["seconds a run"]) == ("-", "-")
