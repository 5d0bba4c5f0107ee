"""What a command line is going to do: every run, fixed before the first one starts.

Hydra composes each run of a sweep when it starts, from config files that may have been edited
since. The plan holds every run as composed at the beginning, and lies in the sweep's directory
for runs that start in other processes or on other machines.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmnist_exp import files
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.console import counted
from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.files import read_regular
from fmnist_exp.run.provenance import code_sha256, run_key
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records
from fmnist_exp.strict import checked
from fmnist_exp.tuning.search import Search

log = logging.getLogger(__name__)
PLAN = "plan.json"
MAX_BYTES = 100_000_000  # of 100,000 runs


@dataclass(frozen=True)
class Plan:
    """Every run that a command line asks for, in the order of their job numbers.

    Attributes:
        configs: one for each run.
        overrides: what tells each run apart, as given to Hydra.
        execution: how they are carried out.
        sweep_dir: directory of the sweep; None for a single run.
        launcher: Hydra's section of the launcher that starts the runs of a sweep.
        options: what is to be given besides overrides to start one of the runs again.
        run_dir: directory of a single run; None for a sweep.
        arguments: the command line as Hydra takes it, with the directory of the run or sweep.
        search: what a tuned sweep may choose. Its runs are not known beforehand: `configs` are
            those at the ends of its factors, and there are no `overrides`.
        remark: what is to be said of the plan before it is carried out, if anything.
    """

    configs: Sequence[RunConfig]
    overrides: Sequence[Sequence[str]]
    execution: ExecutionConfig
    sweep_dir: Path | None
    launcher: Mapping[str, Any] = field(default_factory=dict)
    search: Search | None = None
    options: Sequence[str] = ()
    run_dir: Path | None = None
    arguments: Sequence[str] = ()
    remark: str | None = None


def write_plan(plan: Plan) -> None:
    """Write the plan of a sweep into its directory.

    Raises:
        RecordError: the directory cannot be written.
    """
    assert plan.sweep_dir is not None
    configs = [config.plain() for config in plan.configs]
    values = {"code_sha256": code_sha256(), "configs": configs}
    files.write_text(plan.sweep_dir / PLAN, json.dumps(values, indent=1) + "\n")


def planned(sweep_dir: Path, job_number: int, composed: RunConfig) -> RunConfig:
    """The config of a run as its sweep was planned.

    Args:
        sweep_dir: directory of the sweep.
        job_number: place of the run in the sweep, from 0.
        composed: the config as composed now; it should be the same.

    Raises:
        RecordError: the plan cannot be read.
    """
    path = sweep_dir / PLAN
    if not path.exists():  # started by other means than our own entrypoint
        return composed
    try:
        plan = json.loads(read_regular(path, MAX_BYTES))
        config, planned_code = checked(RunConfig, plan["configs"][job_number]), plan["code_sha256"]
    except (OSError, ValueError, KeyError, IndexError, TypeError, ConfigError) as error:
        raise RecordError(
            f"cannot read {path}: it must hold the config of run {job_number} ({error!r}). "
            "Start the sweep again."
        ) from error
    if composed.replaced(engine=config.engine) != config or composed.engine not in (
        config.engine,
        "auto",
    ):
        log.warning(
            "the config files have changed since the sweep began; this run is trained as composed "
            "at the beginning. Start a new sweep for the new values."
        )
    if planned_code != code_sha256():
        log.warning(
            "the modules of fmnist_exp have changed since the sweep began; this run is trained by "
            "the new ones, as its record and the report say. For runs of one code, give the same "
            "command again."
        )
    return config


def describe(plan: Plan, store: Store | None) -> str:
    """A line for each run: number, key, whether it is done already, and what tells it apart."""
    lines = []
    hashes = {
        each: loading.load(each).sha256 for each in dict.fromkeys(c.data for c in plan.configs)
    }
    for number, (config, overrides) in enumerate(zip(plan.configs, plan.overrides, strict=True)):
        key = run_key(config, hashes[config.data])
        done = store is not None and os.path.isfile(store.folder(key) / records.RECORD)
        state = "done" if done else "to train"
        lines.append(f"{number:4}  {key[:12]}  {state:8}  {' '.join(overrides)}")
    num_done = sum("  done  " in line for line in lines)
    return "\n".join(
        [
            *lines,
            f"{counted(len(lines), 'run')}, {num_done} done, {len(lines) - num_done} to train",
        ]
    )
