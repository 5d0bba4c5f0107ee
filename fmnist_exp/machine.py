"""What this machine lends to a process: processors, within quotas."""

import math
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def available_threads(root: Path = Path("/")) -> int:
    """Processors that this process may use: those it may run on, within its quota of time.

    Part of a processor counts for nothing, as threads of an epoch wait for one another.

    Args:
        root: where /proc and /sys lie.
    """
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    return max(math.floor(min([allowed, *_quotas(root)])), 1)


def _quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that the cgroup of this process may take, and those around it.

    In a container the names may be those of its host; then it is told of the limits of the highest
    group that it sees.

    Source: cgroups(7), version 2; the place where systemd mounts them.
    """
    try:
        lines = os.fsdecode((root / "proc/self/cgroup").read_bytes()).split("\n")
    except OSError:  # not Linux
        return
    own = Path(next((line[4:] for line in lines if line.startswith("0::/")), ""))
    for group in (own, *own.parents):
        with suppress(OSError, ValueError, ZeroDivisionError):  # "max" is no number
            quota, period = (root / "sys/fs/cgroup" / group / "cpu.max").read_text().split()
            yield float(quota) / float(period)


def cpuinfo() -> list[str]:
    """The lines in which Linux describes the processors; none elsewhere."""
    try:
        return CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def cpu_model() -> str:
    """What the processor is called."""
    for line in cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


# What TensorFlow and Keras read when they are imported, and our defaults for it.
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # the C++ side reports fatal errors only
    "TF_ENABLE_ONEDNN_OPTS": "1",  # changes rounding, so it is fixed and recorded
}
# Of these, and of others, what changes rounding: other switches, or programs compiled otherwise.
CHANGE_RESULTS = ("TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "TF_XLA_FLAGS")
