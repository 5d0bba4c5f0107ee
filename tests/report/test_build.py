"""The page says what was found first, and warns of what spoils a comparison."""

import pytest
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.report.page.answers import MAX_SENTENCES, answers
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


def test_answer_counts_verdicts_and_gives_each_its_sentence(tmp_path):
    close = [accuracy + 0.001 for accuracy in GOOD]
    write_sweep(tmp_path / "s", {"he": GOOD, "glorot": close, "lecun": POOR})
    first, *sentences = answers(found_in(tmp_path / "s"))
    assert first == "3 comparisons of test accuracy: 2 worse, 1 practically equal."
    assert [text.partition(" =")[0] for text in sentences] == [
        "glorot_uniform \N{MINUS SIGN} he_normal",
        "lecun_normal \N{MINUS SIGN} he_normal",
        "lecun_normal \N{MINUS SIGN} glorot_uniform",
    ]


def test_case_O8_sentences_beyond_the_cap_are_counted_and_their_file_named(tmp_path):
    for number in range(MAX_SENTENCES + 3):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    *_, last = answers(found_in(tmp_path))
    assert last == "2 more comparisons are in comparisons.csv."


def test_single_condition_is_described(tmp_path):
    write_sweep(tmp_path / "s", {"he": (0.7, 0.8, 0.9)})
    (text,) = answers(found_in(tmp_path / "s"))
    assert text.startswith("Only one condition, he_normal: nothing to compare.")
    assert text.endswith("Its test accuracy is 80.00 [55.16, 104.84] percent, 3 runs.")


def test_single_run_has_no_interval(tmp_path):
    write_run(tmp_path / "s" / "0")
    (text,) = answers(found_in(tmp_path / "s"))
    assert text.endswith("Its test accuracy is 80.00 percent, 1 run.")


def test_study_without_results_says_so(tmp_path):
    write_run(tmp_path / "s" / "0", status="diverged")
    assert answers(found_in(tmp_path)) == ["No run was completed: there is nothing to compare."]


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ([()], "glorot_uniform"),
        ([(), ("initializer=he",)], "Does the initializer matter?"),
        (
            [(), ("initializer=he",), ("optimizer=sgd",)],
            "Do initializer and optimizer matter?",
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
    stated = dict(build_page(found_in(tmp_path / "s"), []).provenance)
    assert stated["runs"] == "2 completed, 1 failed, 1 unfinished"
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
