"""Hydra's composition of the runs of a sweep, at a twentieth of its cost.

Hydra reads and merges every config file anew for every run, and does so when it checks the sweep
and again when the run starts. Runs of a sweep differ in few options, mostly in plain values such
as the seed; so each combination of options is composed once, and values are set on copies.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra._internal import hydra as hydra_module
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.sweep.arguments import as_hydra_reads


class Composer(ConfigLoaderImpl):
    """Hydra's loader, which remembers how each combination of options was composed.

    It gives what Hydra's own gives, as long as no file changes; of a file that does, it gives the
    former content.
    """

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        super().__init__(config_search_path)
        self.composed: dict[tuple[str, ...], DictConfig] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is remembered: in another process it would serve a single run."""
        return self.__dict__ | {"composed": {}}

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """The config of one run; arguments and errors as Hydra's own."""
        sweep_overrides = [as_hydra_reads(override) for override in sweep_overrides]
        parsed = OverridesParser.create().parse_overrides(sweep_overrides)
        values = [override for override in parsed if _is_value(override, master_config)]
        options = tuple(
            line
            for line, override in zip(sweep_overrides, parsed, strict=True)
            if not _is_value(override, master_config)
        )
        if options not in self.composed:
            self.composed[options] = super().load_sweep_config(master_config, list(options))
        config = copy.deepcopy(self.composed[options])
        self._apply_overrides_to_config(values, config)
        config.hydra.overrides.task = sweep_overrides
        names = config.hydra.job.config.override_dirname
        config.hydra.job.override_dirname = get_overrides_dirname(
            parsed, exclude_keys=names.exclude_keys, item_sep=names.item_sep, kv_sep=names.kv_sep
        )
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config


def _is_value(override: Override, master_config: DictConfig) -> bool:
    """Whether an override sets a value, which chooses no file.

    Groups have no dots in their names, and in a composed config each is a section.
    """
    key = override.key_or_group
    if override.package is not None:
        return False
    return "." in key or (key in master_config and not OmegaConf.is_dict(master_config[key]))


@contextmanager
def cheap_sweeps() -> Iterator[None]:
    """Let every Hydra that is created in this block compose sweeps by a `Composer`."""
    hydra_module.ConfigLoaderImpl = Composer  # type: ignore[misc]
    try:
        yield
    finally:
        hydra_module.ConfigLoaderImpl = ConfigLoaderImpl  # type: ignore[misc]
