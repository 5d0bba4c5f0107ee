"""What Keras's classes are called and which arguments they take, read without importing Keras.

Importing Keras takes seconds; a mistyped class or argument should be reported at once. So the
source files of the installed Keras are parsed, never run.
"""

import ast
import functools
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from fmnist_exp.errors import ConfigError

SCHEDULES = "optimizers/schedules"  # the family of learning-rate schedules
REQUIRED = ...  # the default of an argument that has none, as pydantic has it
Arguments = dict[str, Any]  # of a constructor: name -> default


@functools.cache
def keras_classes(family: str) -> dict[str, Arguments]:
    """Public classes of one of Keras's packages, such as `initializers` or `SCHEDULES`.

    Inherited arguments are included.

    Raises:
        ConfigError: Keras is not installed, or its source is not what it was.
    """
    try:
        parsed = [ast.parse(path.read_text("utf-8")) for path in _source_files(family)]
    except (ImportError, OSError, SyntaxError, ValueError) as error:
        raise ConfigError(
            f"cannot read which {family} the installed Keras has: {error}. Install the versions "
            "that pyproject.toml asks for: `make setup`."
        ) from error
    nodes = [node for module in parsed for node in module.body if isinstance(node, ast.ClassDef)]
    found = {node.name: node for node in nodes}
    return {name: _arguments(name, found) for name in found if not name.startswith("_")}


def _source_files(family: str) -> list[Path]:
    folder = Path(str(distribution("keras").locate_file(f"keras/src/{family}")))
    if not (found := sorted(folder.glob("*.py"))):
        raise FileNotFoundError(f"there is no source in {folder}")
    return [path for path in found if not path.stem.endswith("_test")]


def _arguments(name: str, found: dict[str, ast.ClassDef]) -> Arguments:
    """Those of a class, and of its bases unless its constructor takes no others."""
    body = [node for node in found[name].body if isinstance(node, ast.FunctionDef)]
    constructor = next((node.args for node in body if node.name == "__init__"), None)
    arguments: Arguments = {}
    if constructor is None or constructor.kwarg is not None:
        for base in (ast.unparse(each).rpartition(".")[2] for each in found[name].bases):
            arguments |= _arguments(base, found) if base in found else {}
    if constructor is not None:
        named = [*constructor.args, *constructor.kwonlyargs]
        missing = [None] * (len(constructor.args) - len(constructor.defaults))
        defaults = [*missing, *constructor.defaults, *constructor.kw_defaults]
        own = zip(named[1:], defaults[1:], strict=True)  # without self
        arguments |= {each.arg: _literal(default) for each, default in own}
    return arguments


def _literal(default: ast.expr | None) -> Any:
    if default is None:
        return REQUIRED
    try:
        return ast.literal_eval(default)
    except ValueError:
        return None  # an expression: its type says nothing that could be checked
