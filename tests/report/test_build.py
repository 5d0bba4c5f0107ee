"""The page asks what was varied, says first what was found, and states where it comes from."""

import pytest
from study import change_record, found_in, write_claims, write_run, write_sweep

from fmnist_exp.report.page.answers import MAX_LINES, answer_of
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.runs.directories import read_study

GOOD, POOR = (0.8, 0.8, 0.7, 0.8, 0.8), (0.6, 0.6, 0.5, 0.7, 0.6)


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


def test_a_study_of_one_network_asks_its_own_question_and_answers_it(tmp_path):
    write_sweep(tmp_path, {"he": (0.8, 0.9)})
    write_claims(tmp_path, question="How accurate is a dense network?")
    found = found_in(tmp_path)
    assert build_page(found, []).title == "How accurate is a dense network?"
    assert answer_of(found).first == "The mean test accuracy is 85.00 % (2 seeds)."


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
