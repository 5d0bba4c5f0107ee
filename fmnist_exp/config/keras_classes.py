"""What Keras's classes are called and which arguments they take, read without importing Keras.

Importing Keras takes seconds; a mistyped class or argument should be reported at once. So the
source files of the installed Keras are parsed, never run.
"""

import ast
import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmnist_exp.errors import ConfigError

REQUIRED = object()  # the default of an argument that has none


@dataclass(frozen=True)
class KerasClass:
    """Name, base classes and constructor arguments (name -> default) of one Keras class."""

    name: str
    bases: tuple[str, ...]
    arguments: dict[str, Any]
    passes_on: bool  # has **kwargs, or no constructor: the base class's arguments count too


@functools.cache
def keras_classes(family: str) -> dict[str, KerasClass]:
    """Public classes of one of Keras's packages: `initializers`, `optimizers` or `callbacks`.

    Inherited arguments are included.

    Raises:
        ConfigError: Keras is not installed, or its source is not what it was.
    """
    try:
        found = {read.name: read for path in _source_files(family) for read in _classes_in(path)}
    except (ImportError, OSError, SyntaxError, ValueError) as error:
        raise ConfigError(
            f"cannot read which {family} the installed Keras has: {error}. Install the versions "
            "that pyproject.toml asks for: `make setup`."
        ) from error
    return {
        name: KerasClass(name, read.bases, _inherited_arguments(read, found), False)
        for name, read in found.items()
        if not name.startswith("_")
    }


def is_of_another(family: str, keras: KerasClass, name: str) -> bool:
    """Whether an argument is one of other classes of the family, and not of this one."""
    others = keras_classes(family).values()
    return name not in keras.arguments and any(name in each.arguments for each in others)


def lacks(key: str, keras: KerasClass, name: str, option: str) -> str:
    """What to do about an argument that other classes have, and the one of an option has not."""
    return (
        f"{key}: Keras's {keras.name} has no {name}. Leave it out; in a sweep, leave {option} out, "
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


def _classes_in(path: Path) -> list[KerasClass]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [_read_class(node) for node in body if isinstance(node, ast.ClassDef)]


def _read_class(node: ast.ClassDef) -> KerasClass:
    bases = tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            arguments = statement.args
            passes_on = arguments.kwarg is not None
            return KerasClass(node.name, bases, _read_arguments(arguments), passes_on)
    return KerasClass(node.name, bases, {}, passes_on=True)


def _read_arguments(arguments: ast.arguments) -> dict[str, Any]:
    positional = arguments.args[1:]  # without self
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [
        *zip(positional, [*defaults, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {argument.arg: _literal(default) for argument, default in pairs}


def _literal(default: ast.expr | None) -> Any:
    if default is None:
        return REQUIRED
    try:
        return ast.literal_eval(default)
    except ValueError:
        return None  # an expression: its type says nothing that could be checked


def _inherited_arguments(read: KerasClass, found: dict[str, KerasClass]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if read.passes_on:
        for base in read.bases:
            if base in found:
                arguments |= _inherited_arguments(found[base], found)
    return arguments | read.arguments
