"""All networks of a condition together: the class with the highest mean of their probabilities."""

from pathlib import Path

import numpy as np
import pytest
from study import found_in, write_run, write_sweep

from fmnist_exp.report.csv_files import csv_files, summarize
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.runs import predictions as module
from fmnist_exp.report.runs.predictions import read_predictions
from fmnist_exp.rundir import tables
from fmnist_exp.rundir.records import PREDICTIONS
from fmnist_exp.rundir.tables import write_predictions

LABELS = np.array([0, 1, 2, 0])
# Sums over three networks: 1.5 1.2 0.3 (right), 1.1 1.6 0.3 (right), 1.2 0.9 0.9 (wrong) and
# 1.8 0.9 0.3 (right), though each network alone is right twice.
NETWORKS = np.array(
    [
        [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.3, 0.6, 0.1]],
        [[0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.9, 0.0, 0.1]],
        [[0.4, 0.5, 0.1], [0.9, 0.0, 0.1], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]],
    ]
)


def read(folder: Path, *networks, labels=LABELS):
    """What runs that have stored these probabilities answer."""
    for seed, each in enumerate(networks):
        write_predictions(folder / str(seed), np.asarray(each), labels)
    return read_predictions([(seed, folder / str(seed)) for seed in range(len(networks))])


def test_the_class_with_the_highest_mean_probability_is_named(tmp_path):
    found = read(tmp_path, *NETWORKS)
    assert found.correct.sum(axis=1).tolist() == [2, 2, 2]
    assert found.ensemble_accuracy == 3 / 4


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 0, 3, 1]])
def test_it_is_what_the_stored_arrays_make_in_double_precision_in_any_order(tmp_path, order):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    networks = rng.dirichlet(np.ones(10), (5, 2000))
    found = read(tmp_path, *networks[order], labels=labels)
    stored = [np.load(tmp_path / str(seed) / PREDICTIONS)["probabilities"] for seed in range(5)]
    assert {each.dtype for each in stored} == {np.dtype(np.float16)}
    mean = np.mean(np.array(stored, dtype=np.float64), axis=0)
    first, second = np.sort(mean)[:, [-1, -2]].T
    assert (first > second).all()  # no tie
    assert found.ensemble_accuracy == np.mean(mean.argmax(axis=1) == labels)


@pytest.mark.parametrize("count", [2, 3, 100])
def test_networks_that_are_one_answer_as_it_though_half_precision_has_ties(tmp_path, count):
    close = np.array([[0.49999, 0.50001], [0.50001, 0.49999], [0.9, 0.1], [0.2, 0.8]])
    found = read(tmp_path, *[close] * count, labels=np.array([1, 1, 0, 1]))
    assert found.ensemble_accuracy == found.correct[0].mean() == 3 / 4


def test_votes_decide_nothing_but_ties_however_many_networks_there_are(tmp_path):
    """All but one name class 0, in a tie; the last names class 1 by the least that is stored."""
    read(tmp_path, [[0.50001, 0.49999]], [[0.0, 2.0**-24]], labels=np.array([1]))
    run_dirs = [(seed, tmp_path / "0") for seed in range(module.MAX_READ - 1)]
    found = read_predictions([*run_dirs, (-1, tmp_path / "1")])
    assert found.correct.sum() == 1
    assert found.ensemble_accuracy == 1


def test_one_network_makes_no_ensemble(tmp_path):
    assert np.isnan(read(tmp_path, NETWORKS[0]).ensemble_accuracy)


@pytest.mark.parametrize("other", [NETWORKS[1][:, :2], NETWORKS[1][:3]])
def test_networks_of_other_classes_or_images_make_none(tmp_path, other):
    labels = LABELS % 2
    write_predictions(tmp_path / "0", NETWORKS[0], labels)
    write_predictions(tmp_path / "1", other, labels[: len(other)])
    assert read_predictions([(seed, tmp_path / str(seed)) for seed in (0, 1)]) is None


def known(found):
    """Ensemble of each condition, and how many networks it has, where it is known."""
    summary = summarize(found)[["ensemble_test_accuracy", "ensemble_runs"]].dropna()
    return {found.study.conditions[row.Index].label: tuple(row[1:]) for row in summary.itertuples()}


def test_the_summary_has_it_of_all_that_count_and_have_stored_their_answers(tmp_path):
    """Each image is answered rightly by two or three of the seeds 0 to 2."""
    write_sweep(tmp_path / "s", {"he": (0.9, 0.9, 0.9), "lecun": (0.8,)}, answers=True)
    write_run(tmp_path / "s" / "again", "initializer=he", "seed=0", accuracy=0.9, answers=True)
    write_run(tmp_path / "s" / "bad", "initializer=he", "seed=3", status="diverged", answers=True)
    write_run(tmp_path / "s" / "none", "initializer=he", "seed=4")
    found = found_in(tmp_path / "s")
    assert found.predictions["he_normal"].predicted.shape == (3, 30)
    assert known(found) == {"he_normal": (1.0, 3)}
    assert csv_files(found)["summary.csv"].splitlines()[2].endswith(",,")  # lecun: one network
    told = {each.code: each.sentence for each in fired(found)}["left-out"]
    assert "1 run without stored predictions, left out of" in told
    assert "ensemble: s/none." in told
    sections = {each.name: each for each in build_page(found, []).sections}
    (table,) = sections["calibration"].tables
    assert [row[:4] for row in table.rows] == [
        ["he_normal", "3", "90.00", "100.00"],
        ["lecun_normal", "1", "80.00", "-"],
    ]


def test_of_a_very_large_study_the_first_conditions_have_one(tmp_path, monkeypatch):
    for name, value in {"MAX_READ": 6, "FIRST": 2, "MAX_RUNS": 2}.items():
        monkeypatch.setattr(module, name, value)
    counts = {"he": 3, "glorot": 4, "orthogonal": 2, "lecun": 1}
    write_sweep(tmp_path, {name: (0.8,) * count for name, count in counts.items()}, answers=True)
    found = found_in(tmp_path)
    read = {label: len(each.seeds) for label, each in found.predictions.items()}
    # 3 of 6; 4 are too many, but it is among the first; 1 is left; for that there is room
    assert read == {"he_normal": 3, "glorot_uniform": 2, "lecun_normal": 1}
    assert list(known(found)) == ["he_normal"]


def test_each_file_is_read_once_though_several_parts_of_a_report_need_it(tmp_path, monkeypatch):
    for seed in range(1, 6):
        for held in ("seeds.initialization=0", "seeds.order=0"):
            run_dir = tmp_path / f"{held} {seed}"
            write_run(run_dir, held, f"seed={seed}", "data=digits", answers=True)
    paths = []

    def counting(path, original=tables.read_predictions):
        paths.append(path)
        return original(path)

    monkeypatch.setattr(tables, "read_predictions", counting)
    found = found_in(tmp_path)
    assert len(paths) == len(set(paths)) == 10
    assert [each.num_runs for each in found.spreads] == [5, 5]
    assert not any(np.isnan(each.independent_std) for each in found.spreads)
