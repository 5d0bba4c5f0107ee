"""Tuned sweeps in this process, with a launcher that writes records instead of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hydra import initialize_config_dir
from hydra.core.plugins import Plugins
from planning import sweeping
from writing_launcher import WritingLauncher

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.rundir.plan import PlannedRun, read_runs
from fmnist_exp.sweep import command_line, composing
from fmnist_exp.tuning.study import TunedStudy

SMALL = ("data=synthetic", "training=smoke")


@contextmanager
def studied(*overrides: str) -> Iterator[TunedStudy]:
    """A tuned sweep that is not prepared yet."""
    arguments = ["--multirun", "experiment=tune", *SMALL, *overrides]
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        options = command_line.read_arguments(arguments)
        composed = composing.compose(options.overrides, options.multirun)
        study = sweeping(composed)
        assert isinstance(study, TunedStudy)
        yield study


def accuracy_of(trial: PlannedRun) -> float:
    """The less dropout, the better."""
    return 0.9 - float(trial.values["model.dropout"])


def tune(sweep_dir: Path, *overrides: str, statuses: dict[int, str] | None = None) -> list:
    """Run a tuned sweep with a `WritingLauncher`; the batches that were launched."""
    launcher = WritingLauncher(sweep_dir, SMALL, accuracy_of, statuses)
    with studied(f"hydra.sweep.dir={sweep_dir}", "reuse=false", *overrides) as study:
        study.is_here = False  # as for any launcher but Hydra's own
    with mock.patch.object(Plugins, "instantiate_launcher", return_value=launcher):
        [jobs] = study.sweep()
    for job in jobs:
        _ = job.return_value  # raises what the trial has raised
    return launcher.batches


def trials_of(sweep_dir: Path) -> list[PlannedRun]:
    """The trials that are planned so far."""
    return list(read_runs(sweep_dir))
