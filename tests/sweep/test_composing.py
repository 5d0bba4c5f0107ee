"""Runs of a sweep are composed as Hydra itself composes them, only faster."""

import itertools

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep.composing import Composer

RUNS = {
    "nothing": [],
    "a seed": ["seed=3"],
    "an option": ["initializer=he"],
    "another seed of it": ["initializer=he", "seed=4"],
    "the option last": ["seed=4", "initializer=he"],
    "a value that an option brings": ["optimizer=nesterov", "optimizer.config.momentum=0.5"],
    "a model with its recipe": ["model=regularized", "model.dropout=0.1"],
    "an experiment": ["experiment=smoke", "initializer=he", "seed=1"],
    "an added value": ["+optimizer.config.beta_1=0.8", "seed=1"],
    "a value taken away": ["~optimizer.config.learning_rate", "seed=1"],
    "a list": ["model.hidden=[64,32]"],
    "null": ["data.num_train=null", "data=synthetic"],
    "an interpolation": ["seed=${data.split_seed}"],
    "quotes": ["store='a b,c=d'"],
    "a key of its own": ["+anything=3", "seed=1"],
}


@pytest.fixture(scope="module")
def sweep():
    """A composer, Hydra's own loader, and the config of a sweep."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        overrides = ["hydra.sweep.dir=somewhere", "seed=0,1"]
        master = loader.load_configuration("config", overrides, RunMode.MULTIRUN)
        yield Composer(master, loader), loader, master


def plain(config):
    return OmegaConf.to_container(config, resolve=False)


@pytest.mark.parametrize("run", RUNS)
def test_run_is_composed_as_hydra_does(run, sweep):
    composer, loader, master = sweep
    expected = loader.load_sweep_config(master, RUNS[run])
    for _ in range(2):  # read from files, then remembered
        received = composer.compose(RUNS[run])
        assert plain(received) == plain(expected)
        assert OmegaConf.is_struct(received)


def orders(words, *lengths):
    """Each order of each choice of so many of these words, each a case."""
    return [list(each) for n in lengths for each in itertools.permutations(words, n)]


TANGLED = ["++optimizer.config.beta_1=0.8", "~training.callbacks", "training.callbacks=null"]
MIXED = orders(["seed=3", "initializer=he", "model.hidden=[8]", "store='a b,c=d'", *TANGLED], 1, 2)
MIXED += orders(["initializer=he", *TANGLED], 3)


@pytest.mark.slow
def test_mixed_runs_are_composed_as_hydra_does_in_every_order(sweep):
    """A run that Hydra refuses is refused, and any other equals it."""
    composer, loader, master = sweep
    num_refused = 0
    for run in MIXED:
        try:
            expected = loader.load_sweep_config(master, run)
        except ConfigCompositionException:
            num_refused += 1
            with pytest.raises((ConfigCompositionException, OmegaConfBaseException)):
                composer.compose(run)
        else:
            assert plain(composer.compose(run)) == plain(expected), run
    assert 0 < num_refused < len(MIXED) / 4


@pytest.mark.parametrize(
    "run", [["seeed=1"], ["model.hiden=[3]"], ["seed=1", "~optimizer.nothing"]]
)
def test_mistake_is_found_as_hydra_does(run, sweep):
    composer, loader, master = sweep
    with pytest.raises(ConfigCompositionException, match="Could not"):
        loader.load_sweep_config(master, run)
    with pytest.raises((ConfigCompositionException, ConfigAttributeError, ConfigKeyError)):
        composer.compose(run)


def composer_of(sweep, *overrides, params=None):
    _, loader, _ = sweep
    master = loader.load_configuration("config", list(overrides), RunMode.MULTIRUN)
    master.hydra.sweeper.params = params or {}
    return Composer(master, loader)


def test_command_line_replaces_a_factor_of_an_experiment(sweep):
    params = {"initializer": "he,lecun", "seed": "range(3)"}
    runs = composer_of(sweep, "data=synthetic", "seed=7,8", params=params).expand()
    assert runs == [
        (f"initializer={name}", f"seed={seed}", "data=synthetic")
        for name in ("he", "lecun")
        for seed in (7, 8)
    ]


@pytest.mark.parametrize(
    ("factor", "first"),
    [
        ("seed=range(3,9)", "seed=3"),
        ("initializer=glob(he*)", "initializer=he"),
        ("model.dropout=interval(0.1,0.5)", None),
        ("optimizer.config.learning_rate=tag(log,interval(1e-4,1))", None),
        ("++training.callbacks={},{a:{class_name:X}}", "++training.callbacks=null"),
    ],
)
def test_first_run_has_the_first_level_of_every_factor(factor, first, sweep):
    assert composer_of(sweep, factor).first() == ([] if first is None else [first])


def test_interval_is_no_factor_of_an_ordinary_sweep(sweep):
    with pytest.raises(ConfigError, match=r"only a tuner can choose. .* model.dropout=A,B"):
        composer_of(sweep, "model.dropout=interval(0.1,0.5)").expand()


def test_value_of_an_option_is_set_on_a_copy(sweep):
    composer, *_ = sweep
    composer.composed.clear()
    for rate in ("0.1", "0.2"):
        composer.compose(["optimizer=sgd", f"optimizer.config.learning_rate={rate}"])
    assert list(composer.composed) == [("optimizer=sgd",)]
