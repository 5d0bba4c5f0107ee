"""Where a result comes from: versions, commit, hashes and machine; and the key of a run."""

import functools
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fmnist_exp import __version__
from fmnist_exp.config import PACKAGE_DIR
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.errors import CodeError
from fmnist_exp.files import sha256_of
from fmnist_exp.machine import CHANGE_RESULTS, ENVIRONMENT, available_threads, cpu_model, device

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
# What can change the numbers of a run: whole rooms. What `config` makes is in the key itself.
KEYED_ROOMS = {"data": "data", "engine": "engine", "seeding": "seeding.py"}

_version = functools.cache(version)  # asked for each run of a sweep


def key_parts(config: RunConfig, data_sha256: str) -> dict[str, Any]:
    """All that can change the result of a run, by name: where two runs differ, one sees it here.

    Of the config without the folder of its data, and without names, which are for people alone.
    Without processor and C compiler: machines that differ in them share a store and divide a sweep
    between them. They change the rounding, and the record of the run names them.

    Args:
        config: the run, its engine settled.
        data_sha256: of the images and labels.
    """
    values = config.plain()
    del values["data"]["dir"]
    for group in ("augmentation", "model", "initializer", "optimizer", "training"):
        del values[group]["name"]
    values["training"]["callbacks"] = [*values["training"]["callbacks"].values()]  # in their order
    return {
        "config": values,
        "data": data_sha256,
        "device": device(config.engine),
        **{f"code of {room}": sha256 for room, sha256 in CODE_AT_START.items()},
        **{f"version of {name}": _version(name) for name in PACKAGES},
        **{f"environment {name}": text for name, text in _environment().items()},
    }


def hash_of(parts: Mapping[str, Any]) -> str:
    """The hash of named parts, whatever their order."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def run_key(config: RunConfig, data_sha256: str) -> str:
    """The key of a run; arguments as for `key_parts`."""
    return hash_of(key_parts(config, data_sha256))


def keyed_files(room: str) -> list[Path]:
    """The source files of a room that enter a run's key, in the order of their names."""
    place = PACKAGE_DIR / KEYED_ROOMS[room]
    return sorted(path for path in (place, *place.rglob("*")) if path.suffix in (".py", ".c"))


def _code_on_disk() -> dict[str, str]:
    """Room -> hash of its modules; of those that train."""
    hashes = {}
    for room in KEYED_ROOMS:
        paths = keyed_files(room)
        hashes[room] = hash_of({p.relative_to(PACKAGE_DIR).as_posix(): sha256_of(p) for p in paths})
    return hashes


CODE_AT_START = _code_on_disk()  # as it was when this process began
CODE_SHA256 = hash_of(CODE_AT_START)


@functools.cache
def check_imported_code() -> None:
    """Make sure that the modules of this process are those of which `CODE_AT_START` speaks.

    Some are imported late, when the first run begins to train; an edit until then would be trained
    under the hash of the former text. Once all are imported, edits change nothing here.

    Raises:
        CodeError: a module was edited meanwhile.
    """
    if _code_on_disk() != CODE_AT_START:
        raise CodeError(
            f"the modules in {PACKAGE_DIR} were edited while this process imported them: it may "
            "hold old and new ones. Give the same command again."
        )


@functools.cache
def describe_machine() -> dict[str, Any]:
    """Versions, commit, code hash and processor: what is the same for all runs of a process."""
    return {
        "package_version": __version__,
        **_commit(),
        "code_sha256": CODE_SHA256,
        "python": platform.python_version(),
        **{name.replace("-", "_"): _version(name) for name in PACKAGES},
        "environment": _environment(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "threads": available_threads(),
    }


def _commit() -> dict[str, Any]:
    """The commit of this code, if git has it, and whether tracked code or configs differ from it.

    A package installed inside somebody else's repository is no part of its commits.
    """
    try:
        _git("ls-files", "--error-unmatch", "run/provenance.py")
        code = (".", "../conf", "../hydra_plugins")
        changes = _git("status", "--porcelain", "--untracked-files=no", "--", *code)
        return {"git_commit": _git("rev-parse", "HEAD"), "git_dirty": changes != ""}
    except (OSError, subprocess.SubprocessError):  # no git, or no checkout
        return {"git_commit": None, "git_dirty": None}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PACKAGE_DIR), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return answer.stdout.strip()


def _environment() -> dict[str, str]:
    found = {name: os.environ.get(name, ENVIRONMENT.get(name)) for name in CHANGE_RESULTS}
    return {name: text for name, text in found.items() if text}
