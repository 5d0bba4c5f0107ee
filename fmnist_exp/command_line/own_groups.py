"""What a folder of config files from elsewhere may hold, checked before any of it is parsed.

YAML and OmegaConf have no limits of their own: 262 bytes of aliases within aliases unfold to
hundreds of megabytes, and deep nesting ends in a RecursionError.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from fmnist_exp.errors import ConfigError
from fmnist_exp.files import read_regular

# PyYAML lets through what its constructors stumble over: `!!int` without a number, a 13th month.
UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
MAX_FILES = 1000
MAX_BYTES = 64 * 1024  # of one file; those in conf/ hold 1 kB at most
MAX_DEPTH = 20
# Aliases and interpolations that all refer to one another unfold at most 3^(16 / 3) = 350 times.
MAX_REFERENCES = 16


def check_folder(folder: Path) -> None:
    """Refuse a folder of config groups with a file that is not a plain, small YAML file.

    Raises:
        ConfigError: the folder does not exist, or holds what no config group needs.
    """
    if not os.path.isdir(folder):
        raise ConfigError(
            f"--config-dir must name a folder, received {str(folder)!r}. Pass a folder "
            "with groups of your own, such as FOLDER/training/mine.yaml."
        )
    num_references = 0
    for number, path in enumerate(_config_files(folder)):
        if number == MAX_FILES:
            raise ConfigError(
                f"--config-dir must name a folder with at most {MAX_FILES} config files, received "
                f"{str(folder)!r}. Pass a folder that holds your groups alone."
            )
        num_references += _references(path)
        if num_references > MAX_REFERENCES:
            raise _too_many(f"{path}: the files of a folder", num_references)


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse overrides that could unfold one another; Hydra does so while it composes.

    Raises:
        ConfigError: they hold too many interpolations.
    """
    num_references = sum(override.count("${") for override in overrides)
    if num_references > MAX_REFERENCES:
        raise _too_many("a command line", num_references)


def _references(path: Path) -> int:
    """How many aliases and interpolations a config file holds that keeps to every other limit."""
    try:
        text = read_regular(path, MAX_BYTES).decode()
        num_references = text.count("${") + _count_aliases(path, text)
        content = yaml.safe_load(text)  # aliases are shared, not unfolded
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except UNREADABLE as error:
        raise _bad(path, f"it is not readable YAML: {' '.join(str(error).split())}") from error
    if isinstance(content, dict) and re.search(
        r"(^|\W)(\.\./|/)", str(content.get("defaults", ""))
    ):
        raise _bad(path, "its defaults must name options of groups, not files elsewhere")
    return num_references


def _count_aliases(path: Path, text: str) -> int:
    count = 0
    around: list[str | None] = []  # anchors of the collections that are open
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            count += 1
            if event.anchor in around:
                raise _bad(path, f"the alias *{event.anchor} must not lie within what it names")
        elif isinstance(event, yaml.CollectionStartEvent):
            around.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            around.pop()
        if len(around) > MAX_DEPTH:
            raise _bad(path, f"it must be nested at most {MAX_DEPTH} deep")
    return count


def _config_files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in folders:
            if not name.startswith(".") and os.path.islink(os.path.join(parent, name)):
                raise _bad(Path(parent, name), "a link to a folder is not looked into")
        yield from (Path(parent, name) for name in files if name.endswith((".yaml", ".yml")))


def _too_many(where: str, number: int) -> ConfigError:
    return ConfigError(
        f"{where} must hold at most {MAX_REFERENCES} aliases and interpolations, received "
        f"{number}: they could unfold to any size. Write the values themselves."
    )


def _bad(path: Path, problem: str) -> ConfigError:
    return ConfigError(f"{path}: {problem}. Correct it, or take it out of the folder.")
