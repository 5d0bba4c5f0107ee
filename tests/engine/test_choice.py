"""The engine of a run is settled when it is planned, without TensorFlow, and no other trains it."""

import logging
from pathlib import Path

import pytest
from conftest import config_of, read_rows
from planning import plan_command_line

from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.engine import choice
from fmnist_exp.engine.choice import settled
from fmnist_exp.engine.native import c_library
from fmnist_exp.errors import ConfigError
from fmnist_exp.run import runner
from fmnist_exp.run.provenance import run_key
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records
from fmnist_exp.strict import checked
from fmnist_exp.sweep.checking import listed
from fmnist_exp.sweep.task import planned

SWEEP = ("--multirun", "data=synthetic", "training=smoke", "seed=range(3)")


@pytest.fixture
def without_c(monkeypatch):
    """A machine on which the C code cannot be had."""
    monkeypatch.setattr(c_library, "load", lambda dtype: "there is no C here")


def trained(config, folder, **options):
    """The record of a run that is trained below a folder, with a store."""
    how = ExecutionConfig(store=str(folder / "runs"), checkpoint_seconds=0)
    return runner.run(config, folder / "run", {"initializer": "he"}, how, **options)


@pytest.mark.parametrize(
    ("overrides", "engine"),
    [
        ((), "c"),
        (("engine=c",), "c"),
        (("augmentation=mirror",), "c"),
        (("optimizer=sgd",), "xla"),
        (("engine=xla",), "xla"),
        (("engine=gpu",), "gpu"),
    ],
)
def test_engine_is_settled_by_the_config_where_c_can_be_had(overrides, engine):
    assert settled(config_of(*overrides)).engine == engine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "engines"),
    [
        (["initializer=he,lecun"], ["c"] * 6),
        (["optimizer=adam,sgd"], ["xla"] * 6),
        (["optimizer=adam,sgd", "engine=c,auto"], None),
        (["optimizer=adam,adamw", "engine=auto"], ["xla"] * 6),
        (["engine=c,xla"], ["c"] * 3 + ["xla"] * 3),
        (["engine=auto,xla"], ["c"] * 3 + ["xla"] * 3),
    ],
    ids=str,
)
def test_runs_of_a_sweep_are_planned_for_one_engine_unless_they_name_it(
    tmp_path, overrides, engines
):
    """One that C does not know takes the others with it, so that they can be compared."""
    command = [*SWEEP, *overrides, f"hydra.sweep.dir={tmp_path}/s"]
    if engines is None:
        with pytest.raises(ConfigError, match=r"does not know optimizer\.class_name=SGD"):
            plan_command_line(command)
    else:
        planned_engines = [config.engine for config in plan_command_line(command).configs]
        assert sorted(planned_engines) == engines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "unknown"),
    [
        ("optimizer=adam,sgd", "optimizer.class_name=SGD"),
        ("model.activation=relu,selu", "model.activation=selu"),
        ("optimizer=adam", None),
        ("optimizer=sgd", None),  # no run that C would train
        ("engine=c,xla", None),
    ],
)
def test_sweep_that_leaves_c_for_a_few_runs_says_for_which_key(tmp_path, override, unknown):
    plan = plan_command_line([*SWEEP, override, f"hydra.sweep.dir={tmp_path}/s"])
    said = f"XLA trains all runs, as they are compared: the C code does not know {unknown}"
    assert plan.remark == (said if unknown else None)


def test_remark_on_the_engine_is_printed_once(tmp_path, train_here):
    for sweep in (["optimizer=adam,sgd"], ["hydra/sweeper=tpe", "optimizer=choice(adam,sgd)"]):
        arguments = ["--multirun", *SWEEP[1:3], *sweep, f"hydra.sweep.dir={tmp_path}/s"]
        ended = train_here(*arguments, "dry_run=true")
        assert ended.out.count("the C code does not know") == 1


@pytest.mark.parametrize(
    ("override", "unknown"),
    [
        ("model.activation=selu", "model.activation=selu"),
        ("optimizer=sgd", "optimizer.class_name=SGD"),
        ("+optimizer.config.clipnorm=1.0", "optimizer.config.clipnorm=1.0"),
        ("+optimizer.config.use_ema=true", "optimizer.config.use_ema=True"),
        ("training.label_smoothing=0.1", "training.label_smoothing=0.1"),
        ("augmentation=mirror_shift", "augmentation.shift_pixels=1"),
        ("model.layer_normalization=true", "model.layer_normalization=True"),
        ("training.schedule={class_name:CosineDecay}", "training.schedule=CosineDecay"),
    ],
)
def test_refusal_of_c_names_the_key_that_it_does_not_know_alone(override, unknown):
    message = f"^engine=c cannot train this run on .*: the C code does not know {unknown}. Pass "
    with pytest.raises(ConfigError, match=message + "engine=xla, which"):
        settled(config_of("engine=c", override))


def test_run_elsewhere_has_the_engine_that_was_settled(tmp_path):
    plan = plan_command_line([*SWEEP, "optimizer=adam,sgd", f"hydra.sweep.dir={tmp_path}/s"])
    plan.study.write_plan()
    run, _ = planned(plan.sweep_dir, 0)
    assert checked(RunConfig, run.config) == config_of(*SWEEP[1:3], "engine=xla")


def test_reason_is_said_once_for_all_runs_of_a_command(without_c, caplog, tmp_path):
    with caplog.at_level(logging.WARNING):
        plan = plan_command_line([*SWEEP, f"hydra.sweep.dir={tmp_path}/s"])
        for config in plan.configs:
            assert settled(config).engine == "xla"
    (message,) = caplog.messages
    assert "there is no C here" in message


@pytest.mark.slow
def test_process_that_cannot_load_the_planned_engine_fails_with_one_line(
    tiny_config, monkeypatch, tmp_path
):
    """The advice works: the same run with engine=xla is trained."""
    config = settled(tiny_config("training.epochs=1"))
    monkeypatch.setattr(c_library, "load", lambda dtype: "there is no C here")
    with pytest.raises(ConfigError, match=r"there is no C here.*engine=xla") as refused:
        trained(config, tmp_path)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()
    assert trained(config.replaced(engine="xla"), tmp_path).provenance["engine"] == "XLA"


def test_record_and_key_name_the_settled_engine(tiny_config, tmp_path):
    record = trained(tiny_config("training.epochs=1"), tmp_path)
    assert (record.config["engine"], record.provenance["engine"]) == ("c", "C")
    assert record.provenance["device"] == "CPU"
    assert record.provenance["library"] == Path(c_library.load("float32")._name).name
    assert record.provenance["threads"] == 1  # the widest layer has one panel
    assert record.provenance["model_needs_keras"] == "3.8"
    data_sha256 = record.provenance["data_sha256"]
    keys = {
        name: run_key(tiny_config("training.epochs=1", f"engine={name}"), data_sha256)
        for name in ("c", "xla", "gpu")
    }
    assert record.run_key == keys["c"]
    assert len(set(keys.values())) == 3


@pytest.mark.slow
def test_dry_run_shows_as_done_what_the_settled_engine_has_trained(monkeypatch, tmp_path, request):
    arguments = [*SWEEP, "training.epochs=1", f"hydra.sweep.dir={tmp_path}/s"]
    plan, store = plan_command_line(arguments), Store(tmp_path / "runs")
    trained(plan.configs[1], tmp_path)
    assert "3 runs, 1 done, 2 to train" in listed(plan.configs, plan.overrides, store)
    request.getfixturevalue("without_c")
    choice._c_is_here.cache_clear()
    plan = plan_command_line(arguments)
    assert "3 runs, 0 done, 3 to train" in listed(plan.configs, plan.overrides, store)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.slow
def test_state_of_one_engine_is_not_continued_by_the_other(tiny_config, tmp_path):
    def kill(row, num_saved):
        if row.epoch == 3:
            raise Killed

    config = tiny_config("training.epochs=4")
    with pytest.raises(Killed):
        trained(config, tmp_path, on_epoch=kill)
    assert len(list((tmp_path / "runs" / "unfinished").rglob("*.npz"))) == 1
    other = config.replaced(engine="xla")
    trained(other, tmp_path)
    trained(other, tmp_path / "alone")
    assert history(tmp_path) == history(tmp_path / "alone")


def history(folder):
    """The epochs of a run, but for the seconds that each took."""
    rows = read_rows(folder / "run" / records.HISTORY)
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]
