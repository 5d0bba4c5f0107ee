"""Where the spread between seeds comes from: a table of studies that hold sources of chance."""

import pytest
from study import found_in, write_run

from fmnist_exp.report.chance import Spread
from fmnist_exp.report.csv_files import csv_files
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.chance_lines import chance_lines
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.rendering import to_markdown

ORDER_ALONE = "seeds.initialization=0 seeds.dropout=0 seeds.augmentation=0"
WEIGHTS_ALONE = "seeds.order=0 seeds.dropout=0 seeds.augmentation=0"
ALL = "data.split_seed=null"
USUAL = ""
WIDE, NARROW = (0.7, 0.8, 0.9, 0.8, 0.8), (0.79, 0.8, 0.81, 0.8, 0.8)


def write_kinds(folder, **accuracies):
    """Runs of one condition, by what they hold; seeds from 1 on."""
    for held, values in accuracies.items():
        for seed, accuracy in enumerate(values, start=1):
            words = [*globals()[held].split(), f"seed={seed}", "data=digits"]
            write_run(folder / f"{held}{seed}", *words, accuracy=accuracy)


def test_runs_are_told_apart_by_what_varies_in_them(tmp_path):
    write_kinds(tmp_path, ORDER_ALONE=NARROW, WEIGHTS_ALONE=WIDE, ALL=WIDE)
    found = found_in(tmp_path).spreads
    assert [(each.varied, each.num_runs) for each in found] == [
        ("initialization", 5),
        ("order", 5),
        ("all", 5),
    ]
    assert [each.std for each in found] == pytest.approx([0.0707, 0.00707, 0.0707], rel=1e-3)
    assert all(each.std_low < each.std < each.std_high for each in found)


def test_what_varies_is_told_by_the_seeds_themselves_not_by_who_gave_them(tmp_path):
    for number in range(1, 6):  # the run's own seed stays 0
        for source in ("initialization", "order"):
            words = (f"seeds.{source}={number}", "data=digits")
            write_run(tmp_path / f"{source}{number}", *words, accuracy=0.8 + 0.01 * number)
    found = found_in(tmp_path).spreads
    assert [(each.varied, each.num_runs) for each in found] == [("initialization", 5), ("order", 5)]


def test_usual_runs_do_not_vary_in_all_as_they_share_the_split(tmp_path):
    write_kinds(tmp_path, ORDER_ALONE=NARROW, USUAL=WIDE)
    kinds = [each.varied for each in found_in(tmp_path).spreads]
    assert kinds == ["order", "initialization and order"]


def test_few_runs_make_no_kind(tmp_path):
    write_kinds(tmp_path, ORDER_ALONE=NARROW[:4], ALL=WIDE)
    assert found_in(tmp_path).spreads == []  # one kind is left, and nothing beside it


def test_kinds_of_another_mean_are_told(tmp_path):
    far = [each - 0.2 for each in NARROW]
    write_kinds(tmp_path, ORDER_ALONE=far, WEIGHTS_ALONE=NARROW, ALL=NARROW)
    told = chance_lines(found_in(tmp_path).spreads)
    (line,) = told[1:]
    assert line.startswith(
        "Runs that vary in order alone reach 60.00 %, those that vary in all 80.00 %"
    )


def test_statements_on_runs_that_share_chance_are_not_promised(tmp_path):
    for name in ("he_normal", "glorot_uniform"):
        for seed, accuracy in enumerate(WIDE):
            words = (f"initializer={name}", f"seed={seed}", "seeds.initialization=3")
            write_run(
                tmp_path / name / str(seed), *words, accuracy=accuracy - 0.1 * (name[0] == "g")
            )
    last = answer_of(found_in(tmp_path)).lines[-1]
    assert "the statements may be too sure" in last
    assert "In at most 5 of 100" not in last


def test_the_answer_names_the_sources_that_move_results_most_first(tmp_path):
    write_kinds(tmp_path, ORDER_ALONE=NARROW, WEIGHTS_ALONE=WIDE, ALL=WIDE)
    answer = answer_of(found_in(tmp_path))
    assert answer.first == (
        "A change of seed moves test accuracy by 7.07 points (SD): "
        "initialization alone by 7.07, order alone by 0.71."
    )
    assert answer.first not in answer.lines


@pytest.mark.parametrize(("independent", "is_told"), [(0.02, True), (0.06, False)])
def test_a_spread_is_held_against_independent_errors_beyond_chance_alone(independent, is_told):
    spreads = [
        Spread("he", varied, 10, 0.8, 0.1, 0.05, 0.2, independent) for varied in ("order", "all")
    ]
    told = "".join(chance_lines(spreads)[1:])
    assert told.startswith("That is 5.0 times what independent errors") == is_told


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
