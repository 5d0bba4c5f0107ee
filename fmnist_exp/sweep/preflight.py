"""Checks of a whole command line, before anything is written or TensorFlow is imported.

Hydra composes the runs of a sweep one after the other, as they start; a mistake in the last
would show after hours. Here every run of the sweep is composed and parsed first, and its data
are read.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import check_batch_size, parse, parse_execution
from fmnist_exp.config.schema import EXECUTION, RunConfig
from fmnist_exp.data import loading
from fmnist_exp.engine.choice import settled, settled_together, why_together
from fmnist_exp.errors import ConfigError
from fmnist_exp.rundir.records import TRIALS
from fmnist_exp.sweep import config_files  # noqa: F401  Hydra reads files by it
from fmnist_exp.sweep.arguments import FOREIGN, quoted, read_arguments
from fmnist_exp.sweep.complaints import explain
from fmnist_exp.sweep.composing import cheap_sweeps
from fmnist_exp.sweep.hydra_section import check_factors, check_places, check_settings
from fmnist_exp.sweep.launchers import check as check_launcher
from fmnist_exp.sweep.output_dirs import check_output_dir
from fmnist_exp.sweep.plan import PLAN, Plan
from fmnist_exp.tuning.search import Search, is_tuned, read_search, task_of, without_hydra
from fmnist_exp.tuning.tuner import check_startable

ERRORS_OF_HYDRA = (
    HydraException,
    OmegaConfBaseException,
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
    options, flags = read_arguments(arguments)
    _check_config_dir(options.config_dir)
    if _starts_no_run(options):
        return None
    _refuse_foreign_primaries(options)
    with _composing(options) as overrides:
        check_settings(options.overrides)
        plan = _plan(overrides, options.multirun)
    # Backwards, so that the first run finds its data still in memory.
    for data_config in reversed(dict.fromkeys(config.data for config in plan.configs)):
        num_train = len(loading.load(data_config).train)
        for config in plan.configs:
            if config.data == data_config:
                check_batch_size(config, num_train)
    # Hydra composes anew and would put its own second into the name of the directory; and a
    # relative path means another place to a process that was started in another folder.
    key, folder = ("run", plan.run_dir) if plan.sweep_dir is None else ("sweep", plan.sweep_dir)
    assert folder is not None
    into = f"hydra.{key}.dir={quoted(str(folder.absolute()))}"
    own = () if options.config_dir is None else ("--config-dir", options.config_dir)
    return replace(plan, options=own, arguments=(*options.overrides, into, *flags))


def request(arguments: Sequence[str]) -> list[str]:
    """The arguments of a request that starts no run, as Hydra takes them.

    Of a sweep they show the first run; Hydra itself takes one flag or the other.

    Raises:
        ConfigError: the config cannot be composed, or with `--resolve` a value not be resolved.
    """
    options, flags = read_arguments(arguments)
    overrides = options.overrides
    if options.cfg or options.info or options.help or options.hydra_help:
        with _composing(options) as composed:
            master = _hydra().compose_config("config", composed, _mode(options.multirun, composed))
            if options.multirun:
                of_hydra = [each for each in overrides if re.match(r"[+~]*hydra\b", each)]
                overrides = [*of_hydra, *next(iter(_of_runs(master)), [])]
            if options.resolve:
                HydraConfig.instance().set_config(master)
                shown = without_hydra(master) if options.cfg == "job" else master
                OmegaConf.set_readonly(master.hydra, False)
                OmegaConf.resolve(shown)
    return [*overrides, *(flag for flag in flags if flag not in ("--multirun", "-m"))]


def _starts_no_run(options: Any) -> bool:
    asked = (options.help, options.hydra_help, options.cfg, options.info, options.shell_completion)
    return any(asked)


def _check_config_dir(folder: str | None) -> None:
    if folder is not None and not os.path.isdir(folder):
        raise ConfigError(
            f"--config-dir must name a folder, received {folder!r}. Pass a folder with groups of "
            "your own, such as FOLDER/training/mine.yaml."
        )


@contextmanager
def _composing(options: Any) -> Iterator[list[str]]:
    """Hydra, ready to compose; the overrides, groups of one's own among them; its complaints."""
    overrides = list(options.overrides)
    if options.config_dir is not None:
        overrides.append(
            f"hydra.searchpath=[{quoted(f'file://{os.path.abspath(options.config_dir)}')}]"
        )
    with cheap_sweeps(), initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        try:
            yield overrides
        except ERRORS_OF_HYDRA as error:
            raise ConfigError(explain(error, overrides)) from error


def _hydra() -> Hydra:
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    return hydra


def _mode(multirun: bool, overrides: list[str]) -> RunMode:
    asked = _hydra().get_mode("config", overrides) or RunMode.RUN
    return RunMode.MULTIRUN if multirun else asked


def _refuse_foreign_primaries(options: Any) -> None:
    """Refuse Hydra's flags that put another file in the place of conf/config.yaml."""
    for flag in FOREIGN:
        value = getattr(options, flag)
        if value is not None:
            name = "--" + flag.replace("_", "-")
            raise ConfigError(
                f"{name} is not supported, received {value!r}: every run is composed from conf/. "
                "Pass --config-dir FOLDER for groups of your own, and overrides for the rest."
            )


def _plan(overrides: list[str], multirun: bool) -> Plan:
    """The checked config of every run, in the order in which Hydra will number them."""
    hydra, mode = _hydra(), _mode(multirun, overrides)
    master = hydra.compose_config("config", overrides, mode)
    check_places(master)
    check_factors(master.hydra.sweeper.params or {}, EXECUTION)
    HydraConfig.instance().set_config(master)  # for values such as ${hydra:runtime.cwd}
    experiment = OmegaConf.select(master, "hydra.runtime.choices.experiment")
    if mode == RunMode.MULTIRUN:
        launcher: Any = OmegaConf.to_container(master.hydra.launcher, resolve=True)
        sweep_dir = _directory(master, "hydra.sweep.dir")
        check_launcher(launcher, sweep_dir)
        _refuse_mixture(master, sweep_dir)
        if is_tuned(master):
            return _plan_search(read_search(master, hydra.config_loader), sweep_dir, launcher)
        of_runs = sweep_overrides(master)
        if not of_runs:
            raise ConfigError(
                f"a sweep must have at least one run, received {' '.join(overrides)!r}, which "
                "makes none. Pass for example 'seed=range(5)'."
            )
        composed = [_compose_run(master, run) for run in of_runs]
        execution = parse_execution(composed[0])
        parsed = [parse(each) for each in composed]
        configs, remark = settled_together(parsed), why_together(parsed)
        _refuse_several_devices(configs)
        return Plan(configs, of_runs, execution, sweep_dir, launcher, remark=remark)
    if experiment is not None and _open_factors(master):
        raise ConfigError(
            f"experiment={experiment} is a sweep, received a command for a single run. "
            f"Run it with: python -m fmnist_exp.train --multirun experiment={experiment}"
        )
    plan = Plan([settled(parse(master))], [task_of(master)], parse_execution(master), None)
    return replace(plan, run_dir=_directory(master, "hydra.run.dir"))


def _of_runs(master: DictConfig) -> list[list[str]]:
    """The overrides of each run of a sweep; of a tuned one at the ends of its factors."""
    if not is_tuned(master):
        return sweep_overrides(master)
    search = read_search(master, _hydra().config_loader)
    return [search.overrides(values) for values in search.examples()]


def _compose_run(master: DictConfig, overrides: list[str]) -> DictConfig:
    try:
        return _hydra().config_loader.load_sweep_config(master, overrides)
    except ERRORS_OF_HYDRA as error:
        of_hydra: list[str] = list(master.hydra.overrides.hydra)
        raise ConfigError(explain(error, [*of_hydra, *overrides])) from error


def _directory(master: DictConfig, key: str) -> Path:
    """The directory of a run or a sweep, which can be written."""
    name: str = OmegaConf.select(master, key)
    if not name.strip():
        raise ConfigError(f"{key} must name a folder, received {name!r}. Pass {key}=FOLDER.")
    folder = Path(os.path.expanduser(name))
    check_output_dir(folder)
    return folder


def _plan_search(search: Search, sweep_dir: Path, launcher: dict[str, Any]) -> Plan:
    """The plan of a tuned sweep: its runs at the ends of every factor, checked."""
    check_startable(search, sweep_dir)
    composed = [search.compose(search.overrides(values)) for values in search.examples()]
    execution = parse_execution(composed[0])
    parsed = [parse(each) for each in composed]
    configs, remark = settled_together(parsed), why_together(parsed)
    return Plan(configs, [], execution, sweep_dir, launcher, search, remark=remark)


def _open_factors(master: DictConfig) -> set[str]:
    """Factors of an experiment that a command for a single run leaves open."""
    given = OverridesParser.create().parse_overrides(task_of(master))
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
    arguments += task_of(master)
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


def _refuse_several_devices(configs: Sequence[RunConfig]) -> None:
    """One process trains several runs of a sweep, and TensorFlow in it has one device."""
    engines = sorted({config.engine for config in configs})
    if "gpu" in engines and len(engines) > 1:
        raise ConfigError(
            "engine must mean the same device for all runs of a sweep, received "
            f"{', '.join(engines)}. Start one sweep for each; the aggregator takes several at once."
        )


def _refuse_mixture(master: DictConfig, sweep_dir: Path) -> None:
    """Runs that a tuner proposed and others never share a directory; nobody could tell them."""
    tuned, planned = ((sweep_dir / name).exists() for name in (TRIALS, PLAN))
    if planned and tuned != is_tuned(master):
        kind, other = ("a tuned", "an ordinary") if tuned else ("an ordinary", "a tuned")
        raise ConfigError(
            f"hydra.sweep.dir must not be shared by different sweeps, received {sweep_dir}, which "
            f"holds {kind} sweep, for {other} one. Pass hydra.sweep.dir=DIR."
        )
