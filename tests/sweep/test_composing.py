"""Runs of a sweep are composed as Hydra itself composes them, only faster."""

import copy
import pickle

import pytest
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import OmegaConf

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.sweep.composing import Composer, cheap_sweeps

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
    with cheap_sweeps(), initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        overrides = ["hydra.sweep.dir=somewhere", "seed=0,1"]
        master = hydra.compose_config("config", overrides, RunMode.MULTIRUN)
        composer = hydra.config_loader
        assert isinstance(composer, Composer)
        yield composer, ConfigLoaderImpl(composer.get_search_path()), master


def plain(config):
    return OmegaConf.to_container(config, resolve=False)


@pytest.mark.parametrize("run", RUNS)
def test_run_is_composed_as_hydra_does(run, sweep):
    composer, own, master = sweep
    expected = own.load_sweep_config(master, RUNS[run])
    for _ in range(2):  # read from files, then remembered
        received = composer.load_sweep_config(master, copy.copy(RUNS[run]))
        assert plain(received) == plain(expected)
        assert OmegaConf.is_struct(received)


@pytest.mark.parametrize(
    "run", [["seeed=1"], ["model.hiden=[3]"], ["seed=1", "~optimizer.nothing"]]
)
def test_mistake_is_found_as_hydra_does(run, sweep):
    composer, own, master = sweep
    for loader in (own, composer):
        with pytest.raises(ConfigCompositionException, match="Could not"):
            loader.load_sweep_config(master, run)


def test_files_are_read_once_for_each_combination_of_options(sweep, monkeypatch):
    composer, _, master = sweep
    read = []
    real = ConfigLoaderImpl.load_configuration

    def load(*arguments, **options):
        read.append(options["overrides"])
        return real(*arguments, **options)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", load)
    composer.composed.clear()
    for seed in range(3):
        for name in ("he", "lecun"):
            composer.load_sweep_config(master, [f"seed={seed}", f"initializer={name}"])
    assert [overrides[-1] for overrides in read] == ["initializer=he", "initializer=lecun"]


def test_composer_is_sent_to_other_processes_without_what_it_remembers(sweep):
    composer, _, master = sweep
    composer.load_sweep_config(master, [])
    assert pickle.loads(pickle.dumps(composer)).composed == {}
    assert composer.composed
