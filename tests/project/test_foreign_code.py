"""Hydra and other libraries are used as they are: nothing of theirs is replaced or rewritten."""

import ast
import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import ROOT
from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.utils import JobReturn

FOLDERS = ("fmnist_exp", "hydra_plugins", "scripts")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PRIVATE = ROOT / "fmnist_exp" / "sweep" / "hydra_private.py"
file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())


def imports(tree: ast.AST) -> dict[str, str]:
    """Local name -> what it is imported as, at any level of a file."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def root_of(node: ast.AST) -> str | None:
    """The name that an expression such as `a.b[0].c` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def set_in(tree: ast.AST) -> list[str]:
    """What of imported things a file sets, deletes or replaces, other than variables of the shell.

    A name that a function takes as a parameter is not the imported one.
    """
    known = imports(tree)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    targets: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.Delete):
            targets += node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets.append(node.target)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("setattr", "delattr"):
            targets.append(ast.Attribute(node.args[0], "set"))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "").endswith("_resolver"):
            targets.append(node.func)
    return [
        ast.unparse(target)
        for target in targets
        if isinstance(target, ast.Attribute | ast.Subscript)
        and root_of(target) in known.keys() - parameters
        and not ast.unparse(target).startswith("os.environ[")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "sys.argv[1:] = []",
        "sys.argv = []",
        "setattr(JobReturn, 'a', 1)",
        "hydra.ConfigLoaderImpl = None",
        "del sys.modules['a']",
        "OmegaConf.register_new_resolver('a', print)",
        "OmegaConf.clear_resolver('a')",
    ],
)
def test_each_kind_of_patch_is_found(line):
    start = "import hydra, sys\nfrom hydra import JobReturn\nfrom omegaconf import OmegaConf\n"
    assert set_in(ast.parse(start + line))


@file
def test_nothing_of_a_foreign_module_is_set(path):
    # Our own logging flag: a reader that has gone, as in `| head`, stops no run.
    allowed = ["logging.raiseExceptions"]
    assert [each for each in set_in(ast.parse(path.read_text())) if each not in allowed] == []


@file
def test_private_parts_of_hydra_are_imported_in_one_file(path):
    found = [name for name in imports(ast.parse(path.read_text())).values() if "._internal" in name]
    assert found == [] or path == PRIVATE


def test_private_parts_of_hydra_are_those_of_the_supported_versions():
    project = tomllib.loads(Path(ROOT / "pyproject.toml").read_text())["project"]
    assert "hydra-core>=1.3.8,<1.4" in project["dependencies"]
    assert version("hydra-core").startswith("1.3.")
    imported = set(imports(ast.parse(PRIVATE.read_text())).values())
    assert {each for each in imported if "._internal" in each} == {
        "hydra._internal.callbacks.Callbacks",
        "hydra._internal.utils.get_args_parser",
    }
    assert {"overrides", "multirun", "config_dir", "cfg", "info", "help", "resolve"} <= {
        action.dest for action in get_args_parser()._actions
    }
    hooks = ("on_run_start", "on_run_end", "on_multirun_start", "on_multirun_end")
    assert all(hasattr(Callbacks, name) for name in hooks)
    assert "_return_value" in inspect.getsource(JobReturn)
    arguments = {
        "app_help": ["config_name", "args_parser", "args"],
        "hydra_help": ["config_name", "args_parser", "args"],
        "show_cfg": ["config_name", "overrides", "cfg_type", "package", "resolve"],
        "show_info": ["info", "config_name", "overrides"],
    }
    for name, wanted in arguments.items():
        assert [*inspect.signature(getattr(Hydra, name)).parameters][1 : len(wanted) + 1] == wanted
