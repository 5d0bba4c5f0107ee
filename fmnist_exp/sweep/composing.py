"""The runs of a sweep: expanded into overrides, and composed at a twentieth of Hydra's cost.

Hydra reads and merges every config file anew for every run. Runs of a sweep differ in few options,
mostly in plain values such as the seed: each combination of options is composed once, and values
are set on copies.
"""

import copy
import functools
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep.command_line import DEFAULT_RECIPE, as_hydra_reads

Overrides = tuple[str, ...]  # of one run


class Composer:
    """Composes the runs of one sweep; of a file that changes meanwhile it gives the former content.

    Args:
        master: the config of the sweep, composed with its `hydra` section.
        loader: Hydra's.
    """

    def __init__(self, master: DictConfig, loader: ConfigLoader) -> None:
        self.master = master
        self.loader = loader
        self.composed: dict[Overrides, DictConfig] = {}
        self.alone: dict[int, DictConfig] = {}  # by the id of a composed one
        # Both take milliseconds, and runs repeat one another.
        of_hydra: Any = OmegaConf.to_container(master.hydra.overrides.hydra, resolve=False)
        self.of_hydra: list[str] = of_hydra  # as they were given
        options_of = functools.partial(loader.get_group_options, overrides=of_hydra)
        self.options_of = functools.cache(options_of)
        parser = OverridesParser.create(config_loader=loader)
        self.parsed = functools.cache(lambda line: parser.parse_overrides([line])[0])

    def factors(self, params: Mapping[str, Any], arguments: Iterable[str]) -> list[Override]:
        """The overrides that make a sweep, by key: the command line replaces an experiment's."""
        lines = [*(f"{key}={value}" for key, value in params.items()), *arguments]
        parsed = [self.parsed(line) for line in lines]
        for override in parsed:
            if override.key_or_group == "experiment" and override.is_sweep_override():
                raise ConfigError(
                    f"experiment must name one experiment of conf/experiment, received "
                    f"{override.input_line!r}: each has factors of its own. "
                    "Start one sweep for each; the aggregator takes several sweeps at once."
                )
        return list({override.get_key_element(): override for override in parsed}.values())

    def expand(self, params: Mapping[str, Any], arguments: Iterable[str]) -> list[Overrides]:
        """The overrides of each run of a sweep, in the order of their numbers.

        Args:
            params: the factors of an experiment, as in `hydra.sweeper.params`.
            arguments: the overrides of the command line.

        Raises:
            ConfigError: two experiments at once.
        """
        runs = itertools.product(*map(_levels, self.factors(params, arguments)))
        return [(*run, DEFAULT_RECIPE) if self._lacks_recipe(run) else run for run in runs]

    def first(self, params: Mapping[str, Any], arguments: Iterable[str]) -> list[str]:
        """The overrides of the first run of a sweep, also of one whose runs are proposed."""
        return [_levels(override)[0] for override in self.factors(params, arguments)]

    def compose(self, run: Sequence[str]) -> DictConfig:
        """The config of one run, as Hydra's `load_sweep_config` composes it; errors as Hydra's."""
        base, values = self._base(run)
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
        base, values = self._base(run)
        if id(base) not in self.alone:
            ours = [str(key) for key in base if key != "hydra"]
            self.alone[id(base)] = OmegaConf.masked_copy(base, ours)
            OmegaConf.set_struct(self.alone[id(base)], True)  # as the whole is
        return _with_values(self.alone[id(base)], values), base.hydra

    def _base(self, run: Sequence[str]) -> tuple[DictConfig, list[Override]]:
        """The config of a run's combination of options, and the values that are to be set in it."""
        overrides = [self.parsed(line) for line in run]
        others = [  # which are applied among the values, and not before them, as options are
            each
            for each in overrides
            if not self._sets_value(each) and not self.options_of(each.key_or_group)
        ]
        is_value = [
            self._sets_value(each) and not any(_overlap(each, other) for other in others)
            for each in overrides
        ]
        options = tuple(itertools.compress(run, map(operator.not_, is_value)))
        if options not in self.composed:
            self.composed[options] = self.loader.load_sweep_config(self.master, list(options))
        return self.composed[options], list(itertools.compress(overrides, is_value))

    def _lacks_recipe(self, run: Overrides) -> bool:
        """Whether a run chooses a model beside which there is no recipe of its name."""
        choices = self.master.hydra.runtime.choices
        model = next((each[6:] for each in run if each.startswith("model=")), None)
        return (
            model in self.options_of("model")
            and model not in self.options_of("training")
            and choices.get("training") == choices.get("model")
            and not any(each.startswith("training=") for each in run)
        )

    def _sets_value(self, override: Override) -> bool:
        """Whether an override sets a plain value: it chooses no file, adds and deletes nothing."""
        key = override.key_or_group
        return override.get_key_element() == key and not self.options_of(key)


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


def _levels(override: Override) -> list[str]:
    """An override for each level of a factor; for the first one of an interval."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    value = override.value()
    if isinstance(value, IntervalSweep):
        levels: Iterable[Any] = [value.start]
    else:
        levels = override.sweep_string_iterator()
    return [as_hydra_reads(f"{override.get_key_element()}={level}") for level in levels]
