"""What Keras's classes are called and which arguments they take, read without importing Keras.

Importing Keras takes seconds; a mistyped class or argument should be reported at once. So the
source files of the installed Keras are parsed, never run.
"""

import ast
import functools
import importlib.util
from pathlib import Path
from typing import Any

from fmnist_exp.errors import ConfigError

REQUIRED = object()  # the default of an argument that has none
Arguments = dict[str, Any]  # of a constructor: name -> default


@functools.cache
def keras_classes(family: str) -> dict[str, Arguments]:
    """Public classes of one of Keras's packages: `initializers`, `optimizers` or `callbacks`.

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


def lacks(key: str, family: str, class_name: str, option: str) -> str | None:
    """What to do about an argument that a class has not, but another of its family has.

    Args:
        key: full key of the argument.
        family: as for `keras_classes`.
        class_name: the class.
        option: what has chosen the class.
    """
    name, known = key.rpartition(".")[2], keras_classes(family)
    of_another = any(name in arguments for arguments in known.values())
    if not of_another or name in known.get(class_name, (name,)):
        return None
    return (
        f"{key}: Keras's {class_name} has no {name}. Leave it out; in a sweep, leave {option} out, "
        "or start a sweep of its own for it."
    )


def _source_files(family: str) -> list[Path]:
    spec = importlib.util.find_spec("keras")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("it is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "src" / family
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
        named = constructor.args[1:]  # without self
        missing = [None] * (len(named) - len(constructor.defaults))
        arguments |= _with_defaults(named, [*missing, *constructor.defaults])
        arguments |= _with_defaults(constructor.kwonlyargs, constructor.kw_defaults)
    return arguments


def _with_defaults(named: list[ast.arg], defaults: list[ast.expr | None]) -> Arguments:
    return {each.arg: _literal(value) for each, value in zip(named, defaults, strict=True)}


def _literal(default: ast.expr | None) -> Any:
    if default is None:
        return REQUIRED
    try:
        return ast.literal_eval(default)
    except ValueError:
        return None  # an expression: its type says nothing that could be checked
