"""All that is used of Hydra beyond its public interface, each with its reason.

`tests/sweep/test_hydra_private.py` pins these names to the Hydra versions of pyproject.toml.
"""

import argparse
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, configure_log, run_job
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

CONFIG_NAME = "config"
REQUESTS = ("help", "hydra_help", "cfg", "info", "shell_completion")  # that start no run


def args_parser() -> argparse.ArgumentParser:
    """Hydra's flags; `hydra.main` alone would read them from `sys.argv`, overrides and all."""
    return get_args_parser()


def run(composed: DictConfig, task: TaskFunction) -> JobReturn:
    """Carry out one run of a config that is composed.

    `hydra.main` would compose it again, and print and exit where it fails. Hydra builds the
    callbacks of a config in a private class only.
    """
    context = _context(composed)
    context.callbacks.on_run_start(config=composed, config_name=CONFIG_NAME)
    configure_log(composed.hydra.hydra_logging, composed.hydra.verbose)
    job = run_job(task, composed, "hydra.run.dir", None, context)
    context.callbacks.on_run_end(config=composed, config_name=CONFIG_NAME, job_return=job)
    return job


def multirun(master: DictConfig, task: TaskFunction) -> list[JobReturn]:
    """Let the sweeper that a composed config names carry out its sweep; reasons as for `run`."""
    context = _context(master)
    context.callbacks.on_multirun_start(config=master, config_name=CONFIG_NAME)
    configure_log(master.hydra.hydra_logging, master.hydra.verbose)
    batches: Any = sweeper_of(master, task, context).sweep(task_overrides(master))
    context.callbacks.on_multirun_end(config=master, config_name=CONFIG_NAME)
    return [job for batch in batches or () for job in batch]


def sweeper_of(
    master: DictConfig, task: TaskFunction, context: HydraContext | None = None
) -> Sweeper:
    """The sweeper that a composed config names."""
    return Plugins.instance().instantiate_sweeper(
        hydra_context=context or _context(master), task_function=task, config=master
    )


def task_overrides(composed: DictConfig) -> list[str]:
    """The overrides of a command line that say something of its runs, as they were given."""
    given: Any = OmegaConf.to_container(composed.hydra.overrides.task, resolve=False)
    return given


def error_of(job: JobReturn) -> BaseException | None:
    """What a run has raised; the public property would print words of its own as well."""
    returned = job._return_value
    return returned if isinstance(returned, BaseException) else None


def answer(options: argparse.Namespace) -> None:
    """Answer a request that starts no run; only `hydra.main` has these answers in public."""
    hydra: Any = GlobalHydra.instance().hydra
    if options.help:
        hydra.app_help(CONFIG_NAME, args_parser(), options)
    elif options.hydra_help:
        hydra.hydra_help(CONFIG_NAME, args_parser(), options)
    elif options.cfg:
        asked = (options.cfg, options.package, options.resolve)
        hydra.show_cfg(CONFIG_NAME, options.overrides, *asked)
    elif options.info:
        hydra.show_info(options.info, CONFIG_NAME, options.overrides)
    else:
        hydra.shell_completion(CONFIG_NAME, options.overrides)


def _context(composed: DictConfig) -> HydraContext:
    return HydraContext(GlobalHydra.instance().config_loader(), Callbacks(composed))
