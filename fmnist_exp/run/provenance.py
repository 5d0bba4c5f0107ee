"""Where a result comes from: versions, commit, hashes and machine; and the key of a run."""

import dataclasses
import functools
import hashlib
import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fmnist_exp import __version__
from fmnist_exp.config import CONFIG_DIR, PACKAGE_DIR
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.errors import CodeError
from fmnist_exp.machine import (
    CHANGE_RESULTS,
    ENVIRONMENT,
    FLAGS_OF_XLA,
    available_threads,
    cpu_model,
    device,
)

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
# What can change the numbers of a run: whole rooms. What `config` makes is in the key itself.
KEYED_ROOMS = ("data", "engine", "seeding.py")


def run_key(config: RunConfig, data_sha256: str) -> str:
    """Hash of what a run is: config, engine and device, data, code, versions, flags of XLA.

    Of the config without paths, and without names, which options bear for people alone. Without
    processor and C compiler: machines that differ in them share a store and divide a sweep between
    them. They change the rounding, and the record of the run names them.

    Args:
        config: the run, its engine settled.
        data_sha256: of the images and labels.
    """
    values = dataclasses.asdict(config)
    del values["data"]["dir"]
    named = [values[group] for group in ("model", "initializer", "optimizer", "training")]
    for each in (*named, *values["training"]["callbacks"]):
        del each["name"]
    identity = {
        "config": values,
        "data": data_sha256,
        "code": code_sha256(),
        "versions": {name: _version(name) for name in PACKAGES},
        "device": device(config.engine),
        "environment": {
            name: value for name, value in _environment().items() if name in CHANGE_RESULTS
        },
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def keyed_files() -> list[Path]:
    """The source files that enter a run's key, in the order of their names."""
    found = [PACKAGE_DIR / name for name in KEYED_ROOMS]
    found += [path for room in found for path in room.rglob("*")]
    return sorted(path for path in found if path.suffix in (".py", ".c"))


def _code_on_disk() -> str:
    digest = hashlib.sha256()
    for path in keyed_files():
        name = path.relative_to(PACKAGE_DIR).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


_CODE_AT_START = _code_on_disk()


def code_sha256() -> str:
    """Hash of the modules that train, as they were when this process began."""
    return _CODE_AT_START


@functools.cache
def check_imported_code() -> None:
    """Make sure that the modules of this process are those that `code_sha256` speaks of.

    Some are imported late, when the first run begins to train; an edit until then would be trained
    under the hash of the former text. Once all are imported, edits change nothing here.

    Raises:
        CodeError: a module was edited meanwhile.
    """
    if _code_on_disk() != code_sha256():
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
        "code_sha256": code_sha256(),
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
    if _git("ls-files", "--error-unmatch", "run/provenance.py") is None:
        return {"git_commit": None, "git_dirty": None}
    code = [str(PACKAGE_DIR), str(CONFIG_DIR), str(PACKAGE_DIR.parent / "hydra_plugins")]
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", *code)
    dirty = None if changes is None else changes != ""
    return {"git_commit": _git("rev-parse", "HEAD"), "git_dirty": dirty}


def _git(*arguments: str) -> str | None:
    """What git answers in the project's folder; None without git or outside a checkout."""
    try:
        return subprocess.run(
            ["git", "-C", str(PACKAGE_DIR), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _environment() -> dict[str, str]:
    flags = {name: os.environ[name] for name in FLAGS_OF_XLA if os.environ.get(name)}
    return {name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()} | flags


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
