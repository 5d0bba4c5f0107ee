"""README and docs: every command works, and so does every piece of Python.

All are tried in one folder that holds what their words name: a sweep lies in `multirun/DATE/TIME`,
options of one's own in `mine`, with the files that the docs show. Only what would take minutes is
shortened, as `SHORTENED` says, and what belongs to the system is looked at, as `LOOKED_AT` says.
"""

import importlib
import re
import shlex
import shutil
import sys
import tomllib

import numpy as np
import pytest
from conftest import ROOT
from idx_files import NAMES, arrays_of, write_data
from pages import PAGES, commands_in
from PIL import Image

from fmnist_exp import signal
from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.engine.backend import tf
from fmnist_exp.run.store import Store

pytestmark = pytest.mark.slow
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RESULTS = ROOT / "RESULTS.md"  # its commands are those of the studies, which test_end_to_end trains
READ = [path for path in PAGES if path != RESULTS]
COMMANDS = list(dict.fromkeys(each for path in READ for each in commands_in(path)))
DATA = ("data=synthetic", "data.num_train=400", "data.num_test=50")
SMALL = (*DATA, "training.epochs=3")
DRY = (*DATA, "dry_run=true", "hydra.sweep.dir=multirun/dry")
SHORTENED = {  # what a command matches first -> words that are added to it
    r"\.(aggregate|export|predict|train|verify)$": ("--help",),  # named without what they need
    r"\.train .*(--cfg|--help|--hydra-help|dry_run)": (),
    r"\.train .*experiment=smoke": (),
    r"\.train .*until_settled=": DRY,
    r"\.train .*(experiment=|range|seed=\d)": (*DRY, "seed=0"),  # studies
    r"\.train .*hydra/sweeper=": (*SMALL, "hydra.sweeper.num_trials=1"),
    r"\.train .*layer_normalization=true": DRY,  # does not run eagerly
    r"\.train .*128x30": (*DATA, "training.epochs=1"),
    r"\.train .*data=idx": ("training.epochs=1", "training.batch_size=64"),
    r"\.train .*--multirun": (*SMALL, "seed=0"),
    r"\.train": SMALL,
    r"\.signal .*128x30": (*DATA, "initializer=he"),
    r"\.signal": DATA,
    r"--to (mlflow|tensorboard)": ("--help",),  # ends once the words before are read
}
FILLED = {  # what stands for something else in a command -> what it is in the test
    r"\[(--\w+ \w+|MORE DIRS)\]": r"\1",
    "MORE DIRS": "multirun/scale",
    "--factor NAME": "--factor initializer",
    "--dir DIR": "--dir data/MNIST/raw",
    "--remove KEY": "--remove {key}",
    "DAYS": "1000",
    r"training\.$": "training.epochs=1",
    "RUN IMAGE": "RUN_DIR shirt.png",
    "verify RUN$": "verify RUN_DIR",
    r"\.\.\.": "initializer=he",
    "~/": "home/",
}
LOOKED_AT = {  # program or script -> whether what it is given is there
    "make": lambda target: re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M),
    "pip": lambda *words: (
        {*re.findall(r"\w+", words[-1].partition("[")[2])}
        <= PROJECT["optional-dependencies"].keys()
    ),
    "source": lambda path: path == ".venv/bin/activate",
    "eval": lambda code: module_of(shlex.split(code.strip('"$()')))[0],  # in the user's shell
    "jupyter": lambda *words: words[0] in ("lab", "execute"),  # a browser; test_notebook.py
    "mlflow": lambda *words: words[0] == "ui",  # a server
    "ray": lambda *words: "start" in words,  # needs several machines
    "python tests": lambda script: (ROOT / script).is_file(),  # would write into this folder
    "python benchmarks": lambda script: (ROOT / script).is_file(),  # takes minutes
    "python -m": lambda _, tool, *paths: (
        tool == "pytest" and all((ROOT / x).exists() for x in paths)
    ),
}


def module_of(words: list[str]) -> tuple[str, list[str]]:
    """The module whose `main` a command calls, empty if it is not ours, and its arguments."""
    scripts = {name: at.partition(":")[0] for name, at in PROJECT.get("scripts", {}).items()}
    if words[0] in scripts:
        return scripts[words[0]], words[1:]
    if words[:2] == ["python", "-m"] and words[2].startswith("fmnist_exp"):
        return words[2].replace("exp.data", "exp.data.__main__"), words[3:]
    if words[:2] == ["python", "scripts/aggregate.py"]:
        return "fmnist_exp.aggregate", words[2:]
    return "", words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where all commands are given."""
    return tmp_path_factory.mktemp("commands")


@pytest.fixture
def place(folder, train_here, undrawn, eager, monkeypatch):
    """The folder with all that commands name, made by the first test."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(signal, "NUM_DRAWS", 1)
    if not (folder / "multirun").exists():
        sweep = ("--multirun", "initializer=glorot,he", "seed=0,1", "store=runs")
        ended = train_here(*sweep, *SMALL, "hydra.sweep.dir=multirun/DATE/TIME")
        assert ended.status == 0, ended.err
        sweeps = set(re.findall(r"(?<!dir=)multirun/(?!DATE)\w+", "\n".join(COMMANDS)))
        for name in {*sweeps, "DIR", "multirun/scale"}:
            shutil.copytree(folder / "multirun/DATE/TIME", folder / name)
        for name in ("RUN_DIR", "outputs/DATE/TIME"):
            shutil.copytree(folder / "multirun/DATE/TIME/2", folder / name)
        shutil.copy(folder / "RUN_DIR/he_normal_model.keras", folder)
        shutil.copytree(ROOT / "docs/results/initializers", folder / "docs/results/initializers")
        Image.fromarray(np.eye(40) > 0).save(folder / "shirt.png")
        shutil.copytree(ROOT / "examples/own_project/options", folder / "options")
        make_options(folder)
        make_data(folder)
    return folder


def make_options(folder):
    """The files of `mine/`, as the page shows each below its name."""
    text = (ROOT / "docs/own-options.md").read_text("utf-8")
    for block in re.finditer(r"```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        names = re.findall(r"`(mine/\w+/\w+\.yaml)`", text[: block.start()])
        path = folder / names[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:  # the claims of a study stand in a block of their own
            file.write(block[1])


def make_data(folder):
    """Other data, in the places that the page names."""
    arrays = arrays_of([0, 1, 2], num_train=50)
    write_data(folder / "data/MNIST/raw", arrays)
    names = tuple(f"emnist-letters-{name.replace('t10k', 'test')}" for name in NAMES)
    write_data(folder / "data/EMNIST/raw", arrays, names)
    (folder / "home/.keras/datasets").mkdir(parents=True)
    parts = dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True))
    np.savez(folder / "home/.keras/datasets/mnist.npz", **parts)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_works(command, place, train_here, monkeypatch, capsys):
    filled = command
    for pattern, text in FILLED.items():
        filled = re.sub(pattern, text, filled)
    if "{key}" in filled:
        filled = filled.format(key=Store(place / "runs").kept()[0])
    module, words = module_of(shlex.split(filled, comments=True))
    if not module:
        program = words[0]
        if program == "python":  # a tool, or a script by its folder
            program += f" {words[1].partition('/')[0]}"
        assert program in LOOKED_AT, f"no rule covers `{command}`: add one to LOOKED_AT"
        assert LOOKED_AT[program](*words[1:])
        return
    called = shlex.join([module, *words])
    words += next((added for at, added in SHORTENED.items() if re.search(at, called)), ())
    if module == "fmnist_exp.train":
        ended = train_here(*words)
        assert ended.status == 0, ended.err
        return
    monkeypatch.setattr(sys, "argv", [module, *words])
    status = 0
    try:
        importlib.import_module(module).main()
    except SystemExit as end:
        status = end.code
    assert not status, capsys.readouterr().err


def test_commands_of_the_results_are_studies():
    for command in commands_in(RESULTS):
        name = re.search(r"--multirun experiment=(\w+)(?: until_settled=\d+)?$", command)
        assert command == "python -m fmnist_exp.results" or (
            name and (CONFIG_DIR / "experiment" / f"{name[1]}.yaml").is_file()
        )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param(path, code, id=path.name)
        for path in READ
        for code in re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), re.S | re.M)
    ],
)
def test_python_works(path, code, place):
    tf.config.run_functions_eagerly(False)  # Keras's predict warns of it
    exec(code, {"images": np.zeros((2, 8, 8), np.uint8)})
