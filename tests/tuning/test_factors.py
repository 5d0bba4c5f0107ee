"""What a tuned sweep may choose is read from Hydra's overrides and checked before it starts."""

import sys

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from planning import plan_command_line
from tuning_study import SMALL, studied

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.tuning.proposals import Settings, ends


def factors_of(*overrides):
    with studied(*overrides) as study:
        study.prepare()
        return study.proposals.factors


def test_shipped_experiment_chooses_learning_rate_dropout_and_widths():
    factors = factors_of()
    assert factors["optimizer.config.learning_rate"] == FloatDistribution(1e-4, 1e-2, log=True)
    assert factors["model.dropout"] == FloatDistribution(0.0, 0.5)
    assert "[256,128]" in ends(factors["model.hidden"])
    assert len(factors) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "factor"),
    [
        ("model.dropout=interval(0.1,0.2)", FloatDistribution(0.1, 0.2)),
        ("model.dropout=range(0,0.35,0.1)", FloatDistribution(0.0, 0.3, step=0.1)),
        (
            "optimizer.config.learning_rate=tag(log,interval(0.001,0.1))",
            FloatDistribution(0.001, 0.1, log=True),
        ),
        ("training.epochs=range(2,8,2)", IntDistribution(2, 6, step=2)),
        ("training.epochs=range(6,1,-2)", IntDistribution(2, 6, step=2)),
        ("training.epochs=int(interval(2,8))", IntDistribution(2, 8)),
        ("optimizer=adam,sgd,adam", CategoricalDistribution(("adam", "sgd"))),
        ("model.activation=relu,elu", CategoricalDistribution(("relu", "elu"))),
        ("without=choice(dropout,shifts)", CategoricalDistribution(("dropout", "shifts"))),
        ("initializer=glob(he*)", CategoricalDistribution(("he", "he_normal"))),
        ("+optimizer.config.beta_1=interval(0.8,0.95)", FloatDistribution(0.8, 0.95)),
    ],
)
def test_command_line_adds_or_replaces_a_factor(override, factor):
    assert factors_of(override)[override.partition("=")[0]] == factor


def test_command_line_fixes_a_factor():
    assert "model.dropout" not in factors_of("model.dropout=0.1")


OTHERS = "must belong to one of augmentation, initializer, model, optimizer, training"
BAD = {
    "seed=1,2": OTHERS,
    "data.split_seed=1,2": OTHERS,
    "engine=c,xla": OTHERS,
    "model.dropout=tag(log,interval(0,0.5))": "model.dropout must be a range .*low > 0.* Pass",
    "model.dropout=tag(log,range(0.1,0.5,0.1))": "model.dropout must be a range .*step.*log.* Pass",
    "model.dropout=interval(0.5,0)": "model.dropout must be a range .*low.*high.* Pass",
    "model.dropout=interval(0,inf)": r"model.dropout must be .*, received",
    "model.dropout=tag(lin,interval(0,0.5))": "there is no other tag than log, found lin",
    "training.epochs=range(2,3)": "training.epochs must be .* must hold at least two numbers",
    "model.dropout=interval(0,1)": r"model.dropout must be less than 1, received 1.0",
    "model.hidden=choice([64],[0])": r"model.hidden\[0\] must be .* received 0",
    "optimizer.config.learning_rat=interval(1,2)": "learning_rat is not",
    "training.batch_size=choice(8,4000)": "training.batch_size must be at most the 1600 images",
    "hydra.sweeper.num_trials=0": "hydra.sweeper.num_trials must be greater than or equal to 1",
    "hydra.sweeper.trials_at_once=-1": "hydra.sweeper.trials_at_once must be greater",
    "hydra.sweeper.prune=maybe": "hydra.sweeper.prune must be a valid boolean, received 'maybe'",
}


@pytest.mark.slow
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
    with pytest.raises(ConfigError, match=r"^[^\n]*pip install 'fmnist_exp\[optuna\]'$"):
        plan_command_line(["--multirun", "experiment=tune", *SMALL, into])


def test_editing_a_config_file_changes_no_later_trial(tmp_path):
    for name in ("a", "b"):
        own = tmp_path / "training" / f"{name}.yaml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(f"name: {name}\nepochs: 3\nbatch_size: 8\ncallbacks: {{}}\n")
    search_path = f"hydra.searchpath=['file://{tmp_path}']"
    with studied(search_path, "training=choice(a,b)", "optimizer=adam,sgd") as study:
        study.prepare()
        own.write_text(own.read_text().replace("epochs: 3", "epochs: 4"))
        chosen = ("training=b", "optimizer=sgd", "optimizer.config.learning_rate=0.00123")
        config = study.composer.compose([*study.fixed, *chosen])
        assert (config.training.epochs, config.optimizer.config.learning_rate) == (3, 0.00123)


def test_every_setting_of_the_sweeper_is_in_its_file():
    text = (CONFIG_DIR / "hydra" / "sweeper" / "tpe.yaml").read_text()
    for name in (*Settings.model_fields, "params"):
        assert f"\n{name}: " in text
