"""A wheel installed into an environment of its own works in an empty folder, by its own commands.

The environment sees the packages that this one has, but neither this checkout nor its configs.
"""

import csv
import json
import os
import re
import shlex
import shutil
import signal
import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
from conftest import COLOUR_SWITCHES, ROOT, command

from fmnist_exp.console import is_script, is_starting, typed
from fmnist_exp.errors import ConfigError
from fmnist_exp.run.provenance import CODE_SHA256
from fmnist_exp.rundir.records import read_record
from fmnist_exp.sweep import command_line

SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
EXAMPLE = ROOT / "examples" / "own_project"
HIDDEN = {"PYTHONPATH", "PYTHONHOME", *COLOUR_SWITCHES}  # variables that would show this checkout
TINY = shlex.split("data=synthetic data.num_train=200 training.epochs=1 seed=0 store=runs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `pip wheel .` does, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    result = command("-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", folder, ROOT)
    assert result.returncode == 0, result.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs a shell command in an environment that has the wheel, and in a folder that is empty."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place / "env", symlinks=True)
    python = place / "env" / "bin" / "python"
    (own,) = (place / "env" / "lib").glob("python*/site-packages")
    # A plain path: what is installed there in editable mode stays out of sight.
    (own / "shared.pth").write_text("\n".join(site.getsitepackages()))
    offline = ("--quiet", "--no-index", "--no-deps", "--no-compile", "--force-reinstall")
    result = command("-m", "pip", "--python", python, "install", *offline, wheel)
    assert result.returncode == 0, result.stderr
    kept = {name: text for name, text in os.environ.items() if name not in HIDDEN}
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    folder = place / "folder"
    folder.mkdir()

    def run(line):
        return subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=kept | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return SimpleNamespace(run=run, folder=folder)


def files_below(folder):
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_package_plugins_and_configs_whole_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    configs = {f"fmnist_exp/{name}" for name in files_below("conf")}
    assert held == files_below("fmnist_exp") | files_below("hydra_plugins") | configs


def test_every_command_is_installed():
    modules = [
        path for path in (ROOT / "fmnist_exp").rglob("*.py") if "def main(" in path.read_text()
    ]
    names = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in modules
    }
    todo = "add a new command to [project.scripts] in pyproject.toml"
    assert set(SCRIPTS.values()) == {f"{name}:main" for name in names}, todo
    for script, called in SCRIPTS.items():
        module = called.removesuffix(":main").removesuffix(".__main__")
        assert module == script.replace("fmnist-", "fmnist_exp.")
        assert find_spec(module) is not None


HELP = """
import importlib, json, sys
for script, called in json.loads(sys.argv[1]).items():
    sys.argv = [f"/anywhere/{script}", "--help"]
    print("HELP OF", script, flush=True)
    try:
        importlib.import_module(called.removesuffix(":main")).main()
    except SystemExit as end:
        assert not end.code
print("IMPORTED", *{"tensorflow", "keras"} & sys.modules.keys())
"""


def test_help_names_commands_as_they_were_called(installed):
    result = installed.run(shlex.join(["python", "-c", HELP, json.dumps(SCRIPTS)]))
    assert result.returncode == 0, result.stderr
    *told, imported = result.stdout.split("IMPORTED")
    assert imported.strip() == ""
    for text in "".join(told).split("HELP OF ")[1:]:
        script, _, shown = text.partition("\n")
        if script != "fmnist-data":  # in a room whose text is part of every key; true as it is
            assert "python -m" not in shown
        if script not in ("fmnist-data", "fmnist-train"):  # Hydra's help has no such line
            assert shown.startswith(f"usage: {script} ")


@pytest.fixture(scope="module")
def study(installed):
    """The example project, copied beside an installed package; what its commands have printed."""
    shutil.copytree(EXAMPLE, installed.folder, dirs_exist_ok=True)
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    _, sweep, report = re.findall(r"^fmnist-\w+ .*$", readme, re.MULTILINE)
    trained = installed.run(f"{sweep} {shlex.join(TINY)}")
    assert trained.returncode == 0, trained.stderr
    told = installed.run(trained.stdout.rpartition("next, the report: ")[2])
    assert told.returncode == 0, told.stderr
    directory = installed.folder / report.split()[1]
    return SimpleNamespace(trained=trained, told=told, directory=directory)


@pytest.mark.slow
def test_example_is_trained_with_options_of_its_own_folder(study):
    records = [read_record(study.directory / str(number)) for number in range(4)]
    assert {record.status for record in records} == {"completed"}
    assert {record.config["initializer"]["class_name"] for record in records} == {
        "HeNormal",
        "RandomNormal",
    }
    assert {record.config["optimizer"]["class_name"] for record in records} == {"SGD", "Lion"}
    assert {tuple(record.config["model"]["hidden"]) for record in records} == {(64,) * 6}


@pytest.mark.slow
def test_what_is_installed_gives_the_same_keys_as_the_checkout(study):
    assert read_record(study.directory / "0").provenance["code_sha256"] == CODE_SHA256


@pytest.mark.slow
def test_next_command_is_one_that_is_installed(study):
    assert "next, the report: fmnist-aggregate " in study.trained.stdout
    (command,) = [line for line in study.told.stdout.splitlines() if "--multirun" in line]
    assert command.startswith("fmnist-train --config-dir ")


@pytest.mark.slow
def test_claims_of_the_example_are_about_its_conditions(study):
    with (study.directory / "report" / "claims.csv").open(newline="") as file:
        claims = list(csv.DictReader(file))
    assert len(claims) == 2
    assert "Not judged" not in study.told.stdout


def test_bash_completes_options(installed):
    completed = """
    eval "$(fmnist-train --shell-completion install=bash)"
    complete -p fmnist-train
    COMP_LINE='fmnist-train initializer=he' COMP_CWORD=1
    hydra_bash_completion
    echo "${COMPREPLY[*]}"
    fmnist-train --nonsense --shell-completion query=bash
    COMP_LINE='fmnist-train --nonsense' fmnist-train --shell-completion query=bash
    """
    result = installed.run(completed)
    rule, offered = result.stdout.splitlines()
    assert rule.endswith("-F hydra_bash_completion fmnist-train")
    assert offered == "initializer=he initializer=he_normal"
    assert result.stderr.startswith("ConfigError: --nonsense is not an option.")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("program", "words", "rule"),
    [
        ("train.py", ["install=bash"], "is for the command fmnist-train alone"),
        ("fmnist-train", ["install=csh"], "received 'install=csh'"),
        ("fmnist-train", [], "received ''"),
    ],
)
def test_completion_that_no_shell_has_is_refused(program, words, rule, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"/bin/{program}"])
    with pytest.raises(ConfigError, match=rf"{rule}. In bash run: eval"):
        command_line.read_arguments(["--shell-completion", *words])


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("/usr/bin/fmnist-aggregate", "fmnist-train 'seed=range(5)'"),
        ("/src/fmnist_exp/train.py", "python -m fmnist_exp.train 'seed=range(5)'"),
        ("scripts/aggregate.py", "python -m fmnist_exp.train 'seed=range(5)'"),
        ("", "python -m fmnist_exp.train 'seed=range(5)'"),
    ],
)
def test_commands_are_shown_in_the_way_that_was_used(program, shown, monkeypatch):
    monkeypatch.setattr(sys, "argv", [program])
    assert typed("train", "seed=range(5)") == shown
    assert is_script() == shown.startswith("fmnist-")


def test_a_command_that_another_imports_leaves_its_interrupts_alone(monkeypatch):
    """`fmnist-export` imports the aggregator while it works, and cleans up on Ctrl-C."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/fmnist-export"])
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.default_int_handler)
    assert is_starting("fmnist_exp.export")
    assert not is_starting("fmnist_exp.aggregate")
