"""The single entrypoint: compose, check, run; single runs and sweeps alike.

python -m fmnist_exp.train initializer=he_normal
python -m fmnist_exp.train --multirun initializer=glorot,he,lecun seed='range(5)'
"""

import logging
import os
import platform
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends the process quietly until `main` begins

import hydra
from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import ExecutionConfig
from fmnist_exp.console import (
    EXIT_BAD_INPUT,
    EXIT_BY_SIGNAL,
    as_command,
    end_with_reader,
    leave_lost_terminal,
)
from fmnist_exp.errors import FmnistError, RecordError, Terminated
from fmnist_exp.run.progress import EpochProgress
from fmnist_exp.run.store import Store
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.rundir.records import RunRecord, called
from fmnist_exp.sweep import launchers
from fmnist_exp.sweep.composing import cheap_sweeps
from fmnist_exp.sweep.plan import Plan, planned, write_plan
from fmnist_exp.sweep.plan import describe as describe_plan
from fmnist_exp.sweep.preflight import plan_command_line, request
from fmnist_exp.sweep.sweep_progress import SweepProgress
from fmnist_exp.tuning.search import SWEEPER
from fmnist_exp.tuning.trials import read_trial, read_trials
from fmnist_exp.tuning.tuner import describe_result, describe_search

log = logging.getLogger("fmnist_exp.train")  # also when this module is __main__
HYDRAS_VALUE_OF_JOB: Any = vars(JobReturn)["return_value"]  # which says words of its own
ENDED_BY: dict[int, str] = {signal.SIGTERM: "terminated"}
if hasattr(signal, "SIGHUP"):
    ENDED_BY[signal.SIGHUP] = "hung up"  # the terminal was closed


@hydra.main(version_base="1.3", config_path=str(CONFIG_DIR), config_name="config")
def run_composed(composed: DictConfig) -> None:
    """Train the run that one composed config describes; Hydra calls this for every run."""
    settings = HydraConfig.get()
    run_dir = Path(settings.runtime.output_dir)
    with launchers.preemptible():
        try:
            record = _run(composed, settings, run_dir)
        except FmnistError as error:
            log.debug("%s: %s", type(error).__name__, error)  # into the run's log, on any machine
            raise CompactHydraException(f"{type(error).__name__}: {error}") from error
        except SystemExit as error:  # of the run, not of the sweep
            raise CompactHydraException(f"{run_dir} called sys.exit({error.code})") from error
    # A sweep is shown by its entrypoint, wherever its runs are; their log files say all the same.
    level = logging.INFO if settings.mode == RunMode.RUN else logging.DEBUG
    log.log(level, "%s", describe(record, run_dir))
    if settings.mode == RunMode.RUN and record.status == "completed":
        log.info("next, with several seeds: %s", _with_seeds(settings))


def _value_of_job(job: JobReturn) -> Any:
    """What a run has returned; one of our errors ends the process, as ours do."""
    if job.status == JobStatus.FAILED and isinstance(job._return_value, CompactHydraException):
        print(job._return_value, file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    return HYDRAS_VALUE_OF_JOB.__get__(job)


def _run(composed: DictConfig, settings: HydraConf, run_dir: Path) -> RunRecord:
    """Train a run; in a sweep as it was planned, and where the sweep was started."""
    from fmnist_exp.run import runner

    choices = {
        group: option
        for group, option in settings.runtime.choices.items()
        if option is not None and not group.startswith("hydra/")
    }
    cwd = Path(settings.runtime.cwd)
    execution = parse_execution(composed)
    config = parse(composed, choices)
    threads, trial, in_sweep = execution.threads_per_run, None, settings.mode == RunMode.MULTIRUN
    if in_sweep:
        _enter(cwd)
        sweep_dir, number = Path(settings.sweep.dir), int(settings.job.num)
        config = planned(sweep_dir, number, config)
        if settings.sweeper.get("_target_") == SWEEPER:
            trial = read_trial(sweep_dir, number)
        threads = threads or launchers.threads_of_a_run(settings.launcher)
    with EpochProgress(config.training.epochs, run_dir if in_sweep else None) as progress:
        return runner.run(
            config,
            run_dir,
            choices,
            runner.Execution(
                store=_store(execution, cwd),
                checkpoint_seconds=execution.checkpoint_seconds,
                threads=threads,
                prune_below=() if trial is None else trial.prune_below,
                note=execution.note,
                tags=execution.tags,
            ),
            on_epoch=progress.show,
            draw=None if in_sweep else _draw,
        )


def _draw(run_dir: Path, name: str) -> None:
    from fmnist_exp.report.charts import run_charts  # matplotlib takes a second

    run_charts.draw_run(run_dir, name)


def _enter(folder: Path) -> None:
    """Work where the sweep was started, in a process that a cluster has started elsewhere."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise RecordError(
            f"cannot enter {folder} on {platform.node()}: {error.strerror}. A sweep on several "
            "machines needs its folder, its store and its data on a shared file system."
        ) from error


def describe(record: RunRecord, run_dir: Path) -> str:
    """The end of a run as a short table: what was measured, and where the files lie."""
    lines = [f"{record.status}: {called(record.config['initializer'])}, seed {record.seed}"]
    if record.reused:
        lines[0] += "; reused, as the same run was trained before"
    if record.status == "pruned":
        lines[0] += f"; given up after {record.num_epochs} epochs, below the median of the trials"
        return "\n".join([*lines, f"files in {run_dir}"])
    if record.status == "diverged":
        lines[0] += f"; the loss stopped being finite in epoch {record.num_epochs}"
    lines.append(f"{'':12}{'accuracy':>10}{'loss':>10}")
    for split in ("test", "validation", "train"):
        measured = (record.metrics[split][name] for name in ("accuracy", "loss"))
        cells = ("-" if value is None else f"{value:.4f}" for value in measured)
        lines.append(f"{split:12}" + "".join(f"{cell:>10}" for cell in cells))
    seconds = record.timing_seconds
    lines.append(
        f"{record.num_epochs} epochs, weights of epoch {record.evaluated_epoch}; "
        f"{seconds['fit']:.1f} s of training, {seconds['total']:.1f} s in all"
    )
    lines.append(f"files in {run_dir}")
    return "\n".join(lines)


def _with_seeds(settings: HydraConf) -> str:
    """The command that repeats a single run with several seeds."""
    own = [
        word
        for source in settings.runtime.config_sources
        if source.provider == "command-line"
        for word in ("--config-dir", source.path)
    ]
    task: Any = OmegaConf.to_container(settings.overrides.task, resolve=False)
    given = [each for each in task if not each.startswith("seed=")]
    arguments = [*own, "--multirun", *given, "seed=range(5)"]
    return shlex.join(["python", "-m", "fmnist_exp.train", *arguments])


def _store(execution: ExecutionConfig, cwd: Path) -> Store | None:
    return Store(cwd / execution.store) if execution.reuse else None


def _dry_run(plan: Plan) -> str:
    if plan.search is not None and plan.sweep_dir is not None:
        return describe_search(plan.search, plan.sweep_dir)
    return describe_plan(plan, _store(plan.execution, Path.cwd()))


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    for each in ENDED_BY:  # a terminal may say it twice, and the record is being written
        signal.signal(each, signal.SIG_IGN)
    leave_lost_terminal()
    raise Terminated(number)


def _trial(number: int, overrides: Sequence[str]) -> PlannedRun:
    return PlannedRun(
        number=number,
        directory=str(number),
        overrides=tuple(overrides),
        config={},
        values={"trial": str(number)},
    )


def _progress(plan: Plan, sweep_dir: Path) -> SweepProgress:
    if plan.search is not None:
        trials = [_trial(number, []) for number in range(plan.search.settings.num_trials)]
        return SweepProgress(sweep_dir, trials, goes_on=True)
    pairs = zip(plan.configs, plan.overrides, strict=True)
    runs = [
        PlannedRun(
            number=number,
            directory=str(number),
            overrides=tuple(overrides),
            config=config.plain(),
        )
        for number, (config, overrides) in enumerate(pairs)
    ]
    return SweepProgress(sweep_dir, runs)


def _run_sweep(plan: Plan, sweep_dir: Path) -> None:
    """Hand a planned sweep over to Hydra; at its end, name every run without a result."""
    launchers.prepare(plan.launcher)
    with working_in(sweep_dir, wait=False), cheap_sweeps():
        if plan.search is None:  # trials are planned as they are proposed
            write_plan(plan)
        shown = _progress(plan, sweep_dir)
        try:
            with shown, launchers.leaving(plan.launcher, sweep_dir):
                run_composed()
        finally:
            if plan.search is not None and (begun := read_trials(sweep_dir)) is not None:
                for number, trial in enumerate(begun.trials):
                    shown.watch.runs[number] = _trial(number, trial.overrides)
            for line in shown.watch.without_result(plan.options):
                print(line, file=sys.stderr)
            if plan.search is not None:
                print(describe_result(plan.search, sweep_dir))
            print(f"files in {sweep_dir}")
            if shown.watch.num_finished():
                command = ["python", "-m", "fmnist_exp.aggregate", str(sweep_dir)]
                print(f"next, the report: {shlex.join(command)}")


@as_command()
def main() -> None:
    """Check the whole command line, then hand over to Hydra."""
    plan = None
    try:
        logging.raiseExceptions = False  # a reader that has gone, as in `| head`, stops no run
        for number in ENDED_BY:
            if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` sets it
                signal.signal(number, _terminate)
        setattr(JobReturn, "return_value", HYDRAS_VALUE_OF_JOB.getter(_value_of_job))  # noqa: B010
        plan = plan_command_line(sys.argv[1:])
        if plan is None:  # `--help` and the like
            end_with_reader()
            sys.argv[1:] = request(sys.argv[1:])
            run_composed()
            return
        if plan.remark is not None:
            print(plan.remark)
        if plan.execution.dry_run:
            print(_dry_run(plan))
            return
        if (store := _store(plan.execution, Path.cwd())) is not None:
            store.check()
        sys.argv[1:] = plan.arguments
        if plan.sweep_dir is None:
            run_composed()
        else:
            _run_sweep(plan, plan.sweep_dir)
    except KeyboardInterrupt as stopped:
        number = stopped.number if isinstance(stopped, Terminated) else int(signal.SIGINT)
        if plan is not None and plan.sweep_dir is None:
            print("to finish the run, give the same command again", file=sys.stderr)
        print(ENDED_BY.get(number, "interrupted"), file=sys.stderr)
        sys.exit(EXIT_BY_SIGNAL + number)


if __name__ == "__main__":
    main()
