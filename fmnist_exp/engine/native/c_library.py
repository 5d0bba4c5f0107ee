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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_path

from fmnist_exp.machine import cpuinfo

log = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("epoch.c")
COMPILERS = ("cc", "gcc", "clang")
# Square roots set no errno and divisions no trap, or there would be no vector instructions for
# them. Nothing here changes the order of sums.
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
FOR_THIS_PROCESSOR = "-march=native"
# What compilers call the processors of x86-64 that have all of these flags, the best first.
# Source: x86-64 psABI, section 3.1.1, for the levels; their names in /proc/cpuinfo.
AVX2 = ("avx2", "fma", "bmi1", "bmi2", "abm", "f16c", "movbe")
AVX512 = (*AVX2, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
LEVELS = {"x86-64-v4": AVX512, "x86-64-v3": AVX2}
OPTIONS = {"bmi1": "bmi", "abm": "lzcnt"}  # flags that compilers call otherwise
LINKED = ("-lpthread", "-lm")
SECONDS = 120  # the most that compiling may take; two are usual
TYPES = {"float32": "float", "float64": "double"}
OTHER_PLACES = ("/var/tmp", "/dev/shm")  # where cache and TMPDIR are of no use
MAX_UNUSED = 30 * 24 * 3600  # seconds; a library that no process has loaded since is removed
MAX_SUPERSEDED = 24 * 3600  # the same where the compiler has another version; a home may be shared
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
        library = _kept(start)  # compiled on a machine like this one, with the same home
        if library is None:
            raise OSError(f"{error}; {ADVICE}") from error
        return library
    library = _kept(name)
    if library is None:
        with _built([*compiler, *FLAGS, f"-DREAL={TYPES[dtype]}"], name) as built:
            library = _loaded(built)
            _keep(built, of_compiler)
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
    yield from sorted({x for x in cpuinfo() if x.startswith(("flags", "Features", "model name"))})


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _name(start: str, path: Path) -> str:
    return f"{start}{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.so"


def _cache() -> Path:
    return user_cache_path("fmnist_exp", appauthor=False) / "engine"


def _kept(start: str) -> ctypes.CDLL | None:
    """A library of the cache whose name begins so; None if there is none, or it is damaged.

    Its name ends with the hash of its content: loading a damaged one would kill the process.
    """
    path = _intact(start)
    try:
        return None if path is None else _loaded(path)
    except OSError:
        if path is not None and path.exists():
            raise
        return None  # another process has removed it meanwhile


def _intact(start: str) -> Path | None:
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
def _built(command: list[str], name: str) -> Iterator[Path]:
    """A compiled library, removed in the end; in the first place where compiling succeeds.

    A folder can often be made on a full disk, or beyond a quota, where a library cannot.
    """
    failure = OSError(f"none of these folders can be written: {', '.join(_places())}")
    with ExitStack() as workshops:
        for place in _places():
            try:
                workshop = tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True)
                folder = Path(workshops.enter_context(workshop))
            except OSError:
                continue
            try:
                _compile(command, folder / "epoch.so")
            except OSError as error:
                failure = error
                continue
            yield (folder / "epoch.so").rename(folder / _name(name, folder / "epoch.so"))
            return
    raise failure


def _compile(command: list[str], built: Path) -> None:
    """Compile for this processor, or for the nearest to it that the compiler knows.

    Raises:
        OSError: it fails, or knows no vector instructions of a processor that has more than those
            of all: that code would be slower than XLA's.
    """
    command = [*command, str(SOURCE), *LINKED, "-o", str(built)]
    tried = []
    for options in _for_this_processor():
        tried.append(_output([*command, *options], built.parent))
        if tried[-1].returncode == 0:
            break
    if tried[-1].returncode:
        status = f"ended with exit status {tried[-1].returncode}: {_said(tried[-1])}"
    elif not options and (levels := _levels()):
        status = (
            f"has no instructions of {levels[-1]}, without which the code is slower than XLA's, "
            f"and refused {FOR_THIS_PROCESSOR}: {_said(tried[0])}"
        )
    else:
        return
    raise OSError(f"the C compiler {command[0]} {status}; {ADVICE}")


def _said(result: subprocess.CompletedProcess[str]) -> str:
    return (result.stderr.strip().splitlines() or ["it said nothing"])[0]


def _for_this_processor() -> Iterator[list[str]]:
    """Options of a compiler, those that suit this processor best at first; none at last."""
    yield [FOR_THIS_PROCESSOR]
    for level in _levels():
        yield [f"-march={level}"]
        yield [f"-m{OPTIONS.get(flag, flag)}" for flag in LEVELS[level]]
    yield []


def _levels() -> list[str]:
    """The levels of x86-64 beyond the first two that this processor reaches, the highest first."""
    flags = next((x.split() for x in cpuinfo() if x.startswith("flags")), [])
    return [level for level, needed in LEVELS.items() if set(needed) <= set(flags)]


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


def _keep(built: Path, of_compiler: str) -> None:
    """Keep a library for later processes, and remove those that none will load.

    These are what nobody has used for long: of former code, or of machines that are gone; sooner,
    what another version of the compiler made. Processes that have loaded one go on with it.
    """
    try:
        kept = _cache() / built.name
        with tempfile.TemporaryDirectory(dir=kept.parent) as beside:
            os.replace(shutil.copy(built, beside), kept)  # whole or not at all
        for path in kept.parent.glob("epoch-*.so"):
            superseded = path.name.startswith(of_compiler) and path != kept
            limit = MAX_SUPERSEDED if superseded else MAX_UNUSED
            if time.time() - path.stat().st_mtime > limit:
                path.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        log.debug("the compiled library is not kept: %s", error)
