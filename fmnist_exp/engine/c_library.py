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
from pathlib import Path

from fmnist_exp.files import user_cache

log = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("epoch.c")
COMPILERS = ("cc", "gcc", "clang")
# Square roots set no errno and divisions no trap, or there would be no vector instructions for
# them. Nothing here changes the order of sums.
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
FOR_THIS_PROCESSOR = "-march=native"
LINKED = ("-lpthread", "-lm")
SECONDS = 120  # the most that compiling may take; two are usual
TYPES = {"float32": "float", "float64": "double"}


@functools.cache
def load(dtype: str) -> ctypes.CDLL | None:
    """The library for weights of one type; None, after a warning, if it cannot be had.

    Args:
        dtype: `float32` or `float64`.
    """
    try:
        compiler = _compiler()
        command = [*compiler, *FLAGS, FOR_THIS_PROCESSOR, f"-DREAL={TYPES[dtype]}", str(SOURCE)]
        identity = _identity(command)
        return _kept(identity) or _compile(command, identity)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning(
            "the C part of the engine is left out and XLA trains alone, which is slower: %s. A C "
            "compiler is needed (for example: apt-get install gcc libc6-dev), or set CC to yours; "
            "engine=xla asks for XLA without this warning.",
            error,
        )
        return None


def _compiler() -> list[str]:
    """The command of the C compiler: that in CC, or the first of the usual names."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    for name in COMPILERS:
        if found := shutil.which(name):
            return [found]
    raise OSError(f"no C compiler was found (looked for CC, {', '.join(COMPILERS)})")


def _identity(command: list[str]) -> str:
    """What the library depends on: source, command, and the processor's instructions.

    A home folder may be shared by machines that differ.
    """
    digest = hashlib.sha256(SOURCE.read_bytes())
    digest.update("\0".join((*command[:-1], platform.machine(), platform.system())).encode())
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        telling = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
        digest.update("\n".join(sorted(telling)).encode())
    return digest.hexdigest()[:16]


def _kept(identity: str) -> ctypes.CDLL | None:
    """The library from the cache; None if there is none, or it is damaged.

    Its name ends with the hash of its content: loading a damaged one would kill the process.
    """
    try:
        for path in (user_cache() / "engine").glob(f"epoch-{identity}-*.so"):
            if path.name == _name(identity, path):
                return ctypes.CDLL(str(path))
    except (OSError, RuntimeError) as error:
        log.debug("no library from the cache: %s", error)
    return None


def _name(identity: str, path: Path) -> str:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"epoch-{identity}-{content[:16]}.so"


def _compile(command: list[str], identity: str) -> ctypes.CDLL:
    """Compile, load, and keep the library for later processes if there is a place for it."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "epoch.so"
        result = subprocess.run(
            [*command, *LINKED, "-o", str(built)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
        if result.returncode:
            said = (result.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise OSError(f"{command[0]} ended with exit status {result.returncode}: {said}")
        library = ctypes.CDLL(str(built))
        try:
            kept = user_cache() / "engine"
            kept.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=kept) as beside:
                copy = shutil.copy(built, beside)
                os.replace(copy, kept / _name(identity, built))  # whole or not at all
        except (OSError, RuntimeError) as error:
            log.debug("the compiled library is not kept: %s", error)
    return library
