"""The command printed for a config makes that config again."""

import pytest
from conftest import config_of
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.tuning.commands import overrides_of

CONFIGS = {
    "default": ((), {}),
    "values": (("model.hidden=[64,32]", "optimizer.config.learning_rate=1.5e-05", "seed=3"), {}),
    "options": (("model=regularized", "initializer=he"), {"model": "regularized"}),
    "callbacks": (
        ("model=regularized", "training.callbacks.early_stopping.config.patience=9"),
        {"model": "regularized", "training": "regularized"},
    ),
    "no callback": (
        ("model=regularized", "~training.callbacks.reduce_learning_rate"),
        {"model": "regularized"},
    ),
    "no argument": (
        (
            "initializer=variance_scaling",
            *(f"~initializer.config.{name}" for name in ("scale", "mode", "distribution")),
        ),
        {"initializer": "variance_scaling"},
    ),
    "argument": (
        (
            "+optimizer.config.beta_1=0.8",
            "optimizer.name=lion",
            "optimizer.class_name=Lion",
        ),
        {},
    ),
    "experiment": (("experiment=smoke", "data.num_train=null"), {"experiment": "smoke"}),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_command_makes_the_config_again(case):
    overrides, choices = CONFIGS[case]
    config = config_of(*overrides)
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        loader = GlobalHydra.instance().hydra.config_loader
        found = overrides_of(config, choices, loader)
    assert not any(text.startswith("experiment=") for text in found)
    assert config_of(*found) == config.replaced(seed=0)
    assert bool(found) == (case != "default")


def test_command_finds_options_of_ones_own(tmp_path):
    (tmp_path / "initializer").mkdir()
    text = (CONFIG_DIR / "initializer" / "orthogonal.yaml").read_text()
    (tmp_path / "initializer" / "mine.yaml").write_text(text)
    path = f"file://{tmp_path}"
    config = config_of(f"hydra.searchpath=['{path}']", "initializer=mine")
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        loader = GlobalHydra.instance().hydra.config_loader
        found = overrides_of(config, {"initializer": "mine"}, loader, [path])
    assert found == ["initializer=mine"]
