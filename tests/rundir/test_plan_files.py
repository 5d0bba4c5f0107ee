"""The plan of a sweep on disk: what is written is read, and nothing else."""

import pytest

from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun, PlannedStudy

STUDY = PlannedStudy(num_runs=2, code_sha256="c", options=("--config-dir", "own"), execution={})
RUNS = [
    PlannedRun(number=0, directory="0", overrides=("seed=0",), config={"seed": 0}),
    PlannedRun(
        number=1,
        directory="b/1",
        overrides=("seed=1",),
        config={"seed": 1},
        values={"model.dropout": "0.1"},
        prune_below={2: 0.5},
    ),
]


@pytest.fixture
def sweep(tmp_path):
    plan.write_study(tmp_path, STUDY)
    for run in RUNS:
        plan.write_run(tmp_path, run)
    return tmp_path


def test_plan_is_read_as_it_was_written(sweep):
    assert plan.read_study(sweep) == STUDY
    assert list(plan.read_runs(sweep)) == RUNS


def test_directory_without_a_plan_holds_none(tmp_path):
    assert plan.read_study(tmp_path) is None
    assert list(plan.read_runs(tmp_path)) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"number": 1.5}', "\x00", '{"number": 1, "odd": 2}']
)
def test_file_that_is_no_plan_is_named(sweep, text):
    (sweep / "plan" / "1.json").write_text(text)
    with pytest.raises(RecordError, match=r"cannot read .*plan/1.json: .* sweep again in another"):
        plan.read_run(sweep, 1)
