"""What a notebook works with: studies as tables, one more run, and no TensorFlow until then."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import command, config_of
from study import found_in, write_run, write_sweep

import fmnist_exp
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.report.csv_files import csv_files
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.rundir.plan import STUDY
from fmnist_exp.rundir.records import read_record

ACCURACIES = {
    "glorot_uniform": (0.7, 0.8, 0.7, 0.8, 0.7, 0.8),
    "he_normal": (0.9, 0.9, 0.8, 0.9, 0.9, 0.9),
}
HEAVY = {"tensorflow", "keras", "pandas", "hydra", "matplotlib"}
PROBE = f"""
import sys, fmnist_exp
heavy = {HEAVY!r}
print(sorted(heavy & sys.modules.keys()))
fmnist_exp.compose(["data=synthetic"])
study = fmnist_exp.load(sys.argv[1])
study._repr_html_(), study.runs, study.histories, study.recompute(lambda p, labels: 1 - p[0, 0])
print(sorted({{"tensorflow", "keras"}} & sys.modules.keys()))
"""


def accuracy(probabilities, labels):
    return np.mean(probabilities.argmax(axis=1) == labels)


def own_loss(probabilities, labels):
    return np.mean(probabilities.argmax(axis=1) != labels)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps") / "sweep"
    write_sweep(folder, ACCURACIES, answers=True)
    return folder


@pytest.fixture(scope="module")
def study(folder):
    return fmnist_exp.load(folder)


def test_import_is_light_and_reading_a_study_needs_no_tensorflow(folder):
    told = command("-c", PROBE, folder)
    assert told.stdout.splitlines() == ["[]", "[]"], told.stderr


def test_runs_have_every_key_of_their_config_and_what_was_measured(study, folder):
    config = read_record(folder / "0").config
    assert len(study.runs) == 12
    assert {f"model.{key}" for key in config["model"]} <= {*study.runs}
    assert study.runs["model.hidden"].unique().tolist() == ["[256, 128]"]
    assert study.runs["optimizer.config.learning_rate"].unique().tolist() == [0.001]
    best = study.runs.groupby("initializer")["test_accuracy"].max()
    assert best.to_dict() == {"glorot_uniform": 0.8, "he_normal": 0.9}
    assert {"num_epochs", "best_epoch", "fit_seconds", "epochs_to_target"} <= {*study.runs}
    assert study.runs["seed"].tolist() == [*range(6), *range(6)]


def test_run_that_failed_is_a_row_without_numbers_or_history(tmp_path):
    write_run(tmp_path / "0", "seed=0")
    write_run(tmp_path / "1", "seed=1", status="failed")
    found = fmnist_exp.load(tmp_path)
    assert found.runs["status"].tolist() == ["completed", "failed"]
    assert found.runs["test_accuracy"].isna().tolist() == [False, True]
    assert found.histories["run"].nunique() == 1


def test_histories_have_a_row_for_each_epoch_of_each_run(study):
    assert len(study.histories) == 12 * 2
    means = study.histories.groupby(["initializer", "epoch"])["validation_accuracy"].mean()
    assert means["he_normal", 2] > means["glorot_uniform", 2]


def test_findings_are_the_verdicts_of_the_report_with_their_sentences(study, folder):
    from io import StringIO

    written = pd.read_csv(StringIO(csv_files(found_in(folder))["comparisons.csv"]))
    judged = written[written["metric"] == "test_accuracy"]
    assert study.findings["verdict"].tolist() == judged["verdict"].tolist() == ["better"]
    assert study.findings["ci_low"].tolist() == pytest.approx(judged["ci_low"].tolist())
    assert study.findings["sentence"][0].startswith("he_normal is better than glorot_uniform")


def test_display_is_the_answer_of_the_report_with_its_chart(study, folder):
    answer = answer_of(found_in(folder))
    html = study._repr_html_()
    assert answer.first in html
    assert repr(study).startswith(answer.first)
    assert html.count("data:image/png;base64,") == 1
    assert str(folder) not in html


def test_recomputed_accuracy_has_the_same_verdicts_and_intervals(study):
    found = study.recompute(accuracy)
    both = [each.drop(columns="metric") for each in (study.findings, found.findings)]
    pd.testing.assert_frame_equal(both[0].drop(columns="sentence"), both[1])
    assert found.findings["metric"].tolist() == ["accuracy"]
    assert found.summary["mean"].tolist() == pytest.approx([0.75, 5.3 / 6])
    assert found.runs["accuracy"].tolist() == pytest.approx(study.runs["test_accuracy"].tolist())


def test_checks_of_the_study_stand_below_recomputed_verdicts(tmp_path):
    for number in range(4):
        initializer = ("he", "lecun")[number // 2]
        words = (f"initializer={initializer}", f"seed={number % 2}")
        write_run(tmp_path / str(number), *words, answers=True)
    found = fmnist_exp.load(tmp_path).recompute(accuracy)
    (few,) = [each for each in found.warnings if each.endswith("(few-seeds)")]
    assert few in repr(found)
    assert f"<p>{few}</p>" in found._repr_html_()


def test_metric_of_which_less_is_better_has_the_mirrored_intervals_and_the_same_verdict(study):
    more, less = (
        study.recompute(accuracy).findings.iloc[0],
        study.recompute(own_loss, more_is_better=False).findings.iloc[0],
    )
    assert less["verdict"] == more["verdict"] == "better"
    assert [less["ci_low"], less["ci_high"]] == pytest.approx([-more["ci_high"], -more["ci_low"]])
    assert less["difference_std"] == pytest.approx(more["difference_std"])


def test_verdicts_do_not_depend_on_the_unit_of_a_metric(study):
    percent = study.recompute(lambda p, labels: 100 * accuracy(p, labels), smallest_effect=0.3)
    plain = study.recompute(accuracy)
    assert percent.findings["verdict"].equals(plain.findings["verdict"])
    assert percent.findings["ci_low"][0] == pytest.approx(100 * plain.findings["ci_low"][0])


def test_smallest_effect_moves_no_interval(study):
    found = [
        study.recompute(accuracy, smallest_effect=each).findings[["ci_low", "ci_high"]]
        for each in (0.003, 1.0)
    ]
    np.testing.assert_allclose(*found, rtol=1e-9)


@pytest.mark.parametrize("name", ["seed", "initializer"])
def test_metric_called_as_another_column_is_refused(study, name):
    def metric(probabilities, labels):
        return 0.5

    metric.__name__ = name
    with pytest.raises(ConfigError, match=f"another column, received '{name}'"):
        study.recompute(metric)


def test_metric_sees_rows_that_sum_to_1_and_whole_labels(study):
    def check(probabilities, labels):
        assert probabilities.sum(axis=1) == pytest.approx(1)
        assert labels.dtype == np.int64
        return 0.5

    # The same in all runs: no difference, known to the rounding of one image.
    assert study.recompute(check).findings["verdict"].tolist() == ["undecided"]


def test_metric_that_is_no_finite_number_is_refused_with_the_run(study):
    with pytest.raises(ConfigError, match=r"own must return a finite number, received nan for sw"):
        study.recompute(type("own", (), {"__call__": lambda *_: np.nan, "__name__": "own"})())


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"smallest_effect": 0}, "smallest_effect must be a finite number above 0, received 0"),
        ({"smallest_effect": "x"}, "smallest_effect must be .* received 'x'"),
        ({"smallest_effect": True}, "smallest_effect must be .* received True"),
        ({"more_is_better": "no"}, "more_is_better must be True or False, received 'no'"),
        ({"metric": None}, "a metric must be a function of .* received None"),
    ],
)
def test_recompute_refuses_what_it_would_misread(arguments, rule, study):
    with pytest.raises(ConfigError, match=rule):
        study.recompute(**({"metric": accuracy} | arguments))


@pytest.mark.parametrize(
    ("place", "rule"),
    [(3, "run_dir must be a path, received 3"), ("sweep", "must not be that of a sweep")],
)
def test_run_is_not_trained_where_it_cannot_lie(place, rule, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / STUDY).write_text("{}")
    config = fmnist_exp.compose(["data=synthetic"])
    with pytest.raises(ConfigError, match=rule):
        fmnist_exp.run_config(config, place, reuse=False)


def test_runs_without_stored_answers_cannot_be_recomputed(tmp_path):
    write_run(tmp_path / "0")
    with pytest.raises(RecordError, match=r"no predictions\.npz beside a completed run"):
        fmnist_exp.load(tmp_path).recompute(accuracy)


def test_load_needs_a_directory():
    with pytest.raises(RecordError, match="load must be given a directory, received none"):
        fmnist_exp.load()
    with pytest.raises(RecordError, match=r"received \['one'\]. Pass them one by one"):
        fmnist_exp.load(json.loads('["one"]'))


def test_compose_makes_the_config_of_the_command():
    words = ["data=synthetic", "model=regularized", "initializer=he", "seed=3"]
    assert fmnist_exp.compose(words) == config_of(*words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("seed=1 model=baseline", r"received the text .* Pass compose\(\['seed=1', 'model=bas"),
        (["reuse=false"], "received reuse=false. How it is carried out is said to run_config"),
        (["hydra.run.dir=x"], "what makes a run, received hydra.run.dir=x"),
        (["--multirun", "seed=0,1"], "what makes a run, received --multirun"),
        (["seed=0,1"], "seed=0,1 names several values, received for a single run"),
        (["experiment=smoke"], "received a sweep over initializer, seed"),
        (None, "must be given a list of texts, received None. Pass, for example, compose"),
        (json.loads("[1]"), r"must be given a list of texts, received \[1\]"),
        (["model.dropout=2"], "model.dropout must be less than 1, received 2"),
    ],
)
def test_compose_refuses_what_is_no_run(words, message):
    with pytest.raises(ConfigError, match=message):
        fmnist_exp.compose(words)


def test_run_is_trained_once_and_then_reused_as_the_command_does(tiny_config, tmp_path):
    config = tiny_config("seed=4")
    first, again = (
        fmnist_exp.run_config(config, tmp_path / name, store=str(tmp_path / "store"), note="mine")
        for name in ("first", "again")
    )
    assert read_record(tmp_path / "first") == first
    assert (first.status, first.reused, again.reused) == ("completed", False, True)
    assert first.metrics == again.metrics
    assert first.note == "mine"
    assert first.choices["initializer"] == "glorot_uniform"
    assert fmnist_exp.load(tmp_path / "again").runs["run_key"].tolist() == [first.run_key]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dry_run": True}, "dry_run is no part of carrying out one run, received dry_run=True"),
        ({"stroe": "x"}, "stroe is not a key that anything reads"),
    ],
)
def test_run_config_refuses_what_says_nothing_of_one_run(tiny_config, tmp_path, values, message):
    with pytest.raises(ConfigError, match=message):
        fmnist_exp.run_config(tiny_config(), tmp_path / "run", **values)
    assert not (tmp_path / "run").exists()


def test_run_config_takes_what_compose_returns(tmp_path):
    with pytest.raises(ConfigError, match="what compose returns, received list"):
        fmnist_exp.run_config(json.loads("[]"), tmp_path)
