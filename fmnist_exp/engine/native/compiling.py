"""The C compiler: which one it is, how it is called, and what it must be able to do."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from fmnist_exp.machine import cpuinfo

COMPILERS = ("cc", "gcc", "clang")
# Square roots set no errno and divisions no trap, or there would be no vector instructions for
# them. Nothing here changes the order of sums.
FLAGS = ("-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
LINKED = ("-lpthread", "-lm")
TYPES = {"float32": "float", "float64": "double"}
FOR_THIS_PROCESSOR = "-march=native"
# What compilers call a processor of x86-64 that has all of these flags.
# Source: x86-64 psABI, section 3.1.1; the names in /proc/cpuinfo.
LEVEL, AVX2 = "x86-64-v3", {"avx2", "fma", "bmi1", "bmi2", "abm", "f16c", "movbe"}
SECONDS = 120  # the most that compiling may take; two are usual
ADVICE = "install one (for example: apt-get install gcc libc6-dev), or set CC to yours"


def compiler() -> list[str]:
    """The command of the C compiler: that in CC, or the first of the usual names."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    for name in COMPILERS:
        if found := shutil.which(name):
            return [found]
    raise OSError(f"no C compiler was found (looked for CC, {', '.join(COMPILERS)})")


def version(command: list[str]) -> str:
    """What a compiler says of itself."""
    return _run([*command, "--version"]).stdout


def build(command: list[str], source: Path, dtype: str, built: Path) -> None:
    """Compile for this processor, or for the nearest to it that the compiler knows.

    Args:
        command: of the compiler.
        source: epoch.c.
        dtype: of the weights.
        built: the library; its folder takes what the compiler writes meanwhile.

    Raises:
        OSError: it fails, or knows no vector instructions of a processor that has them: that code
            would be slower than XLA's.
    """
    flags = next((line.split() for line in cpuinfo() if line.startswith("flags")), [])
    fallback = f"-march={LEVEL}" if set(flags) >= AVX2 else "-O3"
    whole = [*command, *FLAGS, f"-DREAL={TYPES[dtype]}", str(source), *LINKED, "-o", str(built)]
    reasons = []
    for option in (FOR_THIS_PROCESSOR, fallback):
        result = _run([*whole, option], TMPDIR=str(built.parent))
        if result.returncode == 0:
            return
        reasons.append((result.stderr.strip().splitlines() or ["it said nothing"])[0])
    raise OSError(
        f"the C compiler {command[0]} ended with exit status {result.returncode}, with "
        f"{FOR_THIS_PROCESSOR} and with {fallback}: {'; '.join(dict.fromkeys(reasons))}; {ADVICE}"
    )


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        env=os.environ | environment,
    )
