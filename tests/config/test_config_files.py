"""Options of one's own are read as Hydra's users write them."""

import pytest
from planning import plan_command_line

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.schema import ModelConfig, OptimizerConfig, TrainingConfig
from fmnist_exp.errors import ConfigError

EXPERIMENT = """# @package _global_
defaults:
  - override /model: mine
  - override /data: synthetic
hydra:
  sweeper:
    params:
      seed: range(3)
"""
MODEL = "hidden: [8]\n"
RECIPE = "defaults:\n  - baseline\nepochs: 3\n"


@pytest.fixture
def own(tmp_path):
    """Writes a file into a folder of one's own, and plans a command with that folder."""

    def plan(*arguments, **files):
        for name, content in files.items():
            path = tmp_path / "own" / name / "mine.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        into = (f"hydra.run.dir={tmp_path / 'run'}", f"hydra.sweep.dir={tmp_path / 'sweep'}")
        return plan_command_line(["--config-dir", str(tmp_path / "own"), *arguments, *into])

    return plan


ENCODED = {
    "plain": EXPERIMENT.encode(),
    "13: lines end in CRLF": EXPERIMENT.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("name", ENCODED)
def test_cases_C2_13_experiment_of_ones_own_overrides_options(name, own):
    experiment = ENCODED[name]
    plan = own("--multirun", "experiment=mine", experiment=experiment, model=MODEL, training=RECIPE)
    assert [config.seed for config in plan.configs] == [0, 1, 2]
    assert {config.model.name for config in plan.configs} == {"mine"}
    assert {config.training.epochs for config in plan.configs} == {3}


def test_case_13_byte_order_mark_is_refused_by_name(own):
    """Hydra would overlook the header behind it, and the experiment's factors with it."""
    with pytest.raises(ConfigError, match=r"/own/experiment/mine.yaml must .* byte order mark"):
        own("--multirun", "experiment=mine", experiment=EXPERIMENT.encode("utf-8-sig"))


@pytest.mark.parametrize("content", [MODEL.encode("utf-16"), b"name: gr\xfc\xdf\n", b"name: \0"])
def test_case_13_file_that_is_not_utf_8_is_named(content, own):
    with pytest.raises(ConfigError, match=r"/own/model/mine.yaml must be YAML in UTF-8: "):
        own("model=mine", model=content)


@pytest.mark.parametrize("how", [["model=mine"], ["--multirun", "model=mine,regularized"]])
def test_model_without_a_recipe_takes_that_of_the_baseline(how, own):
    plan = own(*how, "data=synthetic", "training.epochs=3", model=MODEL)
    assert (plan.configs[0].training.name, plan.configs[0].training.epochs) == ("baseline", 3)
    assert [run.training.name for run in plan.configs[1:]] == ["regularized"] * (len(how) - 1)


def test_experiment_that_names_a_model_without_a_recipe_takes_that_of_the_baseline(own):
    plan = own("--multirun", "experiment=mine", experiment=EXPERIMENT, model=MODEL)
    assert {run.training.name for run in plan.configs} == {"baseline"}


def test_case_C3_experiment_of_ours_names_an_option_of_ones_own(own, tmp_path, monkeypatch):
    """As in a checkout whose conf/experiment was added to."""
    conf = tmp_path / "conf"
    for path in CONFIG_DIR.rglob("*.yaml"):
        copied = conf / path.relative_to(CONFIG_DIR)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(path.read_bytes())
    (conf / "experiment" / "ours.yaml").write_text(EXPERIMENT)
    monkeypatch.setattr("planning.CONFIG_DIR", conf)
    plan = own("--multirun", "experiment=ours", model=MODEL, training=RECIPE)
    assert [config.model.hidden for config in plan.configs] == [(8,)] * 3


def test_experiment_of_ones_own_says_where_its_sweep_goes(own, tmp_path):
    text = EXPERIMENT.replace("hydra:", f"store: {tmp_path}/kept\nhydra:")
    plan = own("--multirun", "experiment=mine", experiment=text, model=MODEL, training=RECIPE)
    assert plan.execution.store == str(tmp_path / "kept")


WITHOUT = {
    "experiment": "# @package _global_\ntraining:\n  callbacks: null\n",
    "training": "defaults:\n  - regularized\n  - _self_\ncallbacks: null\n",
}


@pytest.mark.parametrize("group", WITHOUT)
def test_case_O14b_null_in_a_file_takes_callbacks_away(group, own):
    text = WITHOUT[group]
    settings = ("data=synthetic", "model=regularized", f"{group}=mine")
    (config,) = own(*settings, **{group: text}).configs
    assert config.training.epochs == 100
    assert config.training.callbacks == {}
    more = "+training.callbacks.early.class_name=EarlyStopping"
    (config,) = own(*settings, more).configs
    assert [*config.training.callbacks] == ["early"]


def test_aliases_of_yaml_may_be_used(own):
    text = "name: &n mine\nepochs: &e 3\nbatch_size: *e\ncallbacks: {}\n"
    (config,) = own("data=synthetic", "training=mine", training=text).configs
    assert (config.training.epochs, config.training.batch_size) == (3, 3)


OPTIMIZER = "class_name: Lion\nconfig: {learning_rate: 0.0003}\n"


def test_option_is_named_by_its_file_and_needs_only_what_differs(own):
    files = {"model": MODEL, "optimizer": OPTIMIZER, "training": "epochs: 3\n"}
    files |= {"initializer": "defaults:\n  - he\n", "data": "defaults:\n  - synthetic\n"}
    chosen = [f"{group}=mine" for group in files]
    (config,) = own(*chosen, "model.dropout=0.2", **files).configs
    assert config.model == ModelConfig(name="mine", hidden=(8,), dropout=0.2)
    assert config.training == TrainingConfig(name="mine", epochs=3)
    lion = OptimizerConfig(name="mine", class_name="Lion", config={"learning_rate": 0.0003})
    assert config.optimizer == lion
    assert (config.initializer.name, config.initializer.class_name) == ("mine", "HeNormal")
    assert config.data.name == "synthetic"


def test_option_may_say_another_name_also_when_it_inherits_one(own):
    files = {"model": "name: other\nhidden: [8]\n", "training": RECIPE}
    chosen = ("data=synthetic", "model=mine", "optimizer=sgd")
    (config,) = own(*chosen, **files).configs
    assert (config.model.name, config.training.name) == ("other", "mine")
    (config,) = own(*chosen, "optimizer.name=plain", "training.name=short", **files).configs
    assert (config.optimizer.name, config.training.name) == ("plain", "short")


def test_optimizer_of_ones_own_must_say_its_learning_rate(own):
    with pytest.raises(ConfigError, match=r"^optimizer.config.learning_rate is missing\."):
        own("data=synthetic", "optimizer=mine", optimizer="class_name: Lion\n")


def test_note_and_tags_are_no_part_of_a_run(own):
    noted = ("note=for the lecture", "tags=[first,second]")
    files = {"model": MODEL}
    plain, plan = own("data=synthetic", **files), own("data=synthetic", *noted)
    assert plan.configs == plain.configs
    assert (plan.execution.note, plan.execution.tags) == ("for the lecture", ("first", "second"))
    with pytest.raises(ConfigError, match=r"^note must be a valid string, received 3\."):
        own("data=synthetic", "note=3")
