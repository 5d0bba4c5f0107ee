"""A sweep is planned before it starts; edits change no run in silence."""

import logging

import pytest
from conftest import command, compose_config, config_of
from planning import plan_command_line
from study import write_run

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse_execution
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.run import runner
from fmnist_exp.rundir import plan, records
from fmnist_exp.strict import checked
from fmnist_exp.sweep.command_line import words_for_options
from fmnist_exp.sweep.task import planned
from fmnist_exp.sweep.watch import Watch

SMALL = ("data=synthetic", "training=smoke")


def begin(sweep_dir, *factors):
    """Plan a sweep, and write its plan as it does when it starts."""
    arguments = ("--multirun", *SMALL, *factors, f"hydra.sweep.dir={sweep_dir}")
    plan_command_line(arguments).study.write_plan()


def test_config_survives_its_record():
    config = config_of("model=regularized", "initializer=variance_scaling")
    assert checked(RunConfig, config.plain()) == config


def test_run_keeps_the_config_with_which_its_sweep_began(tmp_path):
    begin(tmp_path, "training.epochs=2,3")
    assert planned(tmp_path, 1)[0].config["training"]["epochs"] == 3


def test_run_is_planned_whole_with_how_it_is_carried_out(tmp_path, caplog):
    begin(tmp_path, "seed=1,2")
    with caplog.at_level(logging.WARNING):
        run, execution = planned(tmp_path, 1)
    assert (run.number, run.directory, run.config["seed"]) == (1, "1", 2)
    assert run.overrides == (*SMALL, "seed=2")
    assert execution == parse_execution(compose_config())
    assert "changed" not in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "[]", "[3]", '{"seed": 1}'])
@pytest.mark.parametrize("name", ["study.json", "plan/0.json"])
def test_damaged_plan_is_refused(tmp_path, name, content):
    begin(tmp_path, "seed=1,2")
    (tmp_path / name).write_text(content)
    with pytest.raises(RecordError, match=rf"cannot read .*{name}: .* Start the sweep again"):
        planned(tmp_path, 0)


@pytest.mark.parametrize("name", ["plan.json", "trials.json"])
def test_sweep_of_former_code_is_refused_in_one_line(name, tmp_path):
    (tmp_path / name).write_text("{}")
    with pytest.raises(
        ConfigError, match=r"which holds a sweep that former code has begun"
    ) as refused:
        begin(tmp_path, "seed=1,2")
    assert "\n" not in str(refused.value)


def test_run_directories_come_from_the_config_of_each_run(tmp_path):
    subdir = "hydra.sweep.subdir='${hydra.job.name}/${hydra.job.override_dirname}'"
    begin(tmp_path, "seed=1,2", "hydra.job.name=mine", subdir)
    folders = [run.directory for run in plan.read_runs(tmp_path)]
    assert folders == [f"mine/data=synthetic,seed={n},training=smoke" for n in (1, 2)]


def test_name_of_a_job_leads_no_log_out_of_its_run_directory(tmp_path):
    with pytest.raises(ConfigError, match=r"hydra.job.name must hold no slash, .* '../../x'"):
        begin(tmp_path / "s", "seed=1,2", "hydra.job.name=../../x")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("subdir", "message"),
    [
        ("'${seed}'", "must give each run a directory of its own, received 7 for 2 runs"),
        ("../x", "must name a folder within that of the sweep, .*received '../x'"),
        ("/x", "must name a folder within that of the sweep, .*received '/x'"),
        ("study.json", "must name a folder .*, not one that it has, received 'study.json'"),
        ("plan", "must name a folder .*, not one that it has, received 'plan'"),
        ("'plan/${hydra.job.num}.json'", "must .*, not one that it has.* received 'plan/0.json'"),
        ("multirun.yaml", "must .*, not one that it has, received 'multirun.yaml'"),
        ("''", "must name a folder within that of the sweep"),
    ],
)
def test_directory_that_is_shared_or_elsewhere_is_refused(subdir, message, tmp_path):
    factors = ("training.epochs=1,2", "seed=7", f"hydra.sweep.subdir={subdir}")
    with pytest.raises(ConfigError, match=rf"^hydra.sweep.subdir {message}"):
        begin(tmp_path / "s", *factors)
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_editing_a_recipe_during_a_sweep_changes_no_run(tmp_path, train_here, monkeypatch):
    own = tmp_path / "own" / "training" / "own.yaml"
    own.parent.mkdir(parents=True)
    recipe = "name: own\nepochs: 1\nbatch_size: 8\ncallbacks: {}\n"
    own.write_text(recipe)
    real = runner.run

    def run_then_edit(*arguments, **options):
        record = real(*arguments, **options)
        own.write_text(recipe.replace("epochs: 1", "epochs: 2"))
        return record

    monkeypatch.setattr(runner, "run", run_then_edit)
    arguments = ("--config-dir", tmp_path / "own", "--multirun", "training=own", "seed=0,1")
    outputs = (f"hydra.sweep.dir={tmp_path / 'sweep'}", f"store={tmp_path / 'runs'}")
    ended = train_here(*arguments, "data=synthetic", *outputs)
    assert ended.status == 0, ended.err
    assert "epochs: 2" in own.read_text()
    for number in (0, 1):
        assert records.read_record(tmp_path / "sweep" / str(number)).num_epochs == 1


@pytest.mark.slow
def test_dry_run_lists_what_is_done_and_trains_nothing(tmp_path, train_here):
    store = f"store={tmp_path / 'runs'}"
    train_here(*SMALL, "seed=1", store, f"hydra.run.dir={tmp_path / 'run'}")
    ended = train_here("--multirun", *SMALL, "seed=range(3)", store, "dry_run=true")
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["to", "done", "to"]
    assert lines[-1] == "3 runs, 1 done, 2 to train"
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "run"}


def test_run_and_sweep_do_not_share_a_directory(tmp_path, train_here):
    """A record above those of the runs would hide them."""
    begin(tmp_path / "sweep", "seed=1,2")
    ended = train_here(*SMALL, f"hydra.run.dir={tmp_path / 'sweep'}")
    assert ended.status == 2
    assert f"must not be that of a sweep, received {tmp_path / 'sweep'}. " in ended.err
    assert not (tmp_path / "sweep" / ".hydra").exists()
    write_run(tmp_path / "run")
    (tmp_path / "killed" / ".hydra").mkdir(parents=True)
    for name in ("run", "killed"):
        place = tmp_path / name
        ended = train_here("--multirun", *SMALL, "seed=1,2", f"hydra.sweep.dir={place}")
        assert ended.status == 2
        assert f"received {place}, which holds a single run. Pass" in ended.err


@pytest.mark.parametrize("kind", [["--multirun"], []], ids=["sweep", "run"])
def test_dry_run_does_not_count_what_it_cannot_read(kind, tmp_path, train_here):
    store = tmp_path / "runs"
    store.touch()
    ended = train_here(*kind, *SMALL, f"store={store}", "dry_run=true")
    assert ended.status == 2
    assert ended.err.startswith(f"RecordError: cannot read {store}: Not a directory. ")


def test_run_with_options_of_ones_own_is_repeated_with_them(tmp_path):
    (tmp_path / "own" / "optimizer").mkdir(parents=True)
    text = (CONFIG_DIR / "optimizer" / "adam.yaml").read_text()
    (tmp_path / "own" / "optimizer" / "mine.yaml").write_text(text)
    arguments = ["--multirun", "data=synthetic", "optimizer=mine", "seed=1,2"]
    folder = ["--config-dir", str(tmp_path / "own")]
    study = plan_command_line([*folder, *arguments, f"hydra.sweep.dir={tmp_path / 's'}"]).study
    watch = Watch(study.directory, study.runs)
    watch.failures[0] = "failed (E: m)"
    repeat = watch.without_result(words_for_options(study.master))[1]
    assert f"--config-dir {tmp_path / 'own'} data=synthetic optimizer=mine seed=1" in repeat


@pytest.mark.slow
def test_dry_run_imports_no_tensorflow():
    probe = "import sys; from fmnist_exp import train; sys.argv[1:] = %r; train.main(); " % [
        *SMALL,
        "dry_run=true",
    ]
    result = command("-c", probe + "print('tensorflow' in sys.modules)")
    assert result.stdout.splitlines()[-1] == "False", result.stderr
