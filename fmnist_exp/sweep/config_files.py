"""Config files as editors write them, and only those that are composed.

Hydra overlooks `# @package` behind the byte order mark that editors on Windows put first, and
OmegaConf copies what a YAML alias names: 262 bytes of aliases unfold to hundreds of megabytes.
"""

import io
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.core_plugins import file_config_source
from hydra._internal.sources_registry import SourcesRegistry
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from fmnist_exp.errors import ConfigError

# PyYAML lets through what its constructors stumble over, such as `!!int` without a number.
UNREADABLE = (
    *(yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError),
    *(OverflowError, RecursionError, OSError),
)
MAX_VALUES = 10_000  # of one file; those in conf/ hold 20 at most


class FileConfigSource(file_config_source.FileConfigSource):
    """Hydra's own reader of config files, by which name Hydra knows it."""

    def load_config(self, config_path: str) -> ConfigResult:
        """One config file, with its header.

        Raises:
            ConfigError: the file is not readable YAML; the message names it.
        """
        path = Path(self.path, self._normalize_file_name(config_path))
        try:
            text = path.read_text(encoding="utf-8-sig")
            if "*" in text:
                _count_values(yaml.compose(text, Loader=yaml.SafeLoader), {})
            config = OmegaConf.load(io.StringIO(text))
            header = self._get_header_dict(text)
        except UNREADABLE as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            raise ConfigError(
                f"{path} must be YAML in UTF-8: {' '.join(reason.split())}. Correct it."
            ) from error
        if OmegaConf.is_dict(config) and ("defaults" in config or header["package"] == "_global_"):
            _let_empty_replace(config)
        return ConfigResult(self.provider, f"{self.scheme()}://{self.path}", config, header)


def _count_values(node: yaml.Node, counted: dict[yaml.Node, int]) -> int:
    """How many values a node of a YAML file unfolds to."""
    if node not in counted:
        counted[node] = MAX_VALUES + 1  # of an alias within what it names
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        if isinstance(node, yaml.MappingNode):
            parts = [part for _, part in parts]
        counted[node] = 1 + sum(_count_values(part, counted) for part in parts)
    if counted[node] > MAX_VALUES:
        raise ValueError(f"its aliases must unfold to at most {MAX_VALUES} values")
    return counted[node]


def _let_empty_replace(config: Any) -> None:
    """Write null for `{}` in a file that changes others: merging `{}` would change nothing."""
    for key, value in config.items_ex(resolve=False):
        if value == {}:
            config[key] = None
        elif OmegaConf.is_dict(value) and key != "hydra":
            _let_empty_replace(value)


SourcesRegistry.instance().types["file"] = FileConfigSource
