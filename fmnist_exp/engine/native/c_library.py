"""epoch.c, compiled for this processor when it is first needed and kept in the user's cache."""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from fmnist_exp.machine import cpuinfo

SOURCE = Path(__file__).with_name("epoch.c")
COMPILERS = ["cc", "gcc", "clang"]
# Square roots set no errno and divisions no trap, or there would be no vector instructions for
# them. Nothing here changes the order of sums.
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
LINKED = ("-lpthread", "-lm")
TYPES = {"float32": "float", "float64": "double"}
# What compilers call a processor of x86-64 that has all of these flags.
# Source: x86-64 psABI, section 3.1.1; the names in /proc/cpuinfo.
LEVEL, AVX2 = "x86-64-v3", {"avx2", "fma", "bmi1", "bmi2", "abm", "f16c", "movbe"}
SECONDS = 120  # the most that compiling may take; two are usual
ADVICE = "install one (for example: apt-get install gcc libc6-dev), or set CC to yours"


@functools.cache
def load(dtype: str) -> ctypes.CDLL | str:
    """The library for weights of one type; if it cannot be had, the reason.

    It comes from the user's cache or is compiled into it. Where that does not do, for want of a
    home, of space or of the right to run programs, it is compiled among the temporary files, by
    each process anew.

    Args:
        dtype: `float32` or `float64`.
    """
    parts = "\0".join([*_machine(dtype), os.environ.get("CC", "")])
    start = f"epoch-{hashlib.sha256(parts.encode()).hexdigest()[:12]}-"
    try:
        return _kept(start) or _built(_compiler(), dtype, start)
    except OSError as error:
        return str(error)


def _machine(dtype: str) -> Iterator[str]:
    """What a library depends on: source, C library, and processor.

    A home folder may be shared by machines that differ.
    """
    yield hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    yield from (*FLAGS, dtype, platform.machine(), platform.system(), *platform.libc_ver())
    yield from sorted({x for x in cpuinfo() if x.startswith(("flags", "Features", "model name"))})


def _cache() -> Path:
    return user_cache_path("fmnist_exp", appauthor=False) / "engine"


def _kept(start: str) -> ctypes.CDLL | None:
    """A library of the cache whose name begins so; None if there is none that can be loaded."""
    with suppress(OSError, RuntimeError):  # no home, or a cache from which nothing may be run
        for path in _cache().glob(f"{start}*.so"):
            if path.name == start + _ending(path):  # loading a damaged one would kill the process
                return ctypes.CDLL(str(path))
    return None


def _ending(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.so"


def _compiler() -> list[str]:
    """The command of the C compiler: that in CC, or the first of the usual names."""
    named = os.environ.get("CC", "").split()
    looked_for = named[:1] or COMPILERS
    for name in looked_for:
        if found := shutil.which(name):
            return [found, *named[1:]]
    raise OSError(f"no C compiler was found (looked for {', '.join(looked_for)}); {ADVICE}")


def _built(compiler: list[str], dtype: str, start: str) -> ctypes.CDLL:
    """A library, compiled and loaded in the first folder where both succeed.

    A folder can often be made on a full disk, or beyond a quota, where a library cannot.

    Raises:
        OSError: they succeed in none.
    """
    reasons = []
    for place in (_cache, lambda: Path(tempfile.gettempdir())):
        try:
            folder = place()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as workshop:
                built = Path(workshop) / "epoch.so"
                _compile(compiler, dtype, built)
                built = built.rename(built.with_name(start + _ending(built)))
                library = ctypes.CDLL(str(built))
                if place is _cache:
                    built.replace(folder / built.name)
                return library
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            reasons.append(str(error))
    raise OSError("; ".join([*dict.fromkeys(reasons), "TMPDIR may name another folder"]))


def _compile(compiler: list[str], dtype: str, built: Path) -> None:
    """Compile epoch.c for this processor, or for the nearest to it that the compiler knows.

    Args:
        compiler: its command.
        dtype: of the weights.
        built: the library; its folder takes what the compiler writes meanwhile.

    Raises:
        OSError: it fails, or knows no vector instructions of a processor that has them: that code
            would be slower than XLA's.
    """
    flags = next((line.split() for line in cpuinfo() if line.startswith("flags")), [])
    options = ("-march=native", f"-march={LEVEL}" if set(flags) >= AVX2 else "-O3")
    whole = [*compiler, *FLAGS, f"-DREAL={TYPES[dtype]}", str(SOURCE), *LINKED, "-o", str(built)]
    for option in options:
        result = subprocess.run(
            [*whole, option],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            env=os.environ | {"TMPDIR": str(built.parent)},
        )
        if result.returncode == 0:
            return
    said = (result.stderr.strip().splitlines() or ["it said nothing"])[0]
    raise OSError(
        f"the C compiler {compiler[0]} ended with exit status {result.returncode}, with "
        f"{' and with '.join(options)}: {said}; {ADVICE}"
    )
