"""A sweep is planned before it starts; edits change no run in silence."""

import logging

import pytest
from conftest import command, compose_config, config_of, train

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse_execution
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.strict import checked
from fmnist_exp.sweep.plan import PLAN, Plan, planned, write_plan
from fmnist_exp.sweep.preflight import plan_command_line
from fmnist_exp.sweep.watch import Watch

SMALL = ("data=synthetic", "training=smoke")


def plan_of(sweep_dir, *configs):
    execution = parse_execution(compose_config())
    return Plan(configs, [[] for _ in configs], execution, sweep_dir)


def test_config_survives_its_record():
    config = config_of("model=regularized", "initializer=variance_scaling")
    assert checked(RunConfig, config.plain()) == config


def test_run_keeps_the_config_with_which_its_sweep_began(tmp_path, caplog):
    began, edited = config_of("training.epochs=3"), config_of("training.epochs=4")
    write_plan(plan_of(tmp_path, config_of("seed=7"), began))
    with caplog.at_level(logging.WARNING):
        assert planned(tmp_path, 1, edited) == began
    assert "have changed since the sweep began" in caplog.text


def test_unchanged_files_are_not_warned_of(tmp_path, caplog):
    config = config_of()
    write_plan(plan_of(tmp_path, config))
    assert planned(tmp_path, 0, config) == config
    assert caplog.text == ""


@pytest.mark.parametrize("content", ["", "[]", "[3]", '[{"seed": 1}]'])
def test_damaged_plan_is_refused(tmp_path, content):
    (tmp_path / PLAN).write_text(content)
    with pytest.raises(RecordError, match=r"plan.json: it must hold the config of run 0"):
        planned(tmp_path, 0, config_of())


EDITING = """
import sys
from pathlib import Path
from fmnist_exp import train
from fmnist_exp.run import runner
real = runner.run
def run_then_edit(*arguments, **options):
    record = real(*arguments, **options)
    Path(OWN).write_text("name: own\\nepochs: 2\\nbatch_size: 8\\ncallbacks: {}\\n")
    return record
runner.run = run_then_edit
train.main()
"""


def test_editing_a_recipe_during_a_sweep_changes_no_run(tmp_path):
    own = tmp_path / "own" / "training" / "own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("name: own\nepochs: 1\nbatch_size: 8\ncallbacks: {}\n")
    code = EDITING.replace("OWN", repr(str(own)))
    arguments = ("--config-dir", tmp_path / "own", "--multirun", "training=own", "seed=0,1")
    outputs = (f"hydra.sweep.dir={tmp_path / 'sweep'}", f"store={tmp_path / 'runs'}")
    result = command("-c", code, *arguments, "data=synthetic", *outputs)
    assert result.returncode == 0, result.stderr
    for number in (0, 1):
        assert records.read_record(tmp_path / "sweep" / str(number)).num_epochs == 1


def test_dry_run_lists_what_is_done_and_trains_nothing(tmp_path):
    store = f"store={tmp_path / 'runs'}"
    train(*SMALL, "seed=1", store, f"hydra.run.dir={tmp_path / 'run'}")
    result = train("--multirun", *SMALL, "seed=range(3)", store, "dry_run=true")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["to", "done", "to"]
    assert lines[-1] == "3 runs, 1 done, 2 to train"
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "run"}


def test_run_with_options_of_ones_own_is_repeated_with_them(tmp_path):
    (tmp_path / "own" / "optimizer").mkdir(parents=True)
    text = (CONFIG_DIR / "optimizer" / "adam.yaml").read_text()
    (tmp_path / "own" / "optimizer" / "mine.yaml").write_text(text)
    arguments = ["--multirun", "data=synthetic", "optimizer=mine", "seed=1,2"]
    folder = ["--config-dir", str(tmp_path / "own")]
    plan = plan_command_line([*folder, *arguments, f"hydra.sweep.dir={tmp_path / 's'}"])
    runs = [
        PlannedRun(number=number, directory=str(number), overrides=tuple(overrides), config={})
        for number, overrides in enumerate(plan.overrides)
    ]
    watch = Watch(plan.sweep_dir, runs)
    watch.failures[0] = "failed (E: m)"
    repeat = watch.without_result(plan.options)[1]
    assert f"--config-dir {tmp_path / 'own'} data=synthetic optimizer=mine seed=1" in repeat


def test_dry_run_imports_no_tensorflow():
    probe = "import sys; from fmnist_exp import train; sys.argv[1:] = %r; train.main(); " % [
        *SMALL,
        "dry_run=true",
    ]
    result = command("-c", probe + "print('tensorflow' in sys.modules)")
    assert result.stdout.splitlines()[-1] == "False", result.stderr
