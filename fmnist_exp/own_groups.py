"""What a folder of config files from elsewhere may hold, checked before any of it is parsed.

YAML and OmegaConf have no limits of their own: 262 bytes of aliases within aliases unfold to
hundreds of megabytes, and deep nesting ends in a RecursionError.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from fmnist_exp.errors import ConfigError
from fmnist_exp.files import read_regular

MAX_FILES = 1000
MAX_BYTES = 64 * 1024  # of one file; those in conf/ hold 1 kB at most
MAX_DEPTH = 20
# Aliases or interpolations that all refer to one another unfold to at most 3^(16 / 3) = 350 times.
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
    for number, path in enumerate(_config_files(folder)):
        if number == MAX_FILES:
            raise ConfigError(
                f"--config-dir must name a folder with at most {MAX_FILES} config files, received "
                f"{str(folder)!r}. Pass a folder that holds your groups alone."
            )
        check_file(path)


def check_file(path: Path) -> None:
    """Refuse a config file that is large, deep or unfolds to much more than it holds.

    Raises:
        ConfigError: it cannot be read or breaks a limit; the message names the file.
    """
    try:
        text = read_regular(path, MAX_BYTES).decode()
        num_references, depth = text.count("${"), 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            num_references += isinstance(event, yaml.AliasEvent)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _bad(path, f"it must be nested at most {MAX_DEPTH} deep")
        content = yaml.safe_load(text)  # aliases are shared, not unfolded
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise _bad(path, f"it is not readable YAML: {' '.join(str(error).split())}") from error
    if num_references > MAX_REFERENCES:
        raise _bad(
            path,
            f"it must hold at most {MAX_REFERENCES} aliases and interpolations, received "
            f"{num_references}",
        )
    if isinstance(content, dict) and re.search(
        r"(^|\W)(\.\./|/)", str(content.get("defaults", ""))
    ):
        raise _bad(path, "its defaults must name options of groups, not files elsewhere")


def _config_files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in folders:
            if not name.startswith(".") and os.path.islink(os.path.join(parent, name)):
                raise _bad(Path(parent, name), "a link to a folder is not looked into")
        yield from (Path(parent, name) for name in files if name.endswith((".yaml", ".yml")))


def _bad(path: Path, problem: str) -> ConfigError:
    return ConfigError(f"{path}: {problem}. Correct it, or take it out of the folder.")
