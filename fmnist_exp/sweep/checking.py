"""What is checked of runs beyond their config, before anything is written; and their listing."""

import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, read_write

from fmnist_exp.config.parsing import check_batch_size
from fmnist_exp.config.schema import OF_STUDIES, RunConfig
from fmnist_exp.console import counted
from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError
from fmnist_exp.files import cannot
from fmnist_exp.run.provenance import run_key
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.claims import Question
from fmnist_exp.strict import checked
from fmnist_exp.sweep.explaining import explained


def check_data(configs: Sequence[RunConfig]) -> None:
    """Read each data set once, and see that the runs fit them and one device.

    Raises:
        ConfigError: a batch is larger than the training split, or runs ask for several devices.
        DataError: the data are missing or damaged.
    """
    engines = sorted({config.engine for config in configs})
    if "gpu" in engines and len(engines) > 1:  # TensorFlow has one device in a process
        raise ConfigError(
            "engine must mean the same device for all runs of a sweep, received "
            f"{', '.join(engines)}. Start one sweep for each; the aggregator takes several at once."
        )
    # Backwards, so that the first run finds its data still in memory.
    for data_config in reversed(dict.fromkeys(config.own_data for config in configs)):
        num_train = len(loading.load(data_config).train)
        for config in configs:
            if config.own_data == data_config:
                check_batch_size(config, num_train)


def check_output_dir(folder: Path) -> None:
    """Refuse the directory of a sweep or of a run that cannot be made or written: RecordError."""
    # Path.exists raises where a folder above cannot be searched.
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        with suppress(FileNotFoundError):
            os.stat(folder)
    except OSError as error:  # its name is too long; in /proc: that there is no such file
        raise cannot("write", folder, error) from error


def check_run_dir(folder: Path) -> None:
    """Refuse the directory of a single run that cannot be used.

    Raises:
        ConfigError: a sweep lies there, whose runs a record beside them would hide.
        RecordError: it cannot be made or written.
    """
    check_output_dir(folder)
    if (folder / plan.STUDY).exists():
        raise ConfigError(
            f"the directory of a run must not be that of a sweep, received {folder}. Choose "
            "another, such as hydra.run.dir=DIR."
        )


def fixed_directory(composed: DictConfig, section: str) -> Path:
    """The directory of a run or a sweep, which stays the same from now on.

    Otherwise ${now:} would give every run of a sweep a second of its own, and a relative path mean
    another place to a process that was started in another folder.

    Raises:
        ConfigError: it has no name, or a run's log would lie outside of the run's directory.
    """
    key = f"hydra.{section}.dir"
    with explained([]):
        name: str = OmegaConf.select(composed, key)
        job: str = composed.hydra.job.name
    if not re.fullmatch(r"[^/\\]+", job):
        raise ConfigError(
            f"hydra.job.name must hold no slash, as logs are called by it, received {job!r}. "
            "Pass for example hydra.job.name=mine."
        )
    if not name.strip():
        raise ConfigError(f"{key} must name a folder, received {name!r}. Pass {key}=FOLDER.")
    folder = Path(name).expanduser().absolute()
    with read_write(composed.hydra):
        OmegaConf.update(composed, key, str(folder))
    return folder


def question_of(master: DictConfig) -> Question:
    """What a study asks and claims, as its file says; ConfigError as `strict.checked`."""
    asked = OmegaConf.masked_copy(master, [key for key in OF_STUDIES if key in master])
    return checked(Question, OmegaConf.to_container(asked, resolve=False))


def listed(
    configs: Sequence[RunConfig], overrides: Sequence[Sequence[str]], store: Store | None
) -> str:
    """A line for each run: number, key, whether it is done already, and what tells it apart.

    Raises:
        RecordError: the store cannot be read.
    """
    data_configs = dict.fromkeys(config.own_data for config in configs)
    hashes = {each: loading.load(each).sha256 for each in data_configs}
    kept = frozenset(store.kept()) if store is not None else frozenset()
    lines, num_done = [], 0
    for number, (config, given) in enumerate(zip(configs, overrides, strict=True)):
        key = run_key(config, hashes[config.own_data])
        done = key in kept
        num_done += done
        state = "done" if done else "to train"
        lines.append(f"{number:4}  {key[:12]}  {state:8}  {' '.join(given)}")
    lines.append(
        f"{counted(len(configs), 'run')}, {num_done} done, {len(configs) - num_done} to train"
    )
    return "\n".join(lines)
