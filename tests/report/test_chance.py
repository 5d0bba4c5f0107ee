"""Where the spread between seeds comes from: a table of studies that hold sources of chance."""

import pytest
from study import found_in, write_run

from fmnist_exp.report.chance import spreads
from fmnist_exp.report.csv_files import csv_files
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.chance_lines import chance_lines
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.rendering import to_markdown

ORDER_ALONE = "seeds.initialization=0 seeds.dropout=0"
WEIGHTS_ALONE = "seeds.order=0 seeds.dropout=0"
ALL = "data.split_seed=null"
WIDE, NARROW = (0.7, 0.8, 0.9), (0.79, 0.8, 0.81)


def write_kinds(folder, **accuracies):
    """Runs of one condition, by what they hold; seeds from 1 on."""
    for held, values in accuracies.items():
        for seed, accuracy in enumerate(values, start=1):
            words = [*globals()[held].split(), f"seed={seed}", "data=digits"]
            write_run(folder / f"{held}{seed}", *words, accuracy=accuracy)


def test_runs_are_told_apart_by_what_varies_in_them(tmp_path):
    write_kinds(tmp_path, ORDER_ALONE=NARROW, WEIGHTS_ALONE=WIDE, ALL=WIDE)
    found = spreads(found_in(tmp_path).study)
    assert [(each.varied, each.num_runs) for each in found] == [
        ("initialization", 3),
        ("order", 3),
        ("all", 3),
    ]
    assert [each.std for each in found] == pytest.approx([0.1, 0.01, 0.1])
    assert all(each.std_low < each.std < each.std_high for each in found)


def test_sources_that_make_less_are_not_said_to_make_most(tmp_path):
    write_kinds(tmp_path / "less", ORDER_ALONE=NARROW, WEIGHTS_ALONE=WIDE, ALL=WIDE)
    write_kinds(tmp_path / "most", ORDER_ALONE=WIDE, WEIGHTS_ALONE=WIDE, ALL=WIDE)
    less, most = (chance_lines(spreads(found_in(tmp_path / at).study)) for at in ("less", "most"))
    (line,) = less
    assert line.endswith("if one source alone does: initialization 10.00 and order 1.00.")
    assert most[1].startswith("Each source alone makes most of the spread")


def test_page_and_file_show_it_and_other_studies_have_neither(tmp_path):
    write_kinds(tmp_path / "kinds", ORDER_ALONE=NARROW, ALL=WIDE)
    write_kinds(tmp_path / "one", ALL=WIDE)
    (kinds, one) = (build_page(found_in(tmp_path / name), []) for name in ("kinds", "one"))
    assert "Where the spread between seeds comes from" in to_markdown(kinds)
    assert csv_files(found_in(tmp_path / "kinds"))["chance.csv"].count("\n") == 3
    assert "chance.csv" not in csv_files(found_in(tmp_path / "one"))
    assert "Where the spread between seeds comes from" not in to_markdown(one)


@pytest.mark.parametrize(
    ("held", "shared"),
    [("ORDER_ALONE", "(initialization)"), ("WEIGHTS_ALONE", "(order)"), ("ALL", None)],
)
def test_runs_that_share_a_source_of_chance_are_warned_of(tmp_path, held, shared):
    write_kinds(tmp_path, **{held: WIDE})
    told = [each.sentence for each in fired(found_in(tmp_path)) if each.code == "shared-chance"]
    assert len(told) == bool(shared)
    assert not told or told[0].endswith(f"too narrow: glorot_uniform {shared}.")
