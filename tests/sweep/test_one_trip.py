"""A config makes the trip once: composed and parsed when the sweep is planned, then trained."""

from collections import Counter

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from fmnist_exp.config import parsing
from fmnist_exp.run import runner

INITIALIZERS = ("glorot_uniform", "he_normal", "lecun_normal")


@pytest.fixture
def counted(monkeypatch):
    """How often files are composed, and for which options; how often a config is parsed."""
    composed, parsed, trained = Counter(), [], []
    compose, read = ConfigLoaderImpl._load_configuration_impl, parsing._values

    def counting_compose(self, config_name, overrides, *more, **other):
        options = [each for each in overrides if not each.startswith("hydra.")]
        composed[tuple(options)] += 1
        return compose(self, config_name, overrides, *more, **other)

    def counting_read(*arguments):
        parsed.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(ConfigLoaderImpl, "_load_configuration_impl", counting_compose)
    monkeypatch.setattr(parsing, "_values", counting_read)
    monkeypatch.setattr(runner, "run", lambda config, *more, **other: trained.append(config))
    return composed, parsed, trained


def test_sweep_of_30_runs_composes_each_combination_of_options_once(counted, train_here, tmp_path):
    composed, parsed, trained = counted
    arguments = ["data=synthetic", "training=smoke", f"store={tmp_path / 'runs'}"]
    factors = [f"initializer={','.join(INITIALIZERS)}", "seed=range(10)"]
    sweep = ["--multirun", *arguments, *factors, f"hydra.sweep.dir={tmp_path / 's'}"]
    assert train_here(*sweep).status == 0
    assert [(config.initializer.name, config.seed) for config in trained] == [
        (name, seed) for name in INITIALIZERS for seed in range(10)
    ]
    assert max(composed.values()) == 1
    assert len(composed) == 1 + len(INITIALIZERS)  # of the sweep itself, and of its options
    assert len(parsed) == 30


def test_single_run_is_composed_and_parsed_once(counted, monkeypatch, train_here, tmp_path):
    composed, parsed, _ = counted

    def interrupt(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupt)
    where = [f"hydra.run.dir={tmp_path / 'run'}", f"store={tmp_path / 'runs'}"]
    assert train_here("data=synthetic", *where).status == 130
    assert sum(composed.values()) == 1
    assert len(parsed) == 1
