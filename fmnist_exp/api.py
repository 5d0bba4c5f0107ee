"""What a notebook works with: a study that is loaded, and a run that is trained from it.

import fmnist_exp
study = fmnist_exp.load("multirun/DATE/TIME")
"""

import os
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Reads here how a notebook shows figures; `engine` and `report.charts` will set another way.
import matplotlib  # noqa: F401

from fmnist_exp.config.schema import EXECUTION, ExecutionConfig, RunConfig
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.statistics.verdicts import SESOI
from fmnist_exp.strict import checked

if TYPE_CHECKING:
    import pandas as pd

    from fmnist_exp.report.findings import Findings
    from fmnist_exp.report.recomputed import Metric, Recomputed

OF_SWEEPS = ("dry_run", "until_settled")  # of the keys that say how runs are carried out


class LoadedStudy:
    """Runs that were read from their directories; a notebook shows the answer and its chart.

    What has verdicts is computed when it is first asked for, and then noted in the sweep as a
    report notes it, so that seeds which are added later are known to be an extension.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        from fmnist_exp.report.runs.directories import read_study

        self._study = read_study(folders)

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """One row per run: how it ended, factors, metrics, qualities, every key of its config."""
        from fmnist_exp.report.notebook import runs_table

        return runs_table(self._study)

    @cached_property
    def histories(self) -> "pd.DataFrame":
        """One row per run and epoch: run, condition, seed, factors, then as in `history.csv`."""
        from fmnist_exp.report.notebook import histories_table

        return histories_table(self._study)

    @cached_property
    def findings(self) -> "pd.DataFrame":
        """One row per comparison with a verdict: as in `comparisons.csv`, and its `sentence`."""
        from fmnist_exp.report.notebook import verdicts_table

        return verdicts_table(self._findings)

    def recompute(
        self, metric: "Metric", *, smallest_effect: float = SESOI, more_is_better: bool = True
    ) -> "Recomputed":
        """A metric of every run that has stored its answers, by condition, with verdicts.

        Arguments, errors and what comes back are those of `report.recomputed.recomputed`.
        """
        from fmnist_exp.report.recomputed import recomputed

        return recomputed(self._findings, metric, smallest_effect, more_is_better)

    def __repr__(self) -> str:
        """The answer of the report in words."""
        from fmnist_exp.report.notebook import answer_text

        return answer_text(self._findings)

    def _repr_html_(self) -> str:
        from fmnist_exp.report.notebook import answer_html

        return answer_html(self._findings)

    @cached_property
    def _findings(self) -> "Findings":
        from fmnist_exp.report.findings import find
        from fmnist_exp.report.looks import note_look

        found = find(self._study)
        for warning in note_look(found):
            print(warning)
        return found


def load(*folders: str | os.PathLike[str]) -> LoadedStudy:
    """Read every run below the given directories, of sweeps or of runs.

    Raises:
        RecordError: a folder is not one or holds no run, or a file of a run cannot be read.
    """
    if not folders:
        raise RecordError(
            "load must be given a directory, received none. Pass that of a sweep or of a run: "
            'load("multirun/DATE/TIME").'
        )
    for each in folders:
        if not isinstance(each, str | os.PathLike):
            raise RecordError(
                f"load must be given directories, received {each!r:.200}. Pass them one by one: "
                'load("multirun/ONE", "multirun/OTHER").'
            )
    return LoadedStudy([Path(each) for each in folders])


def compose(overrides: Sequence[str] = ()) -> RunConfig:
    """The checked config of one run, as `python -m fmnist_exp.train` makes it of these words.

    `config.replaced(seed=1)` is a copy with another value, checked as well.

    Args:
        overrides: such as `["initializer=he_normal", "training.epochs=5"]`; `--config-dir FOLDER`
            names options of one's own.

    Raises:
        ConfigError: they cannot be composed, or are about a sweep or how a run is carried out.
    """
    if isinstance(overrides, str):
        raise ConfigError(
            f"compose must be given a list, received the text {overrides!r}. Pass "
            f"compose({overrides.split()!r})."
        )
    if not isinstance(overrides, Sequence) or not all(isinstance(each, str) for each in overrides):
        raise ConfigError(
            f"compose must be given a list of texts, received {overrides!r:.200}. Pass, for "
            'example, compose(["initializer=he", "seed=1"]).'
        )
    from hydra import initialize_config_dir

    from fmnist_exp.config import CONFIG_DIR
    from fmnist_exp.config.parsing import parse
    from fmnist_exp.sweep import composing
    from fmnist_exp.sweep.command_line import read_arguments

    options = read_arguments(overrides)
    _refuse_more(overrides, options.overrides)
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3", job_name="train"):
        composed = composing.compose(options.overrides, multirun=False)
        if factors := dict(composed.hydra.sweeper.get("params") or {}):
            raise ConfigError(
                f"compose must be given what makes one run, received a sweep over "
                f"{', '.join(map(str, factors))}. Give the command python -m fmnist_exp.train "
                f"--multirun {' '.join(overrides)}, and load its directory."
            )
        return parse(composed)


def _refuse_more(given: Sequence[str], overrides: Sequence[str]) -> None:
    """Refuse words that say more than what is trained: ConfigError."""
    flags = [
        each for each in given if each.startswith("-") and each.split("=")[0] != "--config-dir"
    ]
    words = [each for each in overrides if not each.startswith("hydra.searchpath=")]
    keys = {each: each.lstrip("+~").partition("=")[0] for each in words}
    others = [each for each, key in keys.items() if key in EXECUTION or key.startswith("hydra")]
    for each in (*flags, *others):
        raise ConfigError(
            f"compose must be given what makes a run, received {each}. How it is carried out is "
            "said to run_config, such as run_config(config, run_dir, reuse=False); sweeps are made "
            "by python -m fmnist_exp.train --multirun."
        )


def run_config(
    config: RunConfig, run_dir: str | os.PathLike[str] | None = None, **execution: Any
) -> RunRecord:
    """Train one run, or reuse it if the same was trained before, and leave its directory.

    It does what `python -m fmnist_exp.train` does for a single run, but for its log and figures.

    Args:
        config: the run, as from `compose`.
        run_dir: where its files go; default: outputs/DATE/TIME.
        execution: how it is carried out, by keys such as `reuse=False` or `store="runs"`.

    Returns:
        The record, as written to `run.json`: `completed` or `diverged`.

    Raises:
        ConfigError: an argument is not what it must be, or the config does not fit the data.
        DataError: the data are missing or damaged.
        RecordError: the run directory or the store cannot be written.
    """
    if not isinstance(config, RunConfig):
        raise ConfigError(
            f"run_config must be given what compose returns, received {type(config).__name__}. "
            'Pass run_config(compose(["seed=0"])).'
        )
    for key in OF_SWEEPS:
        if key in execution:
            raise ConfigError(
                f"{key} is no part of carrying out one run, received {key}={execution[key]}. Leave "
                "it out."
            )
    if not isinstance(run_dir, str | os.PathLike | None):
        raise ConfigError(
            f"run_dir must be a path, received {run_dir!r:.200}. Pass for example "
            'run_dir="outputs/mine".'
        )
    from fmnist_exp.sweep.checking import check_run_dir

    folder = (
        Path(run_dir) if run_dir else Path("outputs") / f"{datetime.now():%Y-%m-%d/%H-%M-%S_%f}"
    )
    check_run_dir(folder)
    plain = {key: list(x) if isinstance(x, tuple) else x for key, x in execution.items()}
    how = checked(ExecutionConfig, plain)
    from fmnist_exp.run import runner
    from fmnist_exp.run.progress import EpochProgress
    from fmnist_exp.run.store import Store

    how = how.replaced(store=str(Path.cwd() / how.store))
    if how.reuse:
        Store(Path(how.store)).check()
    groups = ("data", "augmentation", "model", "initializer", "optimizer", "training")
    choices = {group: getattr(config, group).name for group in groups}
    with EpochProgress(config.training.epochs) as progress:
        return runner.run(config, folder, choices, how, on_epoch=progress.show)
