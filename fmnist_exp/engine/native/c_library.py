"""epoch.c, compiled for this processor when it is first needed and kept in the user's cache."""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from fmnist_exp.engine.native.compiling import ADVICE, FLAGS, build, compiler, version
from fmnist_exp.machine import cpuinfo

log = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("epoch.c")
OTHER_PLACES = ("/var/tmp", "/dev/shm")  # where cache and TMPDIR are of no use
MAX_UNUSED = 30 * 24 * 3600  # seconds; a library that no process has loaded since is removed


@functools.cache
def load(dtype: str) -> ctypes.CDLL | str:
    """The library for weights of one type; if it cannot be had, the reason.

    Args:
        dtype: `float32` or `float64`.
    """
    try:
        return _library(dtype)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)


def _library(dtype: str) -> ctypes.CDLL:
    """The library, from the cache or compiled.

    Its name begins with the hash of the machine and that of the compiler, and ends with that of
    its content.
    """
    machine = f"epoch-{_hash(*_machine(dtype))}-"
    try:
        command = compiler()
        start = f"{machine}{_hash(*command, version(command))}-"
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        library = _kept(machine)  # compiled on a machine like this one, with the same home
        if library is None:
            raise OSError(f"{error}; {ADVICE}") from error
        return library
    return _kept(start) or _built(command, dtype, start)


def _machine(dtype: str) -> Iterator[str]:
    """What a library depends on besides its compiler: source, C library, and processor.

    A home folder may be shared by machines that differ.
    """
    yield hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    yield from (*FLAGS, dtype, platform.machine(), platform.system(), *platform.libc_ver())
    yield from sorted({x for x in cpuinfo() if x.startswith(("flags", "Features", "model name"))})


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _ending(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.so"


def _cache() -> Path:
    return user_cache_path("fmnist_exp", appauthor=False) / "engine"


def _kept(start: str) -> ctypes.CDLL | None:
    """A library of the cache whose name begins so; None if there is none that can be loaded.

    Its name ends with the hash of its content, as loading a damaged one would kill the process.
    """
    with suppress(OSError, RuntimeError):  # no home, or another process has removed it meanwhile
        for path in _cache().glob(f"{start}*.so"):
            if path.name.endswith(f"-{_ending(path)}"):
                with suppress(OSError):
                    path.touch()
                return _loaded(path)
    return None


def _places() -> Iterator[str]:
    """Folders that may be written, the user's cache first."""
    with suppress(OSError, RuntimeError):
        _cache().mkdir(parents=True, exist_ok=True)
        yield str(_cache())
    with suppress(OSError):
        yield tempfile.gettempdir()
    yield from OTHER_PLACES


def _workshops() -> Iterator[Path]:
    """A temporary folder in each of the places that can be written, removed after its turn."""
    for place in _places():
        with suppress(OSError):
            workshop = tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True)
            with workshop as folder:
                yield Path(folder)


def _built(command: list[str], dtype: str, start: str) -> ctypes.CDLL:
    """A library, compiled in the first place where that succeeds, loaded and kept.

    A folder can often be made on a full disk, or beyond a quota, where a library cannot.
    """
    failure = OSError(f"none of these folders can be written: {', '.join(_places())}")
    for folder in _workshops():
        built = folder / "epoch.so"
        try:
            build(command, SOURCE, dtype, built)
        except OSError as error:
            failure = error
            continue
        built = built.rename(folder / f"{start}{_ending(built)}")
        library = _loaded(built)
        _keep(built)
        return library
    raise failure


def _loaded(path: Path) -> ctypes.CDLL:
    """A library, loaded; from a copy elsewhere if its file system is mounted noexec.

    Raises:
        OSError: there is no place from which it can be loaded.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        refused = error
    for folder in _workshops():
        with suppress(OSError):
            return ctypes.CDLL(str(shutil.copy(path, folder)))
    raise OSError(
        f"{refused}, nor can a copy in {', '.join(_places())}; TMPDIR may name a folder from which "
        "programs may be run"
    ) from refused


def _keep(built: Path) -> None:
    """Keep a library for later processes, and remove those that none has loaded for long.

    Processes that have loaded one go on with it.
    """
    try:
        kept = _cache() / built.name
        with tempfile.TemporaryDirectory(dir=kept.parent) as beside:
            os.replace(shutil.copy(built, beside), kept)  # whole or not at all
        for path in kept.parent.glob("epoch-*.so"):
            if time.time() - path.stat().st_mtime > MAX_UNUSED:
                path.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        log.debug("the compiled library is not kept: %s", error)
