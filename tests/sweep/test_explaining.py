"""What Hydra cannot compose is answered in one line that leads to what was meant."""

import pytest
from planning import plan_command_line

from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep.explaining import nearest

KEYS = [
    *("seed", "data.name", "data.split_seed", "model.name", "model.hidden", "model.dropout"),
    *("model.batch_normalization", "optimizer", "optimizer.name", "optimizer.config"),
    *("optimizer.config.learning_rate", "training", "training.epochs", "training.batch_size"),
]
MEANT = {
    "lr": "optimizer.config.learning_rate",
    "optimizer.lr": "optimizer.config.learning_rate",
    "optimizer.learning_rate": "optimizer.config.learning_rate",
    "learningrate": "optimizer.config.learning_rate",
    "epochs": "training.epochs",
    "model.epochs": "training.epochs",
    "training.epoch": "training.epochs",
    "bs": "training.batch_size",
    "bn": "model.batch_normalization",
    "dropuot": "model.dropout",
    "modle.dropout": "model.dropout",
    "data.seed": "seed",
    "optmizer": "optimizer",
    "model.nme": "model.name",
    "foo": None,
    "optimizer.config.momentum": None,
}


@pytest.mark.parametrize("key", MEANT)
def test_case_lr_key_is_known_by_its_last_part_initials_or_spelling(key):
    assert nearest(key, KEYS) == MEANT[key]


SHOWS = "`python -m fmnist_exp.train --cfg job` shows every key and value."
ANSWERS = {
    "lr=0.1": "lr is not a key of the config. Did you mean optimizer.config.learning_rate? "
    + SHOWS,
    "optimizer.lr=0.1": (
        "optimizer.lr is not a key of the config. Did you mean optimizer.config.learning_rate? "
        + SHOWS
    ),
    "optimizer.config.lr=0.1": (
        "optimizer.config.lr is not a key of the config. Did you mean "
        "optimizer.config.learning_rate? " + SHOWS
    ),
    "hydra.launcher.n_jobs=3": (
        "hydra.launcher.n_jobs is not a key of the config. It is one with hydra/launcher=cores. "
        + SHOWS.replace("job", "hydra")
    ),
    "hydra.sweeper.num_trials=4": (
        "hydra.sweeper.num_trials is not a key of the config. It is one with hydra/sweeper=tpe. "
        + SHOWS.replace("job", "hydra")
    ),
    "foo=1": "foo is not a key of the config. " + SHOWS,
    "optimizer.config.beta_1=0.8": (
        "optimizer.config.beta_1 is not a key of the config. An argument of Keras's that is not "
        "set is added with ++: ++optimizer.config.beta_1=VALUE. " + SHOWS
    ),
    "data={zzz:1}": "data.zzz is not a key of the config. " + SHOWS,
    "model=deep": "model must name an option, received 'deep'. Known: baseline, best, regularized.",
    "seed=0,1": (
        "seed=0,1 names several values, received for a single run. Add --multirun for a run of "
        "each; put a list into brackets, KEY=[1,2]."
    ),
    "seed=0-4": "seed must be a valid integer, received '0-4'. Pass for example seed=0.",
    "store=a(b": (
        "'store=a(b' cannot be read as KEY=VALUE. Put a value with special characters into two "
        """pairs of quotes: 'KEY="VALUE"'."""
    ),
    "model.dropout": "'model.dropout' cannot be read as KEY=VALUE. Write model.dropout=VALUE.",
    "model.dropout 0.3": ("'model.dropout' cannot be read as KEY=VALUE. Write model.dropout=0.3."),
    "seed=${nope}": (
        "seed: Interpolation key 'nope' not found. Correct the value, or leave it out. "
        "What makes a run may refer to other keys of the run alone."
    ),
}


@pytest.mark.parametrize("override", ANSWERS)
def test_case_lr_and_seed_0_4_answer_is_one_line(override, tmp_path):
    with pytest.raises(ConfigError) as refused:
        plan_command_line(["data=synthetic", *override.split(), f"hydra.run.dir={tmp_path / 'r'}"])
    assert str(refused.value) == ANSWERS[override]


NO_MOMENTUM = (
    "optimizer.config.momentum is not a key of the config. An argument of Keras's that is not set "
    "is added with ++: ++optimizer.config.momentum=VALUE. " + SHOWS
)
FACTORS = {  # of an experiment file -> what is said of them
    "{params: {seed: '1,2)'}}": "'seed=1,2)' cannot be read as KEY=VALUE.",
    "{params: {seed: '${nope}'}}": "Interpolation key 'nope' not found.",
    "{params: {seed: '???'}}": "hydra.sweeper.params.seed: Missing mandatory value",
    "{params: 3}": "hydra.sweeper.params must be a mapping, received 3.",
    "null": "hydra.sweeper must be a mapping, received null.",
}


@pytest.mark.parametrize("sweeper", FACTORS)
def test_factors_that_cannot_be_read_are_refused_in_one_line(sweeper, tmp_path, train_here):
    (tmp_path / "experiment").mkdir()
    text = f"# @package _global_\nhydra: {{sweeper: {sweeper}}}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    own = ["--config-dir", str(tmp_path), "--multirun", "experiment=mine", "data=synthetic"]
    for request in ([], ["--cfg", "job"]):
        ended = train_here(*own, *request)
        assert ended.status == 2
        assert FACTORS[sweeper] in ended.err
        assert ended.err.count("\n") == 1


SECTIONS = {
    "hydra.sweeper=null": "hydra.sweeper must be a mapping, received null.",
    "hydra.sweeper=3": "hydra.sweeper must be a mapping, received 3.",
    "hydra.sweeper.params=3": "hydra.sweeper.params must be a mapping, received 3.",
    "hydra.launcher=null": "hydra.launcher must be a mapping, received null.",
    "hydra.searchpath=3": "hydra.searchpath a list of them, received",
    "hydra.searchpath=null": "hydra.searchpath a list of them, received",
    "hydra.searchpath=[file:///nothere]": "hydra.searchpath a list of them, received",
    "--config-dir=. ++hydra.searchpath=[file:///tmp]": "a list of them, received '++",
}


@pytest.mark.parametrize("overrides", SECTIONS)
def test_what_stands_in_the_place_of_a_section_is_refused(overrides):
    for flag in ([], ["--multirun"]):
        with pytest.raises(ConfigError) as refused:
            plan_command_line(["data=synthetic", *overrides.split(), *flag])
        assert SECTIONS[overrides] in str(refused.value)


LACKING = {
    "optimizer=nesterov,adam optimizer.config.momentum=0.5,0.9": NO_MOMENTUM,
    "optimizer=nesterov,adam ++optimizer.config.momentum=0.5,0.9": (
        "optimizer.config.momentum is not an argument of Keras's Adam, received 0.5. Did you mean "
        "ema_momentum? Remove it, or correct its spelling."
    ),
    "optimizer=sgd,nesterov optimizer.config.momentum=0.5,0.9": NO_MOMENTUM,
    "model=regularized,baseline training.callbacks.early_stopping.config.patience=3": (
        "training.callbacks.early_stopping.config.patience is not a key of the config. " + SHOWS
    ),
}


TUNED = {
    "experiment=tune hydra.sweeper.n_trials=3": "hydra.sweeper.num_trials",
    "hydra/sweeper=tpe num_trials=3": "hydra.sweeper.num_trials",
    "hydra.swep.subdir=3": "hydra.sweep.subdir",
    "hydra/launcher=cores hydra.launcher.njobs=3": "hydra.launcher.n_jobs",
    "hydra.launcher.partition=x": None,
    "hydra.sweeper.foo=3": None,
}


@pytest.mark.parametrize("overrides", TUNED)
def test_key_of_a_sweeper_or_launcher_is_known_too(overrides, tmp_path):
    sweep = ("--multirun", "data=synthetic", f"hydra.sweep.dir={tmp_path / 's'}")
    with pytest.raises(ConfigError) as refused:
        plan_command_line([*sweep, *overrides.split()])
    meant = TUNED[overrides]
    assert f"Did you mean {meant}?" in str(refused.value) or meant is None
    assert ("Did you mean" in str(refused.value)) == (meant is not None)
    assert "_target_" not in str(refused.value)


@pytest.mark.parametrize("overrides", LACKING)
def test_case_7_option_that_lacks_a_key_is_named_before_training(overrides, tmp_path):
    sweep = (
        "--multirun",
        "data=synthetic",
        *overrides.split(),
        f"hydra.sweep.dir={tmp_path / 's'}",
    )
    with pytest.raises(ConfigError) as refused:
        plan_command_line(sweep)
    said, _, asking = str(refused.value).partition(" The run that asks for it: ")
    assert said == LACKING[overrides]
    assert not asking or asking.startswith("data=synthetic ")
    assert list(tmp_path.iterdir()) == []


def test_case_7_form_that_is_named_works(tmp_path):
    factors = ("optimizer=sgd,nesterov", "++optimizer.config.momentum=0.5,0.9")
    into = f"hydra.sweep.dir={tmp_path / 's'}"
    plan = plan_command_line(["--multirun", "data=synthetic", *factors, into])
    momenta = [config.optimizer.config["momentum"] for config in plan.configs]
    assert momenta == [0.5, 0.9, 0.5, 0.9]
