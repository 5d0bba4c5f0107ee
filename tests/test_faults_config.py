"""The fault catalogue, part E, beyond test_config.py and test_train.py: what YAML makes of text."""

import os
import time

import pytest
from conftest import command

from fmnist_exp.command_line.own_groups import MAX_BYTES, check_folder
from fmnist_exp.command_line.preflight import plan_command_line
from fmnist_exp.errors import ConfigError
from fmnist_exp.report.runs.sweeps import read_study

SMALL = ("data=synthetic", "training=smoke")
RECIPE = "name: own\nepochs: 2\nbatch_size: 8\ncallbacks: {}\n"
BOMB = "a: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"b{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)  # unfolds to 10^9 numbers

# line of a recipe in YAML -> what the message must say
SURPRISES = {
    "epochs: 1e3": r"training.epochs must be an integer .* received 1000.0",
    "epochs: 1_0.0": r"training.epochs must be an integer",
    "epochs: no": r"training.epochs must be an integer .* received False",
    "epochs: 1.5": r"training.epochs must be an integer .* received 1.5",
    "epochs: .nan": r"training.epochs must be an integer .* received nan",
    "epochs: nan": r"training.epochs must be an integer .* received 'nan'",
    "epochs: 2020-01-01": r"training.epochs must be an integer .* received",
    "epochs: ": r"training.epochs must be an integer .* received None",
    "name: off": r"training.name must be a non-empty text, received False",
    "name: 12:30:45": r"training.name must be a non-empty text, received 45045",
    "name: !!python/object/apply:os.system [true]": r"own.yaml: it is not readable YAML",
    "name: own": r"duplicate key name in .*own.yaml",
    "epochs: ${training.epochs}": r"training.epochs|recursi|nterpolation",
    "epochs: ${nothing.there}": r"nothing.there",
    "epochs: ${oc.env:SECRET}": r"must not come from an environment variable",
    "callbacks: " + "[" * 2000 + "]" * 2000: r"own.yaml: it must be nested at most 20 deep",
    "callbacks: [": r"own.yaml: it is not readable YAML",
    "callbacks: &a {b: *a}": r"own.yaml: the alias \*a must not lie within what it names",
    "a: b": r"training.a is not a key",
    "\u0000": r"own.yaml: it is not readable YAML",
}


def own(folder, text, name="training/own.yaml"):
    path = folder / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder / "own"


def plan(folder, *arguments, text=RECIPE):
    into = (f"hydra.run.dir={folder / 'run'}", f"hydra.sweep.dir={folder / 'sweep'}")
    own_dir = str(own(folder, text))
    return plan_command_line(
        ["--config-dir", own_dir, "training=own", *SMALL[:1], *arguments, *into]
    )


@pytest.mark.parametrize("line", SURPRISES)
def test_E25_surprise_of_yaml_is_refused_by_name(tmp_path, line):
    key = line.partition(":")[0]
    rest = [given for given in RECIPE.splitlines() if not given.startswith(f"{key}:")]
    lines = [*rest, line] if line != "name: own" else [*RECIPE.splitlines(), line]
    with pytest.raises(ConfigError, match=SURPRISES[line]):
        plan(tmp_path, text="\n".join(lines))


def test_E25_override_that_is_nested_too_deep_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nested too deep"):
        plan(tmp_path, "model.hidden=" + "[" * 2000 + "]" * 2000)


@pytest.mark.parametrize("name", ["training/own.yaml", "model/other.yml", "hydra/launcher/x.yaml"])
def test_E26_alias_bomb_is_refused_before_it_is_parsed(tmp_path, name):
    """Unfolded it would take 10 GB and minutes."""
    folder = own(tmp_path, BOMB, name)
    started = time.process_time()
    with pytest.raises(ConfigError, match=r"at most 16 aliases and interpolations, received 80"):
        check_folder(folder)
    assert time.process_time() - started < 1  # 0.02 s measured; unfolding takes minutes


def test_E26_bomb_is_refused_by_every_command_that_composes(tmp_path):
    folder = own(tmp_path, BOMB)
    for request in (["--cfg", "job"], ["--info", "config"]):
        with pytest.raises(ConfigError, match="aliases and interpolations"):
            plan_command_line(["--config-dir", str(folder), "training=own", *request])


def test_E26_values_that_unfold_one_another_are_refused(tmp_path):
    doubling = "".join(f"+data.a{n}=${{data.a{n + 1}}}${{data.a{n + 1}}} " for n in range(20))
    with pytest.raises(ConfigError, match=r"at most 16 aliases and interpolations, received 40"):
        plan(tmp_path, *doubling.split(), "+data.a20=x")


def test_E26_file_that_is_large_or_none_is_refused(tmp_path):
    folder = own(tmp_path, "# " + "x" * MAX_BYTES)
    with pytest.raises(ConfigError, match=r"own.yaml: it must hold at most 65536 bytes"):
        check_folder(folder)
    (folder / "training" / "own.yaml").unlink()
    os.mkfifo(folder / "training" / "own.yaml")
    with pytest.raises(ConfigError, match=r"own.yaml: it is not a regular file"):
        check_folder(folder)


def test_E24_seed_given_twice_is_one_run(tmp_path):
    settings = ("--multirun", *SMALL, "seed=1,1", f"hydra.sweep.dir={tmp_path / 's'}")
    result = command("-m", "fmnist_exp.train", *settings, f"store={tmp_path / 'runs'}")
    assert result.returncode == 0, result.stderr
    assert "2 of 2 runs finished (1 reused)" in result.stdout
    assert read_study([tmp_path / "s"]).repeated == ["s/1"]
