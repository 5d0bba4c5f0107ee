"""All that is used of Hydra beyond its public interface, each with its reason.

`tests/project/test_foreign_code.py` pins these names to the Hydra versions of pyproject.toml.
"""

import argparse
import io
from contextlib import redirect_stderr, suppress
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, configure_log, run_job
from hydra.errors import HydraException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.sweep.explaining import explained

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
    context = context_of(composed)
    given: Any = {"config": composed, "config_name": CONFIG_NAME}
    context.callbacks.on_run_start(**given)
    configure_log(composed.hydra.hydra_logging, composed.hydra.verbose)
    job = run_job(task, composed, "hydra.run.dir", None, context)
    context.callbacks.on_run_end(**given, job_return=job)
    return job


def multirun(master: DictConfig, task: TaskFunction) -> list[JobReturn]:
    """Let the sweeper that a composed config names carry out its sweep; reasons as for `run`."""
    context = context_of(master)
    given: Any = {"config": master, "config_name": CONFIG_NAME}
    context.callbacks.on_multirun_start(**given)
    configure_log(master.hydra.hydra_logging, master.hydra.verbose)
    with explained([]):  # its factors may refer to what is not there
        sweeper = Plugins.instance().instantiate_sweeper(
            hydra_context=context, task_function=task, config=master
        )
    batches: Any = sweeper.sweep(task_overrides(master))
    context.callbacks.on_multirun_end(**given)
    return [job for batch in batches or () for job in batch]


def context_of(composed: DictConfig) -> HydraContext:
    """What Hydra gives to a sweeper, with the callbacks that a config names."""
    return HydraContext(GlobalHydra.instance().config_loader(), Callbacks(composed))


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
    elif options.shell_completion:
        # What cannot be completed is no error at the press of a key.
        with suppress(SystemExit, HydraException), redirect_stderr(io.StringIO()):
            hydra.shell_completion(CONFIG_NAME, options.overrides)
    else:
        hydra.show_info(options.info, CONFIG_NAME, options.overrides)
