"""Every run of a command line is composed as Hydra will compose it, and checked."""

import pytest
from planning import plan_command_line

from fmnist_exp.errors import ConfigError, DataError

SMALL = ("data=synthetic", "training=smoke")


@pytest.fixture
def into(tmp_path):
    """Output directories that a check must leave alone."""
    yield (f"hydra.run.dir={tmp_path / 'run'}", f"hydra.sweep.dir={tmp_path / 'sweep'}")
    assert list(tmp_path.iterdir()) == []


def test_good_command_lines_pass(into):
    plan_command_line([*SMALL, *into])
    plan_command_line(["--multirun", *SMALL, "seed=range(3)", "initializer=glorot,he", *into])
    plan_command_line(["--multirun", "experiment=smoke", *into])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--multirun", "seed=3,4,-5"], "seed must be .* received -5"),
        (["hydra.mode=MULTIRUN", "seed=3,-5"], "seed must be .* received -5"),
        (["training.batch_size=1,1601"], "batch_size"),
        (
            ["--multirun", "engine=xla,gpu"],
            "^engine must mean the same device .* gpu, xla. [^\n]*$",
        ),
        (["--multirun", "engine=gpu,c"], "engine must mean the same device .* c, gpu"),
        (["optmizer=sgd"], r"optmizer is not a key of the config. Did you mean optimizer\?"),
        (["training.epoch=3"], r"training.epoch is not a key .* Did you mean training.epochs\?"),
        (["optimizer=sdg"], r"optimizer must name an option, received 'sdg'. Did you mean sgd\?"),
        (["--config-name=other"], "--config-name is not an option"),
    ],
)
def test_mistake_is_named_with_its_repair(arguments, message, into):
    with pytest.raises(ConfigError, match=message):
        plan_command_line([*arguments, *SMALL, *into])


def test_missing_data_are_found_before_the_first_run(tmp_path, into):
    with pytest.raises(DataError, match="there is no"):
        plan_command_line([f"data.dir={tmp_path}", *into])


def test_groups_of_ones_own_are_checked_too(tmp_path_factory, into):
    folder = tmp_path_factory.mktemp("own groups")
    (folder / "training").mkdir()
    own = "name: own\nepochs: 2\nbatch_size: 0\ncallbacks: {}\n"
    (folder / "training" / "own.yaml").write_text(own)
    with pytest.raises(ConfigError, match=r"training.batch_size must be .* received 0"):
        plan_command_line(["--config-dir", str(folder), "training=own", *into])
