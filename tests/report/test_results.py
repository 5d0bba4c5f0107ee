"""Published results: kept as the report has them, and a page that is made of what is kept alone."""

import re

import numpy as np
import pandas as pd
import pytest
from study import change_record, found_in, write_claims, write_run, write_sweep

from fmnist_exp import results
from fmnist_exp.console import EXIT_BAD_INPUT
from fmnist_exp.errors import RecordError
from fmnist_exp.report.chance import Spread, chance_table
from fmnist_exp.report.claims import Judged, Ruling, judge
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.results import kept
from fmnist_exp.report.results.collecting import collect
from fmnist_exp.report.results.kept import arrange, names_in, read_kept, write_kept
from fmnist_exp.report.results.sayings import sayings
from fmnist_exp.report.results.writing import page_of
from fmnist_exp.rundir.claims import Claim
from fmnist_exp.rundir.records import PREDICTIONS

NOISE = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])
HE_IS_BETTER = ("he_normal - glorot_uniform", "better")


def make(folder, shift=0.02):
    """A sweep of two initializers, the second better by `shift`, with a claim and a question."""
    write_sweep(folder, {"glorot": 0.8 + NOISE, "he": 0.8 + shift + NOISE[::-1]}, images=1000)
    write_claims(folder, HE_IS_BETTER, question="Is He better?")


def make_crossed(folder):
    """Two initializers at two depths; of one cell a run has failed."""
    number = 0
    for depth in ("[16,16]", "[16,16,16]"):
        for name, mean in (("glorot", 0.8), ("he", 0.82)):
            for seed, noise in enumerate(NOISE):
                status = "failed" if (depth, name, seed) == ("[16,16]", "he", 4) else "completed"
                words = (f"initializer={name}", f"model.hidden={depth}", f"seed={seed}")
                run_dir = folder / str(number)
                write_run(run_dir, *words, accuracy=mean + noise, images=1000, status=status)
                number += 1


def page(root):
    return page_of(root, root.parent)


def table_below(text, start):
    """The cells of the first table after a text, without the escapes of Markdown."""
    block = text[text.index(start) :].partition("\n\n| ")[2].partition("\n\n")[0]
    rows = [line.strip("| ") for line in block.splitlines()]
    return [[cell.strip() for cell in re.sub(r"\\", "", row).split("|")] for row in rows]


def test_what_is_kept_of_a_sweep_is_what_its_report_says_and_always_the_same(tmp_path):
    make(tmp_path / "s")
    first, second = collect(tmp_path / "s"), collect(tmp_path / "s")
    assert first.files == second.files
    write_kept(tmp_path / "kept", first.name, first.files)
    found, study = found_in(tmp_path / "s"), read_kept(tmp_path / "kept" / "s")
    answer = answer_of(found)
    assert (study.about.first, study.about.lines) == (answer.first, answer.lines)
    assert study.about.question == "Is He better?"
    assert study.judged == judge(found)
    (he,) = (each for each in study.summary if each["initializer"] == "he_normal")
    values = [float(row["test_accuracy"]) for row in study.runs if "he" in row["initializer"]]
    assert float(he["test_accuracy_mean"]) == np.mean(values)


def test_page_has_question_answer_figure_table_claim_and_facts(tmp_path):
    make(tmp_path / "s")
    change_record(tmp_path / "s" / "0", lambda run: run["provenance"].update(git_commit="a" * 40))
    change_record(tmp_path / "s" / "1", lambda run: run["provenance"].update(git_commit="b" * 40))
    results.keep([tmp_path / "s"], tmp_path / "kept")
    text = page(tmp_path / "kept")
    about = read_kept(tmp_path / "kept" / "s").about
    assert "*Is He better?*" in text
    assert about.first.replace("_", r"\_") in text
    assert "](kept/s/answer.svg)" in text
    assert (tmp_path / "kept" / "s" / "answer.svg").is_file()
    head, _, *rows = table_below(text, "Means over the seeds")
    assert head[:2] == ["initializer", "seeds"]
    assert [row[:3] for row in rows] == [
        ["glorot_uniform", "5", "80.00 [79.80, 80.20]"],
        ["he_normal", "5", "82.00 [81.80, 82.20]"],
    ]
    assert table_below(text, "Claims:")[2][2] == "supported"
    assert "10 runs (10 completed), whose times add up to 20 seconds;" in text
    assert "commit aaaaaaa and bbbbbbb and unknown;" in text
    assert "the runs differ in commit." in text


def test_crossed_study_has_a_row_for_each_place_and_says_where_seeds_are_missing(tmp_path):
    make_crossed(tmp_path / "s")
    results.keep([tmp_path / "s"], tmp_path / "kept")
    text = page(tmp_path / "kept")
    assert "](kept/s/interaction.svg)" in text
    head, _, *rows = table_below(text, "mean of 5 seeds")
    assert head == ["hidden layers", "glorot_uniform", "he_normal"]
    assert [row[0] for row in rows] == ["2", "3"]
    assert rows[0][1] == "80.00 [79.80, 80.20]"
    assert rows[0][2] == "81.95, 4 seeds"  # too few for an interval
    assert rows[1][2] == "82.00 [81.80, 82.20]"


def test_page_has_the_ensemble_beside_the_mean(tmp_path):
    """Of one run the answers are not stored: its ensemble says how many networks it has.

    These two disagree on six images, in ties that the first class wins: for four it is the label.
    """
    write_sweep(tmp_path / "s", {"glorot": (0.9,) * 3, "he": (0.9,) * 3}, answers=True)
    (tmp_path / "s" / "5" / PREDICTIONS).unlink()
    results.keep([tmp_path / "s"], tmp_path / "kept")
    head, _, *rows = table_below(page(tmp_path / "kept"), "Means over the seeds")
    assert head[3] == "ensemble, %"
    assert [row[3] for row in rows] == ["100.00", "93.33 (2 networks)"]


def test_crossed_study_has_the_ensemble_in_each_cell(tmp_path):
    for number, depth in enumerate(("[16,16]", "[16,16,16]")):
        arms = {"glorot": 0.9 + np.zeros(3), "he": 0.9 + np.zeros(3 - 2 * number)}
        for name, accuracies in arms.items():
            for seed, accuracy in enumerate(accuracies):
                words = (f"initializer={name}", f"model.hidden={depth}", f"seed={seed}")
                run_dir = tmp_path / "s" / f"{number}{name}{seed}"
                write_run(run_dir, *words, accuracy=accuracy, answers=True)
    results.keep([tmp_path / "s"], tmp_path / "kept")
    _, _, *rows = table_below(page(tmp_path / "kept"), "mean of 3 seeds")
    assert [row[1:] for row in rows] == [
        ["90.00; ensemble 100.00", "90.00; ensemble 100.00"],
        ["90.00, 1 seed", "90.00; ensemble 100.00"],
    ]


def test_study_that_former_code_has_kept_is_shown_without_ensembles(tmp_path):
    write_sweep(tmp_path / "s", {"glorot": (0.9,) * 3, "he": (0.9,) * 3}, answers=True)
    results.keep([tmp_path / "s"], tmp_path / "kept")
    path = tmp_path / "kept" / "s" / "summary.csv"
    names = ["ensemble_test_accuracy", "ensemble_runs"]
    path.write_text(pd.read_csv(path).drop(columns=names).to_csv(index=False))
    head, *_ = table_below(page(tmp_path / "kept"), "Means over the seeds")
    assert head[2:4] == ["test accuracy, % [95 % interval]", "test loss [95 % interval]"]


def test_broken_sweep_is_told_and_leaves_all_others_as_they_are(tmp_path):
    root = tmp_path / "kept"
    make(tmp_path / "s")
    results.keep([tmp_path / "s"], root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (tmp_path / "s" / "3" / "run.json").write_text("{")
    make(tmp_path / "new")
    names, errors = results.keep([tmp_path / "s", tmp_path / "nowhere", tmp_path / "new"], root)
    assert names == ["new"]
    assert [re.split("[:;]", str(each))[0] for each in errors] == [
        f"cannot read {tmp_path}/s/3/run.json",
        f"{tmp_path}/nowhere does not exist",
    ]
    after = {path: path.read_bytes() for path in before if path.name != kept.ORDER}
    assert after == {path: before[path] for path in after}
    assert names_in(root) == ["s", "new"]


def test_sweeps_of_one_study_are_refused_and_nothing_is_written(tmp_path):
    for name in ("a", "b"):
        write_run(tmp_path / name / "0")
        change_record(tmp_path / name / "0", lambda run: run["choices"].update(experiment="depth"))
    with pytest.raises(RecordError, match="are both of the study depth"):
        results.keep([tmp_path / "a", tmp_path / "b"], tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("experiment", "name"), [("depth", "depth"), ("mine/depth", "mine_depth"), (None, "a_b")]
)
def test_study_is_called_as_its_experiment_else_as_its_directory(experiment, name, tmp_path):
    write_run(tmp_path / "a b" / "0")
    if experiment:
        change_record(
            tmp_path / "a b" / "0", lambda run: run["choices"].update(experiment=experiment)
        )
    assert collect(tmp_path / "a b").name == name


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ((), ["c", "a", "b"]),
        (("b", "a"), ["c", "b", "a"]),
        (("a", "b", "c"), ["a", "b", "c"]),
        (("a", "d"), ["c", "a", "b", "d"]),
    ],
)
def test_named_studies_take_their_places_in_the_order_of_the_command(given, order, tmp_path):
    for name in {"a", "b", "c", *given}:
        (tmp_path / name).mkdir()
        (tmp_path / name / kept.ABOUT).touch()
    (tmp_path / kept.ORDER).write_text("c\ngone\n")
    arrange(tmp_path, given)
    assert names_in(tmp_path) == order


def test_what_was_kept_stays_whole_where_the_new_cannot_be_written(tmp_path, monkeypatch):
    write_kept(tmp_path, "s", {"a.csv": b"former", "b.csv": b"former"})

    def full(path, content):
        if path.name == "b.csv":
            raise RecordError("no space left")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr(kept, "write_bytes", full)
    with pytest.raises(RecordError, match="no space left"):
        write_kept(tmp_path, "s", {"a.csv": b"new", "b.csv": b"new"})
    assert {path.name: path.read_text() for path in (tmp_path / "s").iterdir()} == {
        "a.csv": "former",
        "b.csv": "former",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_edited_table_is_told_with_its_folder(tmp_path):
    make(tmp_path / "s")
    results.keep([tmp_path / "s"], tmp_path / "kept")
    path = tmp_path / "kept" / "s" / "summary.csv"
    path.write_text(path.read_text().replace("test_accuracy_mean", "mean"))
    with pytest.raises(RecordError, match=r"cannot read .*/kept/s.*test_accuracy_mean.*again with"):
        page(tmp_path / "kept")


def test_table_of_chance_is_shown_where_a_study_has_one(tmp_path):
    make(tmp_path / "s")
    results.keep([tmp_path / "s"], tmp_path / "kept")
    assert "spread between seeds" not in page(tmp_path / "kept")
    found = [Spread("he", "order", 30, 0.8, 0.00312, 0.0025, 0.0042, 0.0019)]
    table = chance_table(found).to_csv(index=False)
    (tmp_path / "kept" / "s" / "chance.csv").write_text(table)
    rows = table_below(page(tmp_path / "kept"), "spread between seeds")
    assert rows[2] == ["he", "order", "30", "80.00", "0.31 [0.25, 0.42]", "0.19"]


@pytest.mark.parametrize(
    ("file", "former", "later"),
    [
        ("claims.csv", b"supported", b"suported"),
        ("claims.csv", b"better", b"beter"),
        ("order.txt", b"s", b"\xff"),
    ],
)
def test_edited_file_is_refused_by_name(file, former, later, tmp_path):
    make(tmp_path / "s")
    write_claims(tmp_path / "s", ("he_normal - glorot_uniform", "better"))
    results.keep([tmp_path / "s"], tmp_path / "kept")
    (path,) = (tmp_path / "kept").rglob(file)
    assert former in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(former, later))
    with pytest.raises(RecordError, match=f"cannot read .*{file}"):
        page(tmp_path / "kept")


def test_name_that_stands_twice_in_the_order_is_one_study(tmp_path):
    make(tmp_path / "s")
    results.keep([tmp_path / "s"], tmp_path / "kept")
    (tmp_path / "kept" / "order.txt").write_text("s\ns\n")
    assert names_in(tmp_path / "kept") == ["s"]


TEXTBOOKS = "common in textbooks and blog posts"
YES, NO, OPEN = Ruling.SUPPORTED, Ruling.NOT_SUPPORTED, Ruling.INCONCLUSIVE


def said(words, verdict, source=TEXTBOOKS):
    claim = Claim(says=words, source=source, comparison="a - b", metric="test_loss", rule="better")
    return Judged(claim, verdict, "so it is")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"depth": [YES]}, "It holds wherever that was settled: supported by depth."),
        (
            {"depth": [YES, NO], "scale": [NO]},
            (
                "It depends: supported by depth (1 of 2 tests); not supported by depth (1 of 2 "
                "tests) and scale."
            ),
        ),
        (
            {"depth": [NO], "scale": [OPEN]},
            "It holds nowhere where that was settled: not supported by depth; left open by scale.",
        ),
        ({"depth": [OPEN, OPEN]}, "Not settled: left open by depth."),
    ],
)
def test_saying_is_answered_by_all_studies_that_have_tested_it(found, verdict):
    tests = [(name, said("He is better", each)) for name in found for each in found[name]]
    (one,) = sayings(tests)
    assert one.verdict == verdict
    assert len(one.tests.rows) == len(tests)


def test_sayings_are_those_of_textbooks_and_grouped_by_their_words():
    tests = [
        ("depth", said("He is better", YES, f"{TEXTBOOKS}; here, at 30 layers")),
        ("scale", said("He is better", NO)),
        ("scale", said("LeCun works best with SELU", NO)),
        ("scale", said("A scale of 2 is best", YES, source="He et al. 2015")),
    ]
    assert [each.words for each in sayings(tests)] == ["He is better", "LeCun works best with SELU"]


def test_nothing_is_written_where_nothing_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["results", "nowhere"])
    with pytest.raises(SystemExit) as end:
        results.main()
    assert end.value.code == EXIT_BAD_INPUT
    assert "docs/results holds no study." in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_without_directories_the_page_is_written_from_what_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "s")
    for arguments in (["s"], []):
        monkeypatch.setattr("sys.argv", ["results", *arguments])
        with pytest.raises(SystemExit) as end:
            results.main()
        assert end.value.code == 0
        found = (tmp_path / "RESULTS.md").read_text()
        assert found == page_of(results.KEPT, tmp_path)
        (tmp_path / "RESULTS.md").write_text("edited")
    written = "results: RESULTS.md\n"
    assert capsys.readouterr().out == f"kept: docs/results/s\n{written}{written}"
