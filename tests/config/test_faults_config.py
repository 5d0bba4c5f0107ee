"""The fault catalogue, part E, beyond test_config.py and test_train.py: what YAML makes of text."""

import pytest
from planning import plan_command_line

from fmnist_exp.errors import ConfigError
from fmnist_exp.report.runs.directories import read_study

SMALL = ("data=synthetic", "training=smoke")
RECIPE = "name: own\nepochs: 2\nbatch_size: 8\ncallbacks: {}\n"
# line of a recipe in YAML -> what the message must say
SURPRISES = {
    "epochs: 1e3": r"training.epochs must be a valid integer, received 1000.0",
    "epochs: 1_0.0": r"training.epochs must be a valid integer",
    "epochs: no": r"training.epochs must be a valid integer, received False",
    "epochs: 1.5": r"training.epochs must be a valid integer, received 1.5",
    "epochs: .nan": r"training.epochs must be a valid integer, received nan",
    "epochs: nan": r"training.epochs must be a valid integer, received 'nan'",
    "epochs: 2020-01-01": r"training.epochs must be a valid integer, received",
    "epochs: ": r"training.epochs must be a valid integer, received null",
    "name: off": r"training.name must be a valid string, received False",
    "name: 12:30:45": r"training.name must be a valid string, received 45045",
    "name: !!python/object/apply:os.system [true]": r"own.yaml must be YAML in UTF-8",
    "name: own": r"own.yaml must .* found duplicate key name",
    "epochs: ${training.epochs}": r"training.epochs|recursi|nterpolation",
    "epochs: ${nothing.there}": r"nothing.there",
    "epochs: ${oc.env:SECRET}": r"comes neither from the environment nor",
    "callbacks: "
    + "[" * 2000
    + "]" * 2000: r"own.yaml must be YAML in UTF-8: it is nested too deep",
    "callbacks: [": r"own.yaml must be YAML in UTF-8",
    "a: b": r"training.a is not a key",
    "\u0000": r"own.yaml must be YAML in UTF-8",
}


def own(folder, text, name="training/own.yaml"):
    path = folder / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder / "own"


def plan(folder, *arguments, text=RECIPE):
    into = (f"hydra.run.dir={folder / 'run'}", f"hydra.sweep.dir={folder / 'sweep'}")
    own_dir = str(own(folder, text))
    given = ["--config-dir", own_dir, "training=own", *SMALL[:1], *arguments, *into]
    return plan_command_line(given)


@pytest.mark.slow
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


def test_case_14_only_files_that_are_composed_count(tmp_path):
    for number in range(17):
        own(tmp_path, RECIPE.replace("own", "${seed}"), f"training/other{number}.yaml")
    own(tmp_path, "[" * 2000, "notes/notes.yaml")
    assert plan(tmp_path, "training.name='${seed}a'").configs[0].training.name == "0a"


def test_E26_values_that_unfold_one_another_are_refused(tmp_path):
    doubling = "".join(f"+data.a{n}=${{data.a{n + 1}}}${{data.a{n + 1}}} " for n in range(20))
    with pytest.raises(ConfigError, match=r"at most 20 references .*, received \d\d: they could"):
        plan(tmp_path, *doubling.split(), "+data.a20=x", "store=${data.a0}")


@pytest.mark.slow
def test_E24_seed_given_twice_is_one_run(tmp_path, train_here):
    settings = ("--multirun", *SMALL, "seed=1,1", f"hydra.sweep.dir={tmp_path / 's'}")
    ended = train_here(*settings, f"store={tmp_path / 'runs'}")
    assert ended.status == 0, ended.err
    assert "2 of 2 runs finished, 1 reused" in ended.out
    assert read_study([tmp_path / "s"]).repeated == ["s/1"]
