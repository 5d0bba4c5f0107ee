"""The page says what was found first, and warns of what spoils a comparison."""

import pytest
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.aggregate import aggregate
from fmnist_exp.report.page.answers import MAX_LINES, answer_of
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.checks import warnings
from fmnist_exp.report.runs.study import read_study

GOOD, POOR = (0.8, 0.8, 0.7, 0.8, 0.8), (0.6, 0.6, 0.5, 0.7, 0.6)


def warned(folder):
    """Warnings about all runs in a folder called `s`, but for those of every small study."""
    usual = ("Fewer than 5 seeds", "No completed run")
    return [text for text in warnings(found_in(folder / "s")) if not text.startswith(usual)]


def test_clean_study_has_no_warnings(tmp_path):
    write_sweep(tmp_path / "s", {"he": GOOD}, answers=True)
    assert warnings(found_in(tmp_path / "s")) == []


@pytest.mark.parametrize("status", ["diverged", "failed", "interrupted"])
def test_one_run_that_ended_otherwise_is_named(tmp_path, status):
    write_run(tmp_path / "s" / "0", status=status)
    assert warned(tmp_path) == [f"1 run {status}: s/0."]


def test_several_runs_are_counted_and_named(tmp_path):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", status="failed")
    assert warned(tmp_path) == ["2 runs failed: s/0, s/1."]


def test_of_many_runs_the_first_are_named(tmp_path):
    for seed in range(23):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", status="failed")
    (text,) = warned(tmp_path)
    assert text.startswith("23 runs failed: s/0, ")
    assert text.endswith("s/19 and 3 more.")


def test_unfinished_runs_are_named(tmp_path):
    write_run(tmp_path / "s" / "0", answers=True)
    (tmp_path / "s" / "1" / ".hydra").mkdir(parents=True)
    assert warned(tmp_path) == [
        "1 run unfinished: s/1 (ended without a record; its log may say why)."
    ]


def test_runs_with_a_seed_that_counted_before_are_named(tmp_path):
    for number in range(3):
        write_run(tmp_path / "s" / str(number), answers=True)
    assert warned(tmp_path) == [
        "2 runs left out, as another has the same condition and seed: s/1, s/2."
    ]


def test_runs_without_predictions_are_named(tmp_path):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", answers=seed == 0)
    assert warned(tmp_path) == [
        "1 run without stored predictions, left out of calibration and agreement: s/1."
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"code_sha256": "another"}, "The runs come from 2 versions of the code."),
        ({"git_dirty": True}, "Some runs come from code with changes that were not committed."),
    ],
)
def test_mixed_versions_are_announced(tmp_path, change, text):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", answers=True)
    change_record(tmp_path / "s" / "1", lambda record: record["provenance"].update(change))
    assert warned(tmp_path) == [text]


def test_seeds_of_one_arm_only_are_named(tmp_path):
    write_sweep(tmp_path / "s", {"he": GOOD, "lecun": GOOD[:3]}, answers=True)
    assert warned(tmp_path) == ["Seeds that not every condition has: 3, 4 (only he_normal)."]


def test_seeds_of_data_that_are_not_compared_are_no_seeds_that_others_lack(tmp_path):
    write_sweep(tmp_path / "s", {"he": GOOD, "lecun": GOOD}, answers=True)
    for seed in range(5, 10):
        write_run(tmp_path / "s" / f"x{seed}", "data=digits", f"seed={seed}", answers=True)
    assert not [text for text in warnings(found_in(tmp_path / "s")) if "not every" in text]


def test_names_with_commas_are_told_apart_in_a_list(tmp_path):
    for number, (width, name) in enumerate([(1, "he"), (1, "lecun"), (2, "he"), (2, "lecun")]):
        run = tmp_path / "s" / str(number)
        write_run(run, f"model.hidden=[{width}]", f"initializer={name}", f"seed={number % 2}")
    texts = warnings(found_in(tmp_path / "s"))
    conditions = [f"hidden=[{width}], {name}" for width in (1, 2) for name in ("he", "lecun")]
    few = next(text for text in texts if text.startswith("Fewer than"))
    he, lecun = "he_normal, hidden=[1]; he_normal, hidden=[2]", "lecun_normal, hidden=[1]; "
    assert f"{he}" in few.replace(lecun, "")
    assert len(few.split("; ")) == len(conditions)
    (seeds,) = [text for text in texts if text.startswith("Seeds")]
    assert f"0 (only {he}); 1 (only lecun" in seeds


def test_conditions_with_few_or_no_runs_are_named(tmp_path):
    write_sweep(tmp_path / "s", {"he": GOOD, "lecun": GOOD[:4]}, answers=True)
    write_run(tmp_path / "s" / "x", "initializer=glorot", status="diverged")
    texts = warnings(found_in(tmp_path / "s"))
    assert "Fewer than 5 seeds: lecun_normal. Read these as exploratory." in texts
    assert "No completed run, so no statistics: glorot_uniform." in texts


def test_each_comparison_has_its_line(tmp_path):
    close = [accuracy + 0.001 for accuracy in GOOD]
    write_sweep(tmp_path / "s", {"he": GOOD, "glorot": close, "lecun": POOR}, images=1000)
    lines = "\n".join(answer_of(found_in(tmp_path / "s")).lines)
    assert "It does not matter whether you choose glorot_uniform or he_normal" in lines
    assert "he_normal is better than lecun_normal: its mean test accuracy is higher by" in lines


def test_case_O8_lines_beyond_the_cap_are_counted_and_their_file_named(tmp_path):
    for number in range(MAX_LINES + 3):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    assert "2 more are in comparisons.csv." in answer_of(found_in(tmp_path)).lines


def test_study_without_results_says_so(tmp_path):
    write_run(tmp_path / "s" / "0", status="diverged")
    assert answer_of(found_in(tmp_path)).first == "No answer: no run was completed."


def test_guessing_and_a_ceiling_are_named(tmp_path):
    write_sweep(tmp_path / "s", {"he": [1 / 3] * 5, "lecun": [0.9] * 5})
    assert any("At the level of guessing, 33 %" in text for text in warned(tmp_path))
    write_sweep(tmp_path / "t", {"he": [1.0] * 5, "lecun": [1.0] * 5})
    texts = warnings(found_in(tmp_path / "t"))
    assert any("too easy to tell conditions apart" in text for text in texts)


def test_seeds_that_were_added_after_a_report_are_named(tmp_path):
    write_sweep(tmp_path / "s", {"he": GOOD[:3], "lecun": POOR[:3]})
    aggregate([tmp_path / "s"], tmp_path / "report")
    assert not any("were added" in text for text in warned(tmp_path))
    for number, name in enumerate(("he", "lecun")):
        write_run(tmp_path / "s" / f"x{number}", f"initializer={name}", "seed=3")
    (text,) = [text for text in warned(tmp_path) if "were added" in text]
    assert text.startswith("Seeds were added after a report was made (he_normal; lecun_normal)")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ([()], "glorot_uniform"),
        ([(), ("initializer=he",)], "Does the initializer matter?"),
        (
            [
                (f"initializer={name}", f"model.hidden=[{widths}]")
                for name in ("he", "lecun")
                for widths in ("8", "8,8")
            ],
            "Does the initializer matter, and does it depend on the number of hidden layers?",
        ),
        (
            [
                (f"initializer={name}", f"data={data}")
                for name in ("he", "lecun")
                for data in ("synthetic", "digits")
            ],
            "Does the initializer matter, and does it depend on the data?",
        ),
        (
            [(), ("initializer=he",), ("optimizer=sgd",)],
            "Do the initializer and the optimizer matter?",
        ),
    ],
)
def test_title_asks_what_was_varied(tmp_path, changes, title):
    for number, change in enumerate(changes):
        write_run(tmp_path / str(number), *change)
    assert build_page(found_in(tmp_path), []).title == title


def test_provenance_counts_runs_and_lists_versions(tmp_path):
    for seed, status in enumerate(("completed", "completed", "failed")):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", status=status)
    (tmp_path / "s" / "3" / ".hydra").mkdir(parents=True)
    for number, commit in enumerate("abc"):
        change = {"git_commit": commit * 40}
        change_record(tmp_path / "s" / str(number), lambda r, c=change: r["provenance"].update(c))
    sections = {each.name: each for each in build_page(found_in(tmp_path / "s"), []).sections}
    stated = dict(sections["runs"].tables[0].rows)
    assert stated["number"] == "2 completed, 1 failed, 1 unfinished"
    assert stated["commit"] == "aaaaaaaaaaaa, bbbbbbbbbbbb, cccccccccccc"


def test_runs_of_two_engines_are_never_one_condition(tmp_path):
    """Also those of former code, whose configs say `auto` and whose provenance says more."""
    settled = [("auto", "C"), ("auto", "XLA"), ("c", "C"), ("xla", "XLA")]
    for number, (config, provenance) in enumerate(settled):

        def settle(record, config=config, provenance=provenance):
            record["config"]["engine"] = config
            record["provenance"]["engine"] = provenance

        write_run(tmp_path / "s" / str(number), f"seed={number}")
        change_record(tmp_path / "s" / str(number), settle)
    table = read_study([tmp_path / "s"]).table
    assert list(table["condition"]) == ["engine=c", "engine=xla", "engine=c", "engine=xla"]
