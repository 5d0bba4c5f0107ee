"""Nothing foreign is patched: what is private of Hydra is used in one file, and nothing is set."""

import ast

import pytest
from conftest import ROOT

PRIVATE = ROOT / "fmnist_exp" / "sweep" / "hydra_private.py"
FOLDERS = ("fmnist_exp", "hydra_plugins", "scripts")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def imported(tree):
    """Dotted names of all modules that a file imports, at any level of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_of_modules(tree):
    """Names under which a file knows modules and what it has imported from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def targets(tree):
    """Everything that is assigned to or deleted, one by one."""
    for node in ast.walk(tree):
        given = getattr(node, "targets", None) or [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            yield from (each for one in given for each in parts(one))


def parts(target):
    """The single targets of an assignment to several."""
    inner = getattr(target, "elts", None)
    return [target] if inner is None else [each for one in inner for each in parts(one)]


def root_of(node):
    """The name at the beginning of `name.attribute[index]...`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def patches(tree):
    """What a file sets of modules or of what it has imported."""
    modules = set(names_of_modules(tree))
    for node in targets(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and root_of(node) in modules:
            yield ast.unparse(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SETTERS:
            yield ast.unparse(node)


SETTERS = ("setattr", "delattr", "OmegaConf.register_new_resolver", "OmegaConf.clear_resolver")
ALLOWED = {
    "logging.raiseExceptions",  # a switch that Python offers
    "os.environ",
    "sys.path",
    "setattr(callback, name, whole)",  # a saved state, put back into a callback of the run
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_private_is_imported_and_nothing_foreign_is_set(path):
    tree = ast.parse(path.read_text())
    private = [name for name in imported(tree) if name.startswith("hydra._internal")]
    assert path == PRIVATE or not private
    found = [each for each in patches(tree) if each.partition("[")[0] not in ALLOWED]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "import sys\nsys.argv = []",
        "import sys\nsys.argv[1:] = []",
        "from hydra.core.utils import JobReturn\nJobReturn.return_value = 1",
        "from hydra.core.utils import JobReturn\nsetattr(JobReturn, 'return_value', 1)",
        "import hydra.core.utils\nhydra.core.utils.x, y = 1, 2",
        "from omegaconf import OmegaConf\nOmegaConf.register_new_resolver('oc.env', print)",
        "import sources\nsources.types['file'] = 1",
        "import sys\ndel sys.argv[0]",
    ],
)
def test_each_way_to_patch_is_found(line):
    assert list(patches(ast.parse(line)))


def test_private_names_are_used_in_their_file_alone():
    assert [name for name in imported(ast.parse(PRIVATE.read_text())) if "_internal" in name]
