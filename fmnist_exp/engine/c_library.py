"""epoch.c, compiled for this processor when it is first needed and kept in the user's cache."""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fmnist_exp.files import user_cache

log = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("epoch.c")
COMPILERS = ("cc", "gcc", "clang")
# Square roots set no errno and divisions no trap, or there would be no vector instructions for
# them. Nothing here changes the order of sums.
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
FOR_THIS_PROCESSOR = "-march=native"  # a compiler that refuses it is tried again without
LINKED = ("-lpthread", "-lm")
SECONDS = 120  # the most that compiling may take; two are usual
TYPES = {"float32": "float", "float64": "double"}
OTHER_PLACES = ("/var/tmp", "/dev/shm")  # where cache and TMPDIR are of no use
MAX_UNUSED = 30 * 24 * 3600  # seconds; a library that no process has loaded since is removed
ADVICE = "install one (for example: apt-get install gcc libc6-dev), or set CC to yours"


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
    start = f"epoch-{_hash(*_machine(dtype))}-"
    try:
        compiler = _compiler()
        of_compiler = f"{start}{_hash(*compiler)}-"
        name = f"{of_compiler}{_hash(_output([*compiler, '--version']).stdout)}-"
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        kept = _kept(start)  # compiled on a machine like this one, with the same home
        if kept is None:
            raise OSError(f"{error}; {ADVICE}") from error
        return _loaded(kept)
    kept = _kept(name)
    if kept is not None:
        return _loaded(kept)
    with _workshop() as folder:
        built = folder / "epoch.so"
        _compile([*compiler, *FLAGS, f"-DREAL={TYPES[dtype]}"], built)
        library = _loaded(built)
        _keep(built, name, of_compiler)
    return library


def _compiler() -> list[str]:
    """The command of the C compiler: that in CC, or the first of the usual names."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    for name in COMPILERS:
        if found := shutil.which(name):
            return [found]
    raise OSError(f"no C compiler was found (looked for CC, {', '.join(COMPILERS)})")


def _machine(dtype: str) -> Iterator[str]:
    """What a library depends on besides its compiler: source, C library, and processor.

    A home folder may be shared by machines that differ.
    """
    yield hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    yield from (*FLAGS, dtype, platform.machine(), platform.system(), *platform.libc_ver())
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        yield from sorted({x for x in lines if x.startswith(("flags", "Features", "model name"))})


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _name(start: str, path: Path) -> str:
    return f"{start}{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.so"


def _cache() -> Path:
    return user_cache() / "engine"


def _kept(start: str) -> Path | None:
    """A library of the cache whose name begins so; None if there is none, or it is damaged.

    Its name ends with the hash of its content: loading a damaged one would kill the process.
    """
    try:
        for path in _cache().glob(f"{start}*.so"):
            if path.name == _name(path.name.rpartition("-")[0] + "-", path):
                with suppress(OSError):
                    path.touch()
                return path
    except (OSError, RuntimeError) as error:
        log.debug("no library from the cache: %s", error)
    return None


def _places() -> Iterator[str]:
    """Folders that can be written, the user's cache first."""
    with suppress(OSError, RuntimeError):
        _cache().mkdir(parents=True, exist_ok=True)
        yield str(_cache())
    with suppress(OSError):
        yield tempfile.gettempdir()
    yield from OTHER_PLACES


@contextmanager
def _workshop() -> Iterator[Path]:
    """A folder that is removed in the end, in the first place that can be written."""
    for place in _places():
        try:
            folder = tempfile.mkdtemp(dir=place)
        except OSError:
            continue
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    raise OSError(f"none of these folders can be written: {', '.join(_places())}")


def _compile(command: list[str], built: Path) -> None:
    """Compile for this processor, or for all of its kind if the compiler knows no better."""
    command = [*command, str(SOURCE), *LINKED, "-o", str(built)]
    result = _output([*command, FOR_THIS_PROCESSOR], built.parent)
    if result.returncode:
        result = _output(command, built.parent)
    if result.returncode:
        said = (result.stderr.strip().splitlines() or ["it said nothing"])[0]
        status = f"the C compiler {command[0]} ended with exit status {result.returncode}"
        raise OSError(f"{status}: {said}; {ADVICE}")


def _output(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    temporary = {} if folder is None else {"TMPDIR": str(folder)}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        env=os.environ | temporary,
    )


def _loaded(path: Path) -> ctypes.CDLL:
    """A library, loaded; from a copy elsewhere if its file system is mounted noexec.

    Raises:
        OSError: there is no place from which it can be loaded.
    """
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        refused = error
    for place in _places():
        with suppress(OSError), tempfile.TemporaryDirectory(dir=place) as folder:
            return ctypes.CDLL(shutil.copy(path, folder))
    raise OSError(
        f"{refused}, nor can a copy in {', '.join(_places())}; TMPDIR may name a folder from which "
        "programs may be run"
    ) from refused


def _keep(built: Path, name: str, of_compiler: str) -> None:
    """Keep a library for later processes, and remove those that none will load.

    These are what a former version of the compiler made, and what nobody has used for long: of
    former code, or of machines that are gone. Processes that have loaded one go on with it.
    """
    try:
        kept = _cache() / _name(name, built)
        with tempfile.TemporaryDirectory(dir=kept.parent) as beside:
            os.replace(shutil.copy(built, beside), kept)  # whole or not at all
        for path in kept.parent.glob("epoch-*.so"):
            superseded = path.name.startswith(of_compiler) and path != kept
            if superseded or time.time() - path.stat().st_mtime > MAX_UNUSED:
                path.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        log.debug("the compiled library is not kept: %s", error)
