"""Folders of options that a user has named: their files are read before Hydra composes them."""

import codecs
import math
from pathlib import Path

import yaml
from omegaconf import OmegaConf

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.files import read_regular

MAX_BYTES = 100_000  # of a file, which YAML takes a second to read
MAX_VALUES = 10_000  # of a file, once each alias stands for its values
# PyYAML lets through what its constructors stumble over, such as `!!int` without a number.
UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)


def check_option_files(folder: Path) -> None:
    """Refuse a folder with an option that Hydra would read wrongly, for minutes, or without a name.

    Raises:
        ConfigError: a file is no YAML, is too large, or its aliases unfold to too many values.
    """
    groups = [folder / each.name for each in CONFIG_DIR.iterdir() if each.is_dir()]
    for path in sorted(path for each in (folder, *groups) for path in each.glob("*.yaml")):
        try:
            content = read_regular(path, MAX_BYTES)
            if content.startswith(codecs.BOM_UTF8):
                raise ValueError("it has a byte order mark, behind which `# @package` is not seen")
            if _num_values(yaml.compose(content), {}) > MAX_VALUES:  # aliases are shared nodes here
                raise ValueError(f"its aliases must unfold to at most {MAX_VALUES} values")
            OmegaConf.load(path)
        except (OSError, RecursionError, *UNREADABLE) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            raise ConfigError(
                f"{path} must be YAML in UTF-8: {' '.join(reason.split())}. Correct it."
            ) from error


def _num_values(node: yaml.Node | None, known: dict[int, float]) -> float:
    """Values below a node, if each alias stood for its own; infinite if one lies in itself.

    Args:
        node: as `yaml.compose` makes it; None for an empty file.
        known: id of a node -> its number of values, which is added to.
    """
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = math.inf  # until it is counted
        is_mapping = isinstance(node, yaml.MappingNode)
        inner = [each for pair in node.value for each in pair] if is_mapping else node.value
        known[id(node)] = 1 + sum(_num_values(each, known) for each in inner)
    return known[id(node)]
