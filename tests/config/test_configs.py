"""Every file in conf/ composes, and says what the plan says."""

import shutil
import zipfile

import pytest
from conftest import ROOT, command, compose_config, config_of

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse_execution
from fmnist_exp.config.schema import ExecutionConfig, RunConfig

GROUPS = ("data", "augmentation", "model", "initializer", "optimizer", "training")
OPTIONS = [
    f"{group}={path.relative_to(CONFIG_DIR / group).with_suffix('')}"
    for group in GROUPS
    for path in sorted((CONFIG_DIR / group).rglob("*.yaml"))
]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes(option):
    config = config_of(option, *["data.dir=somewhere"] * (option == "data=idx"))
    group, name = option.split("=")
    aliases = {"glorot": "glorot_uniform", "he": "he_normal", "lecun": "lecun_normal"}
    assert getattr(config, group).name == aliases.get(name, name.removeprefix("tuned/"))


@pytest.mark.parametrize(
    ("short", "long"),
    [("glorot", "glorot_uniform"), ("he", "he_normal"), ("lecun", "lecun_normal")],
)
def test_both_spellings_are_the_same_condition(short, long):
    assert config_of(f"initializer={short}") == config_of(f"initializer={long}")


def test_baseline_is_the_one_of_the_plan():
    config = config_of()
    assert config.model.hidden == (256, 128)
    assert (config.model.activation, config.model.dropout) == ("relu", 0)
    assert (config.training.epochs, config.training.batch_size) == (20, 128)
    assert config.training.callbacks == {}
    assert config.optimizer.class_name == "Adam"
    assert config.data.validation_fraction == 0.2


def test_regularized_brings_its_own_recipe():
    config = config_of("model=regularized")
    assert config.model.hidden == (512, 256, 64, 32)
    assert config.model.batch_normalization is True
    assert config.model.dropout == 0.3
    assert (config.training.epochs, config.training.batch_size) == (100, 64)
    assert config.training.plain()["callbacks"] == {
        "reduce_learning_rate": {
            "class_name": "ReduceLROnPlateau",
            "config": {"monitor": "val_loss", "factor": 0.1, "patience": 3},
        },
        "early_stopping": {
            "class_name": "EarlyStopping",
            "config": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
        },
    }


def test_defaults_of_the_schema_are_the_baseline():
    assert RunConfig() == config_of()
    assert ExecutionConfig() == parse_execution(compose_config())


def test_training_option_overrides_the_model_s_recipe():
    assert config_of("model=regularized", "training=smoke").training.name == "smoke"


def test_no_config_file_of_our_groups_can_run_code():
    """Hydra's own section names its plugins by a target."""
    files = [path for path in CONFIG_DIR.rglob("*.yaml") if "_target_" in path.read_text()]
    assert {path.relative_to(CONFIG_DIR).parts[0] for path in files} <= {"hydra"}


def test_installed_package_holds_what_the_checkout_holds(tmp_path):
    for name in ("fmnist_exp", "hydra_plugins", "conf"):
        hidden = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=hidden)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    build = "from hatchling.build import build_wheel; build_wheel('wheel')"
    result = command("-c", build, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    [wheel] = (tmp_path / "wheel").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = set()
    for folder, place in (("fmnist_exp", ""), ("hydra_plugins", ""), ("conf", "fmnist_exp/")):
        files = [path for path in (tmp_path / folder).rglob("*") if path.is_file()]
        ours |= {place + path.relative_to(tmp_path).as_posix() for path in files}
    assert packed == ours
    assert {"fmnist_exp/conf/config.yaml", "fmnist_exp/engine/native/epoch.c"} <= packed
