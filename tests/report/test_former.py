"""Runs that former code has trained are read, though never reused: `former/` holds four of them.

They were trained at commit 10b55a2 by `--multirun initializer=glorot_uniform,he_normal seed=0,1
data=synthetic data.num_test=40 training=smoke engine=xla`; models and logs are left out.
"""

import shutil
from pathlib import Path

import pytest
from conftest import config_of
from study import change_record, found_in, labels_of, write_run

from fmnist_exp.aggregate import aggregate
from fmnist_exp.data import loading
from fmnist_exp.run.provenance import run_key

FORMER = Path(__file__).parent / "former"


@pytest.fixture
def folder(tmp_path):
    """A copy of the sweep, as a report is written into it."""
    return Path(shutil.copytree(FORMER, tmp_path / "former"))


def test_runs_of_former_code_make_the_same_conditions(folder):
    study = found_in(folder).study
    assert labels_of(study) == ["glorot_uniform", "he_normal"]
    assert [[at.seed for at in each.seeds] for each in study.measured] == [[0, 1], [0, 1]]
    accuracies = [each.values("test_accuracy").tolist() for each in study.measured]
    assert accuracies == [[0.85, 0.875], [0.8, 0.85]]  # as their sweep has shown


def test_former_runs_make_a_whole_report(folder):
    aggregate([folder], folder / "report")
    page = (folder / "report" / "index.html").read_text()
    for section in ("differences", "seeds", "curves", "errors", "calibration"):
        assert f'id="{section}"' in page


def test_former_runs_and_one_of_today_are_one_condition(folder):
    settings = ("data.num_test=40", "training=smoke", "engine=xla", "seed=2")
    names = [f"class {number}" for number in range(10)]
    write_run(folder / "4", *settings, class_names=names)
    sha256 = found_in(FORMER).study.runs[0].record.provenance["data_sha256"]
    change_record(folder / "4", lambda record: record["provenance"].update(data_sha256=sha256))
    study = found_in(folder).study
    assert [[at.seed for at in each.seeds] for each in study.measured] == [[0, 1, 2], [0, 1]]


def test_former_runs_are_not_reused(folder):
    config = config_of("data=synthetic", "data.num_test=40", "training=smoke", "engine=xla")
    records = [run.record for run in found_in(folder).study.runs]
    sha256 = loading.load(config.data).sha256
    assert {record.provenance["data_sha256"] for record in records} == {sha256}
    assert run_key(config, sha256) not in {record.run_key for record in records}
