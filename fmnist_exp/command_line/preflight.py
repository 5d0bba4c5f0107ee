"""Checks of a whole command line, before anything is written or TensorFlow is imported.

Hydra composes the runs of a sweep one after the other, as they start; a mistake in the last
would show after hours. Here every run of the sweep is composed and parsed first, and its data
are read.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fmnist_exp import data
from fmnist_exp.command_line.complaints import explain
from fmnist_exp.command_line.composing import cheap_sweeps
from fmnist_exp.command_line.hydra_section import (
    check_factors,
    check_unchanged,
    settings_of_execution,
)
from fmnist_exp.command_line.output_dirs import check_output_dir
from fmnist_exp.command_line.own_groups import check_folder, check_overrides
from fmnist_exp.config import (
    CONFIG_DIR,
    ExecutionConfig,
    check_batch_size,
    parse,
    parse_execution,
)
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import ConfigError
from fmnist_exp.records import TRIALS
from fmnist_exp.sweep.plan import PLAN, Plan
from fmnist_exp.tuning.search import Search, is_tuned, read_search, without_hydra
from fmnist_exp.tuning.tuner import check_startable

EXECUTION = tuple(item.name for item in dataclasses.fields(ExecutionConfig))
ERRORS_OF_HYDRA = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    ValueError,
    RecursionError,
)


def plan_command_line(arguments: Sequence[str]) -> Plan | None:
    """Compose and parse every run that the arguments ask for, and read its data.

    Returns:
        The plan; None for requests that start no run (`--help`, `--cfg`, `--info` and the like)
        and are left to Hydra.

    Raises:
        ConfigError: a group, option, key or value is not what it must be, or does not fit the data.
        DataError: the data are missing or damaged.
        RecordError: the output directory cannot be written.
    """
    options = get_args_parser().parse_args(list(arguments))
    if options.config_dir is not None:
        check_folder(Path(options.config_dir))
    check_overrides(options.overrides)
    if options.help or options.hydra_help or options.cfg or options.info:
        return None
    if options.shell_completion:
        return None
    _refuse_foreign_primaries(options)
    overrides = list(options.overrides)
    if options.config_dir is not None:
        own = Path(options.config_dir).absolute()
        overrides.append(f"hydra.searchpath=['file://{own}']")
    with cheap_sweeps(), initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        try:
            settings = settings_of_execution(options.overrides, EXECUTION)
            plan = _plan(overrides, options.multirun, settings)
        except ERRORS_OF_HYDRA as error:
            raise ConfigError(explain(error, options.overrides)) from error
    # Backwards, so that the first run finds its data still in memory.
    for data_config in reversed(dict.fromkeys(config.data for config in plan.configs)):
        num_train = len(data.load(data_config).train)
        for config in plan.configs:
            if config.data == data_config:
                check_batch_size(config, num_train)
    if options.config_dir is None:
        return plan
    return replace(plan, options=("--config-dir", options.config_dir))


def _refuse_foreign_primaries(options: Any) -> None:
    """Refuse Hydra's flags that put another file in the place of conf/config.yaml."""
    for flag in ("config_path", "config_name", "experimental_rerun"):
        value = getattr(options, flag)
        if value is not None:
            name = "--" + flag.replace("_", "-")
            raise ConfigError(
                f"{name} is not supported, received {value!r}: every run is composed from conf/. "
                "Pass --config-dir FOLDER for groups of your own, and overrides for the rest."
            )


def _plan(overrides: list[str], multirun: bool, settings: list[str]) -> Plan:
    """The checked config of every run, in the order in which Hydra will number them."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    mode = RunMode.MULTIRUN if multirun else hydra.get_mode("config", overrides) or RunMode.RUN
    master = hydra.compose_config("config", overrides, mode)
    check_unchanged(master, hydra.config_loader, settings, EXECUTION)
    check_factors(master.hydra.sweeper.params or {}, EXECUTION)
    experiment = OmegaConf.select(master, "hydra.runtime.choices.experiment")
    if mode == RunMode.MULTIRUN:
        sweep_dir = Path(master.hydra.sweep.dir)
        check_output_dir(sweep_dir, depth=3)
        _refuse_mixture(master, sweep_dir)
        launcher: Any = OmegaConf.to_container(master.hydra.launcher, resolve=True)
        if is_tuned(master):
            return _plan_search(read_search(master, hydra.config_loader), sweep_dir, launcher)
        of_runs = sweep_overrides(master)
        if not of_runs:
            raise ConfigError(
                f"a sweep must have at least one run, received {' '.join(overrides)!r}, which "
                "makes none. Pass for example 'seed=range(5)'."
            )
        composed = [
            without_hydra(hydra.config_loader.load_sweep_config(master, run)) for run in of_runs
        ]
        execution = parse_execution(composed[0])
        parsed = [settled(parse(each)) for each in composed]
        return Plan(parsed, of_runs, execution, sweep_dir, launcher)
    if experiment is not None and _open_factors(master):
        raise ConfigError(
            f"experiment={experiment} is a sweep, received a command for a single run. "
            f"Run it with: python -m fmnist_exp.train --multirun experiment={experiment}"
        )
    check_output_dir(Path(master.hydra.run.dir), depth=2)
    single = without_hydra(master)
    task_overrides = list(master.hydra.overrides.task)
    return Plan([settled(parse(single))], [task_overrides], parse_execution(single), None)


def _plan_search(search: Search, sweep_dir: Path, launcher: dict[str, Any]) -> Plan:
    """The plan of a tuned sweep: its runs at the ends of every factor, checked."""
    check_startable(search, sweep_dir)
    composed = [search.compose(search.overrides(values)) for values in search.examples()]
    execution = parse_execution(composed[0])
    return Plan(
        [settled(parse(each)) for each in composed], [], execution, sweep_dir, launcher, search
    )


def _open_factors(master: DictConfig) -> set[str]:
    """Factors of an experiment that a command for a single run leaves open."""
    given = OverridesParser.create().parse_overrides(list(master.hydra.overrides.task))
    return set(master.hydra.sweeper.params or {}) - {each.key_or_group for each in given}


def sweep_overrides(master: DictConfig) -> list[list[str]]:
    """The overrides of each run of a sweep, in the order in which Hydra will number them.

    Args:
        master: the config of the sweep, composed with its `hydra` section.

    Raises:
        ConfigError: two experiments at once, whose factors Hydra would drop in silence.
    """
    arguments: list[str] = [
        f"{key}={value}" for key, value in (master.hydra.sweeper.params or {}).items()
    ]
    arguments += map(str, master.hydra.overrides.task)
    overrides = OverridesParser.create().parse_overrides(arguments)
    for override in overrides:
        if override.key_or_group == "experiment" and override.is_sweep_override():
            raise ConfigError(
                f"experiment must name one experiment of conf/experiment, received "
                f"{override.input_line!r}: each has factors of its own. "
                "Start one sweep for each; the aggregator takes several sweeps at once."
            )
    (runs,) = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    return runs


def _refuse_mixture(master: DictConfig, sweep_dir: Path) -> None:
    """Runs that a tuner proposed and others never share a directory; nobody could tell them."""
    tuned, planned = ((sweep_dir / name).exists() for name in (TRIALS, PLAN))
    if planned and tuned != is_tuned(master):
        kind, other = ("a tuned", "an ordinary") if tuned else ("an ordinary", "a tuned")
        raise ConfigError(
            f"hydra.sweep.dir must not be shared by different sweeps, received {sweep_dir}, which "
            f"holds {kind} sweep, for {other} one. Pass hydra.sweep.dir=DIR."
        )
