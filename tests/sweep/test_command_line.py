"""Command lines mean what people mean by them, in whatever order they are typed."""

import shlex

import pytest
from conftest import config_of
from hydra.core.override_parser.overrides_parser import OverridesParser
from planning import plan_command_line, show

from fmnist_exp.errors import ConfigError, DataError
from fmnist_exp.sweep.command_line import as_hydra_reads, quoted, read_arguments

SMALL = ("data=synthetic", "training=smoke")


@pytest.fixture
def into(tmp_path):
    """Output directories that a check must leave alone."""
    yield (f"hydra.run.dir={tmp_path / 'run'}", f"hydra.sweep.dir={tmp_path / 'sweep'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", range(4))
def test_case_O1_flag_may_stand_between_overrides(place, tmp_path):
    arguments = [*SMALL, "seed=0,1"]
    arguments.insert(place, "--multirun")
    into = f"hydra.sweep.dir={tmp_path}/s"
    plan = plan_command_line([*arguments, into])
    assert [config.seed for config in plan.configs] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--multrun", "seed=1"], r"--multrun is not an option. Did you mean --multirun\?"),
        (["-x"], r"-x is not an option. Known: --cfg, --config-dir, --help, --hydra-help, --info,"),
        (["-x"], r"`python -m fmnist_exp.train --hydra-help` lists all.$"),
        (["--optimizer", "sgd"], "^--optimizer must have no -- before it: optimizer=sgd.$"),
        (["--model.dropout=0.3", "x"], r" must have no -- before it: model\.dropout=0\.3\.$"),
        (["--experiment", "--multirun"], r"^--experiment must .*: experiment=VALUE\.$"),
        (["--dry-run", "seed=1"], r"^--dry-run must have no -- before it: dry_run=VALUE\.$"),
        (["seed=0", "multirun"], "^multirun must have -- before it: --multirun.$"),
        (["--cfg", "jbo"], r"argument --cfg/-c: invalid choice: 'jbo'"),
        (["--config-dir"], r"argument --config-dir/-cd: expected one argument"),
    ],
)
def test_case_O1_mistyped_flag_is_named_in_one_line(arguments, message):
    with pytest.raises(ConfigError, match=message) as refused:
        read_arguments(arguments)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--multirun", "--cfg", "job"], ["-m", "-c", "all"]])
def test_case_O1_sweep_is_shown_by_its_first_run(arguments, capsys):
    show([*arguments, "model=regularized,baseline", "seed=range(3,5)"])
    said = capsys.readouterr().out
    assert "- 512\n" in said
    assert "seed: 3\n" in said
    show([*arguments, "experiment=initializers", "hydra/launcher=cores"])
    said = capsys.readouterr().out
    assert "class_name: GlorotUniform\n" in said
    assert "seed: 0\n" in said
    show([*arguments, "experiment=tune"])
    assert "learning_rate: 0.001\n" in capsys.readouterr().out


def test_command_for_a_sweep_keeps_what_else_was_asked_for(tmp_path):
    asked = (*SMALL, "hydra/launcher=cores", f"hydra.run.dir={tmp_path}/r", f"store={tmp_path}/a b")
    own = tmp_path / "my own"
    own.mkdir()
    command = ["experiment=initializers", *asked, "--config-dir", str(own)]
    with pytest.raises(ConfigError, match="is a sweep, received a command for a") as refused:
        plan_command_line(command)
    _, _, repair = str(refused.value).partition("Run it with: python -m fmnist_exp.train ")
    words = shlex.split(repair)
    assert {*words} == {*command[:2], *SMALL, *asked, "--config-dir", str(own), "--multirun"} - {
        f"hydra.run.dir={tmp_path}/r"
    }
    assert len(plan_command_line([*words, f"hydra.sweep.dir={tmp_path}/s"]).configs) == 30


RESOLVED = ("--cfg", "job", "--resolve")
BESIDE = {
    ("--cfg", "job", "seeed=1"): r"seeed is not a key .* Did you mean seed\?",
    ("--help", "initializer=hee"): r"initializer must name an option, .* Did you mean he\?",
    ("--help", "foo=1"): r"foo is not a key of the config\.",
    ("--hydra-help", "foo=1"): r"foo is not a key of the config\.",
    ("--help", "seed=0,1"): r"seed=0,1 names several values, .* Add --multirun",
    ("--resolve",): r"--resolve must stand beside --cfg or --help",
    (*RESOLVED, "store=${oc.env:NOPE}"): r"config: \"Environment variable 'NOPE' not found\"",
}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", BESIDE, ids=" ".join)
def test_case_O1_mistake_beside_cfg_or_help_is_named_in_one_line(arguments):
    with pytest.raises(ConfigError, match=f"^{BESIDE[arguments]}") as refused:
        show(arguments)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("what", ["job", "hydra", "all"])
def test_case_O1_what_can_be_resolved_is_shown(what, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    show(["store=${hydra:runtime.cwd}/runs", "--cfg", what, "--resolve"])
    assert str(tmp_path) in capsys.readouterr().out


HOME = {
    "data.dir=~/fashion": "data.dir=/home/me/fashion",
    "++store=~": "++store=/home/me",
    "store=~/my runs": "store=/home/me/my runs",
    "store=a~b": "store=a~b",
    "~training.callbacks.early_stopping": "~training.callbacks.early_stopping",
}


@pytest.mark.parametrize("override", HOME)
def test_case_6_home_folder_is_expanded_where_no_shell_does(override, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert as_hydra_reads(override) == HOME[override]


@pytest.mark.slow
@pytest.mark.parametrize("spelling", ["{}=~/my", "{}='~/my'", '{}="~/my"', "{}=${{store}}"])
def test_case_6_home_folder_is_expanded_in_every_path(spelling, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    keys = ("hydra.run.dir", "hydra.sweep.dir")
    given = [spelling.format(key) for key in keys]
    store = "store=~/my"
    single = plan_command_line([*SMALL, store, *given])
    sweep = plan_command_line(["--multirun", "seed=1,2", *SMALL, store, *given])
    assert single.run_dir == sweep.sweep_dir == tmp_path / "my"
    assert single.execution.store == str(tmp_path / "my")
    with pytest.raises(DataError, match=rf"cannot read the folder {tmp_path}/my: "):
        plan_command_line([store, spelling.format("data.dir"), *given])
    assert not (tmp_path / "my").exists()


def test_case_14c_paths_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    keys = ("store", "hydra.run.dir")
    given = [f"{key}=${{oc.env:SCRATCH}}/{key}" for key in keys]
    plan = plan_command_line([*SMALL, *given])
    assert plan.overrides == [[*SMALL, given[0]]]
    assert (plan.execution.store, plan.run_dir) == (f"{tmp_path}/store", tmp_path / keys[1])
    sweep = ("--multirun", "seed=1,2", "hydra.sweep.dir=${oc.env:SCRATCH}/s")
    assert plan_command_line([*SMALL, *sweep]).sweep_dir == tmp_path / "s"
    with pytest.raises(DataError, match=rf"cannot read the folder {tmp_path}/data: "):
        plan_command_line(["data.dir=${oc.env:SCRATCH}/data", f"hydra.run.dir={tmp_path}/r"])
    with pytest.raises(DataError, match=r"cannot read the folder /.*/data: "):
        plan_command_line(["data.dir=${hydra:runtime.cwd}/data", f"hydra.run.dir={tmp_path}/r"])


UNSET = "\"Environment variable 'DATA' not found\". Correct the value, or leave it out."
REFUSED = {
    "seed=${oc.env:SEED}": (
        "seed must be a value or refer to another key as ${seed} does, received "
        "'${oc.env:SEED}': what makes a run comes neither from the environment nor from Hydra. "
        'Write the value, or let the shell do so: seed="$NAME".'
    ),
    "data.dir=${oc.env:DATA}": f"data.dir: {UNSET}",
    "hydra.run.dir=${oc.env:DATA}": f"hydra.run.dir: {UNSET}",
}


@pytest.mark.parametrize("override", REFUSED)
def test_case_14c_environment_is_refused_in_one_sentence(override, into, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    with pytest.raises(ConfigError) as refused:
        plan_command_line([*SMALL[1:], *into, override])
    assert str(refused.value) == REFUSED[override]


OUTSIDE = {
    "${store}": "model.name: Interpolation key 'store' not found.",
    "${data.dir}": "model.name: Interpolation key 'data.dir' not found.",
    "${hydra.run.dir}": "model.name: Interpolation key 'hydra.run.dir' not found",
    "${hydra:run.dir}": "comes neither from the environment nor from Hydra",
    "${oc.select:store}": "comes neither from the environment nor from Hydra",
    "${oc.env:SECRET}": "comes neither from the environment nor from Hydra",
}


@pytest.mark.parametrize("value", OUTSIDE)
def test_case_14c_environment_reaches_no_run_through_another_key(value, into, monkeypatch):
    monkeypatch.setenv("SECRET", "s3cret")
    paths = ("store=${oc.env:SECRET}", "data.dir=${oc.env:SECRET}", "hydra.run.dir=${store}")
    with pytest.raises(ConfigError) as refused:
        plan_command_line([*into, *paths, f"model.name={value}"])
    assert "s3cret" not in str(refused.value)
    assert OUTSIDE[value] in str(refused.value)


@pytest.mark.parametrize("text", ["/x/st", "a b", "true", "3", "a,b", "it's", "", "a=b", "[x]"])
def test_case_18_text_has_quotes_only_where_hydra_needs_them(text):
    override = OverridesParser.create().parse_override(f"store={quoted(text)}")
    assert override.value() == text
    assert (quoted(text) == text) == (text in ("/x/st", "a b"))


@pytest.mark.parametrize("key", ["hydra.run.dir", "hydra.sweep.dir", "store"])
@pytest.mark.parametrize("none", ["", "null", "' '"])
def test_case_20_empty_folder_is_refused(key, none, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep = ["--multirun", "seed=1,2"] if "sweep" in key else []
    with pytest.raises(ConfigError, match=f"^{key}( must .* received|: .* is not Optional)"):
        plan_command_line([*SMALL, *sweep, f"{key}={none}"])
    assert list(tmp_path.iterdir()) == []


NONE = ("training.callbacks={}", "training.callbacks=null", "++training.callbacks={ }")


@pytest.mark.parametrize("none", NONE)
def test_case_O14b_empty_and_null_both_mean_none(none, into):
    """Hydra merges mappings, and `{}` into others changes nothing."""
    settings = ("data=synthetic", "model=regularized", "training=regularized", *into)
    (config,) = plan_command_line([*settings, none]).configs
    assert config.training.callbacks == {}
    first, second = plan_command_line(["--multirun", "seed=1,2", *settings, none]).configs
    assert first.training.callbacks == second.training.callbacks == {}
    more = "+training.callbacks.early.class_name=EarlyStopping"
    (config,) = plan_command_line([*settings, none, more]).configs
    assert [*config.training.callbacks] == ["early"]


def test_case_O14b_callbacks_can_be_a_factor(into):
    factor = "++training.callbacks={},{extra:{class_name:TerminateOnNaN}}"
    plan = plan_command_line(["--multirun", *SMALL[:1], "model=regularized", factor, *into])
    names = [[*run.training.callbacks] for run in plan.configs]
    assert names == [[], ["reduce_learning_rate", "early_stopping", "extra"]]


@pytest.mark.parametrize("gone", ["~{}", "{}=null"])
def test_case_O14b_one_callback_is_taken_away(gone):
    config = config_of("model=regularized", gone.format("training.callbacks.early_stopping"))
    assert [*config.training.callbacks] == ["reduce_learning_rate"]


def test_case_O14b_callback_without_config_has_an_empty_one():
    config = config_of("+training.callbacks.early.class_name=EarlyStopping")
    (early,) = config.training.callbacks.values()
    assert (early.class_name, early.config) == ("EarlyStopping", {})
