"""The rooms of the house: each uses the rooms below it, and TensorFlow only what trains."""

import ast
import graphlib
import json
from pathlib import Path

import pytest
from architecture_picture import PICTURE, drawn
from conftest import ROOT, command

PACKAGE = ROOT / "fmnist_exp"
GROUND = {"console", "errors", "files", "locks", "machine", "seeding", "strict", ""}  # open to all
# room -> rooms that it uses; a permission that nothing uses is an error as well
ROOMS = {
    "config": set(),
    "rundir": set(),
    "statistics": set(),
    "data": {"config"},
    "engine": {"config", "data", "rundir"},
    "run": {"config", "data", "engine", "rundir"},
    "using": {"config", "data", "engine", "rundir", "run"},
    "sweep": {"config", "data", "engine", "rundir", "run"},
    "settling": {"config", "data", "rundir", "run", "statistics", "sweep"},
    "tuning": {"config", "rundir", "run", "sweep"},
    "report": {"rundir", "statistics"},
    "exporting": {"report", "rundir"},
}
COMMANDS = {
    "train",
    "aggregate",
    "store",
    "signal",
    "results",
    "export",
    "predict",
    "verify",
    "api",
}
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """A module's name below the package; empty for the package itself."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__")


def room_of(module: str) -> str:
    """The room, command or part of the ground that a module belongs to."""
    return module.partition(".")[0]


MODULES = {name_of(path).rstrip("."): path for path in FILES}


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, at any level of it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.partition(".")[0] == "fmnist_exp":
                found.add(name.removeprefix("fmnist_exp").lstrip("."))
    return found


def used_by(room: str) -> set[str]:
    """Rooms and commands that a room's files import from."""
    paths = [path for name, path in MODULES.items() if room_of(name) == room]
    assert paths
    found = {room_of(name) for path in paths for name in imported(path)}
    return {name for name in found if name in {*ROOMS, *COMMANDS, *GROUND}} - GROUND - {room}


def test_every_module_is_in_a_room_on_the_ground_or_a_command():
    assert {room_of(name) for name in MODULES} == {*ROOMS, *GROUND, *COMMANDS}


def test_rooms_use_what_the_table_says():
    assert {room: used_by(room) for room in ROOMS} == ROOMS


def test_no_two_rooms_use_each_other():
    list(graphlib.TopologicalSorter(ROOMS).static_order())


def test_the_picture_shows_the_rooms_and_which_use_which():
    picture = drawn(ROOMS, COMMANDS, GROUND - {""})
    todo = "`python tests/architecture_picture.py` draws the picture anew"
    assert PICTURE.read_text("utf-8") == picture, todo


@pytest.mark.parametrize("part", sorted(GROUND - {""}))
def test_ground_uses_ground_alone(part):
    assert used_by(part) == set()


def roots(node: ast.AST) -> list[str]:
    """Top-level packages that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return [a.name.partition(".")[0] for a in node.names] if isinstance(node, ast.Import) else []


def importing(*packages: str) -> set[str]:
    """Modules that import one of these packages."""
    return {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if set(packages) & set(roots(node))
    }


def test_only_backend_imports_tensorflow():
    assert importing("tensorflow", "keras") == {"engine.backend"}


def test_of_the_report_only_charts_import_matplotlib_and_findings_reach_none():
    drawing = importing("matplotlib") - {"api"}  # which draws nothing
    assert drawing
    assert all(name.startswith("report.charts.") for name in drawing)
    reached, coming = set(), {"report.findings"}
    while coming:
        reached |= coming
        named = {below for name in coming for below in imported(MODULES[name])}
        modules = {each if each in MODULES else each.rpartition(".")[0] for each in named}
        coming = modules - reached
    assert not any(name.startswith("report.charts") for name in reached)


WITHOUT_TENSORFLOW = [
    ("fmnist_exp.train", ["--help"]),
    ("fmnist_exp.train", ["--cfg", "job"]),
    ("fmnist_exp.train", ["model=nope"]),
    ("fmnist_exp.train", ["training.epochs=0"]),
    ("fmnist_exp.train", ["--multirun", "training.epochs=1,0"]),
    (
        "fmnist_exp.train",
        ["--multirun", "data=synthetic", "seed=0,1", "dry_run=true"],
    ),
    ("fmnist_exp.aggregate", ["--help"]),
    ("fmnist_exp.aggregate", ["nowhere"]),
    ("fmnist_exp.data", ["--dir", "nowhere"]),
    ("fmnist_exp.export", ["--help"]),
    ("fmnist_exp.export", ["nowhere", "--to", "zip"]),
    ("fmnist_exp.signal", ["--help"]),
    ("fmnist_exp.signal", ["model=nope"]),
    ("fmnist_exp.predict", ["--help"]),
    ("fmnist_exp.predict", ["nowhere", "README.md"]),
    ("fmnist_exp.verify", ["--help"]),
    ("fmnist_exp.verify", ["nowhere"]),
]
PROBE = """
import json, runpy, sys
for module, arguments in json.loads(sys.argv[1]):
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit:
        pass
    imported = {"tensorflow", "keras"} & sys.modules.keys()
    print("IMPORTED", module, *arguments, imported or "neither", file=sys.stderr, flush=True)
"""


def test_answers_without_importing_tensorflow():
    """One after the other in one process: what one of them imports stays imported."""
    result = command("-c", PROBE, json.dumps(WITHOUT_TENSORFLOW))
    told = [line for line in result.stderr.splitlines() if line.startswith("IMPORTED")]
    assert told == [
        " ".join(["IMPORTED", module, *arguments, "neither"])
        for module, arguments in WITHOUT_TENSORFLOW
    ]
    assert "Traceback" not in result.stderr
