"""The single entrypoint: compose, check, run; single runs and sweeps alike.

python -m fmnist_exp.train initializer=he_normal
python -m fmnist_exp.train --multirun initializer=glorot,he,lecun seed='range(5)'
"""

import argparse
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from fmnist_exp.console import is_starting

if is_starting(__name__):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends the process quietly until `main` begins

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse, parse_execution
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.console import ENDED_BY, as_command, leave_lost_terminal, typed
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import ConfigError, FmnistError, Terminated
from fmnist_exp.run.store import Store
from fmnist_exp.rundir.records import FIGURES, RUN_FIGURES, RunRecord, called
from fmnist_exp.sweep import hydra_private
from fmnist_exp.sweep.checking import check_data, check_run_dir, fixed_directory, listed
from fmnist_exp.sweep.command_line import read_arguments, words_for_options
from fmnist_exp.sweep.composing import Composer, compose
from fmnist_exp.sweep.explaining import explained
from fmnist_exp.sweep.task import train, train_run

log = logging.getLogger("fmnist_exp.train")  # also when this module is __main__
EXIT_FAILED = 1


def describe(record: RunRecord, run_dir: Path) -> str:
    """The end of a run as a short table: what was measured, and where the files lie."""
    config = record.config
    names = [config["model"]["name"], called(config["initializer"]), called(config["optimizer"])]
    lines = [f"{record.status}: {', '.join(names)}, seed {record.seed}"]
    if record.reused:
        lines[0] += "; reused, as the same run was trained before"
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


def checked_run(composed: DictConfig) -> tuple[RunConfig, ExecutionConfig]:
    """A single run and how it is carried out, its data read and its directory fixed.

    Raises:
        FmnistError: the config or the data are not what they must be; nothing is written.
    """
    keys = {each.partition("=")[0] for each in hydra_private.task_overrides(composed)}
    experiment = composed.hydra.runtime.choices.get("experiment")
    if experiment is not None and {*(composed.hydra.sweeper.get("params") or {})} - keys:
        raise ConfigError(
            f"experiment={experiment} is a sweep, received a command for a single run. "
            f"Run it with: {_as_sweep(composed)}"
        )
    HydraConfig.instance().set_config(composed)  # for values such as ${hydra:runtime.cwd}
    config, execution = settled(parse(composed)), parse_execution(composed)
    if execution.until_settled is not None:
        raise ConfigError(
            f"until_settled must be given to a sweep, received {execution.until_settled} for a "
            "single run. Add --multirun and a factor, such as initializer=glorot,he,lecun."
        )
    check_run_dir(fixed_directory(composed, "run"))
    check_data([config])
    return config, execution


def _as_sweep(composed: DictConfig, *factors: str) -> str:
    """The command that makes a sweep of a single run, with the factors in place of its values."""
    gone = {"hydra.run.dir", "hydra.searchpath", *(each.partition("=")[0] for each in factors)}
    given = [*hydra_private.task_overrides(composed), *composed.hydra.overrides.hydra]
    kept = [each for each in given if each.partition("=")[0] not in gone]
    words = [*words_for_options(composed), "--multirun", *kept, *factors]
    return typed("train", *words)


def request(options: argparse.Namespace) -> None:
    """Show what a command line asks for, of a sweep for its first run.

    Raises:
        ConfigError: the config cannot be composed, or with `--resolve` a value not be resolved.
    """
    if options.shell_completion:  # its words are no overrides
        hydra_private.answer(options)
        return
    composed = compose(options.overrides, options.multirun)
    if composed.hydra.mode == RunMode.MULTIRUN:
        composer = Composer(composed, GlobalHydra.instance().config_loader())
        options.overrides = [*composer.of_hydra, *composer.first()]
    with explained(options.overrides):
        hydra_private.answer(options)


def draw_figures(run_dir: Path) -> None:
    """Draw the figures of a finished run: whatever fonts and matplotlib do, it is trained."""
    for name in RUN_FIGURES:
        try:
            from fmnist_exp.report.charts import run_charts  # matplotlib takes a second

            run_charts.draw_run(run_dir, name)
        except Exception as error:
            why = f"{type(error).__name__}: {error}".partition("\n")[0]
            path = run_dir / FIGURES / name
            log.warning("%s is left out, as it cannot be drawn (%s)", path, why)


def _single(composed: DictConfig) -> list[JobReturn]:
    """Check a single run, and carry it out."""
    config, execution = checked_run(composed)
    overrides = hydra_private.task_overrides(composed)
    store = Store(Path.cwd() / execution.store) if execution.reuse else None
    if execution.dry_run:
        print(listed([config], [overrides], store))
        return []
    if store is not None:
        store.check()

    def task(_: DictConfig) -> None:
        run_dir = Path(composed.hydra.run.dir)
        record = train_run(config, execution, HydraConfig.get(), is_alone=True)
        draw_figures(run_dir)
        log.info("%s", describe(record, run_dir))
        if record.status == "completed":
            log.info("next, with several seeds: %s", _as_sweep(composed, "seed=range(5)"))

    try:
        return [hydra_private.run(composed, task)]
    except KeyboardInterrupt:
        print("to finish the run, give the same command again", file=sys.stderr)
        raise


def _carry_out(options: argparse.Namespace) -> list[JobReturn]:
    """Do what a command line asks for; what its runs have returned, if it starts any."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3", job_name="train"):
        if any(getattr(options, name) for name in hydra_private.REQUESTS):
            request(options)
            return []
        composed = compose(options.overrides, options.multirun)
        if composed.hydra.mode == RunMode.MULTIRUN:
            return hydra_private.multirun(composed, train)
        return _single(composed)


def _end_with(jobs: list[JobReturn]) -> None:
    """Fail as the first run that has failed; what is no error of a user was told in a line."""
    errors = [error for job in jobs if (error := hydra_private.error_of(job)) is not None]
    if not errors:
        return
    if isinstance(errors[0], FmnistError) or len(jobs) == 1:
        raise errors[0]
    sys.exit(EXIT_FAILED)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    for each in ENDED_BY:  # a terminal may say it twice, and the record is being written
        signal.signal(each, signal.SIG_IGN)
    leave_lost_terminal()
    raise Terminated(number)


@as_command()
def main() -> None:
    """Check the whole command line, and carry it out."""
    logging.raiseExceptions = False  # a reader that has gone, as in `| head`, stops no run
    for number in ENDED_BY:
        if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` sets it
            signal.signal(number, _terminate)
    _end_with(_carry_out(read_arguments(sys.argv[1:])))


if __name__ == "__main__":
    main()
