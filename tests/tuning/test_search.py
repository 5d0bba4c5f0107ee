"""What a tuned sweep may choose is read from Hydra's overrides and checked before it starts."""

import sys

import pytest
from planning import plan_command_line
from tuning_study import SMALL, composed

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.rundir import plan
from fmnist_exp.tuning.search import Choice, Interval, read_search


def factors_of(*overrides):
    with composed(*overrides) as (master, loader):
        return {factor.key: factor for factor in read_search(master, loader).factors}


def test_shipped_experiment_chooses_learning_rate_dropout_and_widths():
    factors = factors_of()
    assert factors["optimizer.config.learning_rate"] == Interval(
        "optimizer.config.learning_rate", 1e-4, 1e-2, log=True
    )
    assert factors["model.dropout"] == Interval("model.dropout", 0.0, 0.5)
    assert "[256,128]" in factors["model.hidden"].ends
    assert len(factors) == 3


@pytest.mark.parametrize(
    ("override", "factor"),
    [
        ("model.dropout=interval(0.1,0.2)", Interval("model.dropout", 0.1, 0.2)),
        ("model.dropout=range(0,0.35,0.1)", Interval("model.dropout", 0.0, 0.3, 0.1)),
        ("training.epochs=range(2,8,2)", Interval("training.epochs", 2, 6, 2)),
        ("training.epochs=int(interval(2,8))", Interval("training.epochs", 2, 8, 1)),
        ("optimizer=choice(adam,sgd,adam)", Choice("optimizer", ("adam", "sgd"))),
        ("model.activation=relu,elu", Choice("model.activation", ("relu", "elu"))),
        ("initializer=glob(he*)", Choice("initializer", ("he", "he_normal"))),
        (
            "+optimizer.config.beta_1=interval(0.8,0.95)",
            Interval("+optimizer.config.beta_1", 0.8, 0.95),
        ),
    ],
)
def test_command_line_adds_or_replaces_a_factor(override, factor):
    assert factors_of(override)[factor.key] == factor


def test_command_line_fixes_a_factor():
    assert "model.dropout" not in factors_of("model.dropout=0.1")


BAD = {
    "seed=1,2": "must belong to one of initializer, model, optimizer, training",
    "data.split_seed=1,2": "must belong to one of initializer, model, optimizer, training",
    "model.dropout=tag(log,interval(0,0.5))": "model.dropout must begin above 0",
    "model.dropout=interval(0.5,0)": "model.dropout must go from a number to a greater one",
    "model.dropout=tag(lin,interval(0,0.5))": "have no other tag than log, found lin",
    "training.epochs=range(2,3)": "training.epochs must hold at least two numbers",
    "model.dropout=interval(0,1)": r"model.dropout must be a number in \[0, 1\), received 1.0",
    "model.hidden=choice([64],[0])": r"model.hidden\[0\] must be .* received 0",
    "optimizer.config.learning_rat=interval(1,2)": "learning_rat is not",
    "training.batch_size=choice(8,4000)": "training.batch_size must be at most the 1600 images",
    "hydra.sweeper.num_trials=0": "hydra.sweeper.num_trials must be an integer of at least 1",
    "hydra.sweeper.trials_at_once=-1": "hydra.sweeper.trials_at_once must be an integer",
    "hydra.sweeper.prune=maybe": "hydra.sweeper.prune must be true or false, received 'maybe'",
}


@pytest.mark.parametrize("override", BAD)
def test_bad_value_is_refused_before_anything_starts(override, tmp_path):
    into = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    with pytest.raises(ConfigError, match=BAD[override]):
        plan_command_line(["--multirun", "experiment=tune", *SMALL, override, into])
    assert list(tmp_path.iterdir()) == []


def test_search_without_a_factor_is_refused(tmp_path):
    into = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    with pytest.raises(ConfigError, match="must have a factor to choose, received none"):
        plan_command_line(["--multirun", "hydra/sweeper=tpe", *SMALL, into])


def test_without_optuna_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "optuna", None)
    into = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    with pytest.raises(ConfigError, match=r"^[^\n]*pip install -e '.\[optuna\]'$"):
        plan_command_line(["--multirun", "experiment=tune", *SMALL, into])


STUDY = plan.PlannedStudy(num_runs=0, code_sha256="c", options=(), execution={})


def test_ordinary_sweep_keeps_out_of_a_tuned_one(tmp_path):
    plan.write_study(tmp_path, STUDY.model_copy(update={"begun_with": {}}))
    with pytest.raises(ConfigError, match="which holds a tuned sweep, for an ordinary one"):
        plan_command_line(["--multirun", *SMALL, "seed=1,2", f"hydra.sweep.dir={tmp_path}"])


def test_tuned_sweep_keeps_out_of_an_ordinary_one(tmp_path):
    plan.write_study(tmp_path, STUDY)
    with pytest.raises(ConfigError, match="which holds an ordinary sweep, for a tuned one"):
        plan_command_line(["--multirun", "experiment=tune", f"hydra.sweep.dir={tmp_path}"])


def test_editing_a_config_file_changes_no_later_trial(tmp_path):
    for name in ("a", "b"):
        own = tmp_path / "training" / f"{name}.yaml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(f"name: {name}\nepochs: 3\nbatch_size: 8\ncallbacks: {{}}\n")
    search_path = f"hydra.searchpath=['file://{tmp_path}']"
    with composed(search_path, "training=choice(a,b)", "optimizer=adam,sgd") as (master, loader):
        search = read_search(master, loader)
        own.write_text(own.read_text().replace("epochs: 3", "epochs: 4"))
        values = {**search.examples()[0], "training": "b", "optimizer": "sgd"}
        assert search.config(values).training.epochs == 3


def test_every_setting_of_the_sweeper_is_in_its_file():
    text = (CONFIG_DIR / "hydra" / "sweeper" / "tpe.yaml").read_text()
    with composed() as (master, loader):
        settings = read_search(master, loader).settings
    for name in vars(settings).keys() - {"target"}:
        assert f"\n{name}: " in text
