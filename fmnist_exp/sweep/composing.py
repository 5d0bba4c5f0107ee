"""From overrides to configs: that of a command line, and those of the runs of a sweep.

Hydra reads and merges every config file anew for every run. Runs of a sweep differ in few options,
mostly in plain values such as the seed: each combination of options is composed once, and values
are set on copies.
"""

import copy
import functools
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep.command_line import as_hydra_reads
from fmnist_exp.sweep.explaining import check_option_files, explained
from fmnist_exp.sweep.hydra_private import task_overrides

Overrides = tuple[str, ...]  # of one run
NO_RECIPE = {"name": "baseline"}  # beside the defaults of the schema, which are the baseline's


def compose(overrides: list[str], multirun: bool) -> DictConfig:
    """The config of a command line, with Hydra's own section: `hydra.mode` says of what.

    Its config may ask for a sweep as `multirun` does. Hydra must be initialized.

    Raises:
        ConfigError: it cannot be composed, or names several values for a single run.
    """
    with explained(overrides):
        parsed = OverridesParser.create().parse_overrides(overrides)
        path = [each for each in parsed if each.key_or_group == "hydra.searchpath"]
        check_option_files(_search_path(path), overrides)
        loader = GlobalHydra.instance().config_loader()
        models, recipes = (
            loader.get_group_options(group, overrides=[str(each.input_line) for each in path])
            for group in ("model", "training")
        )
        for model in {*models} - {*recipes}:
            ConfigStore.instance().store(group="training", name=model, node=NO_RECIPE)
        if multirun:  # also for runs in other processes
            overrides = [*overrides, f"hydra.mode={RunMode.MULTIRUN.name}"]
        config = loader.load_configuration("config", overrides, RunMode.MULTIRUN)
        _check_plugins(config.hydra)
    if config.hydra.mode != RunMode.MULTIRUN:
        config.hydra.mode = RunMode.RUN
        if several := [each.input_line for each in parsed if each.is_sweep_override()]:
            raise ConfigError(
                f"{several[0]} names several values, received for a single run. Add --multirun "
                "for a run of each; put a list into brackets, KEY=[1,2]."
            )
    return config


def _search_path(given: Sequence[Override]) -> list[Path]:
    """The folders that a command line names for options, at most once; each must be there."""
    lists: Any = [each.value() for each in given]
    if len(lists) < 2 and all(isinstance(each, list) for each in lists):
        texts = [str(each) for each in itertools.chain(*lists)]
        folders = [Path(each.removeprefix("file://")) for each in texts if "pkg://" not in each]
        if all(each.is_dir() for each in folders):
            return folders
    raise ConfigError(
        "--config-dir must name a folder, or else hydra.searchpath a list of them, received "
        f"{given[-1].input_line!r}. Pass --config-dir FOLDER with groups of your own, such as "
        "FOLDER/training/mine.yaml; or of several hydra.searchpath=[file:///ONE,file:///OTHER]."
    )


def _check_plugins(hydra: DictConfig) -> None:
    """Refuse what an experiment or a command line has in the place of a launcher, or of factors."""
    sections = {f"hydra.{name}": hydra[name] for name in ("launcher", "sweeper")}
    if isinstance(hydra.sweeper, DictConfig):
        sections["hydra.sweeper.params"] = hydra.sweeper.get("params") or {}
    for key, value in sections.items():
        if not isinstance(value, dict | DictConfig):
            value = "null" if value is None else value
            raise ConfigError(
                f"{key} must be a mapping, received {value}. Leave it out, or write KEY: VALUE."
            )


class Composer:
    """Composes the runs of a sweep, of whose config, with Hydra's section, it takes the factors.

    Of a file that changes meanwhile it gives the former content.
    """

    def __init__(self, master: DictConfig, loader: ConfigLoader) -> None:
        self.master = master
        self.loader = loader
        self.params = master.hydra.sweeper.get("params") or {}  # the factors of an experiment
        # By combination of options: the config, and the same without Hydra's section.
        self.composed: dict[Overrides, tuple[DictConfig, DictConfig]] = {}
        of_hydra: Any = OmegaConf.to_container(master.hydra.overrides.hydra, resolve=False)
        self.of_hydra: list[str] = of_hydra  # as they were given
        # Both take milliseconds, and runs repeat one another.
        options_of = functools.partial(loader.get_group_options, overrides=of_hydra)
        self.options_of = functools.cache(options_of)
        parser = OverridesParser.create(config_loader=loader)
        self.parsed = functools.cache(lambda line: parser.parse_overrides([line])[0])

    @functools.cached_property
    def factors(self) -> list[Override]:
        """The overrides that make the sweep, by key: the command line replaces an experiment's."""
        with explained(self.of_hydra):
            params = [f"{key}={value}" for key, value in self.params.items()]
            parsed = map(self.parsed, (*params, *task_overrides(self.master)))
            return list({override.get_key_element(): override for override in parsed}.values())

    def expand(self) -> list[Overrides]:
        """The overrides of each run of the sweep, in the order of their numbers.

        Raises:
            ConfigError: a factor is an interval, of which only a tuner can choose.
        """
        for each in self.factors:
            if isinstance(each.value(), IntervalSweep):
                raise ConfigError(
                    f"{each.input_line} names an interval, of which only a tuner can choose. Name "
                    f"values, {each.key_or_group}=A,B, or pass hydra/sweeper=tpe to train."
                )
        with explained(self.of_hydra):
            return list(itertools.product(*map(levels, self.factors)))

    def first(self) -> list[str]:
        """The overrides of the first run of the sweep, but for what is chosen of an interval."""
        known = [each for each in self.factors if not isinstance(each.value(), IntervalSweep)]
        return [levels(override)[0] for override in known]

    def compose(self, run: Sequence[str]) -> DictConfig:
        """The config of one run, as Hydra's `load_sweep_config` composes it; errors as Hydra's."""
        base, _, values = self._base(run)
        config = _with_values(base, values)
        names = config.hydra.job.config.override_dirname
        named = [line for line in run if self.parsed(line).key_or_group not in names.exclude_keys]
        dirname = names.item_sep.join(sorted(named)).replace("=", names.kv_sep)
        config.hydra.overrides.task = list(run)
        config.hydra.job.override_dirname = dirname
        return config

    def compose_alone(self, run: Sequence[str]) -> tuple[DictConfig, DictConfig]:
        """The config of one run without Hydra's section, at a fifth of the cost.

        Hydra's section stands beside it, as it is for all runs of these options.
        """
        base, alone, values = self._base(run)
        return _with_values(alone, values), base.hydra

    def _base(self, run: Sequence[str]) -> tuple[DictConfig, DictConfig, list[Override]]:
        """The config of a run's options, whole and alone, and the values that are to be set."""
        parsed = [self.parsed(line) for line in run]
        keyed = [each for each in parsed if not self.options_of(each.key_or_group)]
        # What adds or deletes a key is applied among the values, in the order of the command line.
        adding = [each for each in keyed if each.get_key_element() != each.key_or_group]
        values = [
            each
            for each in keyed
            if each not in adding and not any(_overlap(each, other) for other in adding)
        ]
        options = tuple(str(each.input_line) for each in parsed if each not in values)
        if options not in self.composed:
            base = self.loader.load_sweep_config(self.master, list(options))
            alone = OmegaConf.masked_copy(base, [str(key) for key in base if key != "hydra"])
            OmegaConf.set_struct(alone, True)  # as the whole is
            self.composed[options] = base, alone
        return *self.composed[options], values


def _with_values(config: DictConfig, values: Iterable[Override]) -> DictConfig:
    """A copy of a config with these values."""
    config = copy.deepcopy(config)
    for each in values:
        OmegaConf.update(config, each.key_or_group, each.value(), merge=True)
    return config


def _overlap(one: Override, other: Override) -> bool:
    """Whether the order of two overrides matters, as one key lies within the other."""
    keys = sorted(f"{each.key_or_group}." for each in (one, other))
    return keys[1].startswith(keys[0])


def levels(override: Override) -> list[str]:
    """An override for each level of a factor; itself if it is none."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    key, values = override.get_key_element(), override.sweep_string_iterator()
    return [as_hydra_reads(f"{key}={value}") for value in values]
