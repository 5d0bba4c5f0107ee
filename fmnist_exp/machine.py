"""What this machine lends to a process: processors, within quotas, and a graphics card."""

import ctypes
import math
import os
import platform
from collections.abc import Iterator
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
    quotas = [_quota(folder) for folder in _cgroups(root)]
    return max(math.floor(min([allowed, *quotas])), 1)


def _cgroups(root: Path) -> Iterator[Path]:
    """Folders of the cgroups whose quotas bind this process: its own, and those around it.

    In a container the names may be those of its host; then it is told of the limits of the highest
    group that it sees.

    Source: cgroups(7); the places where systemd mounts them.
    """
    try:
        lines = os.fsdecode((root / "proc/self/cgroup").read_bytes()).split("\n")
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if "cpu" in controllers.split(",") or line.startswith("0::"):
            top = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
            own = top / path.lstrip("/")
            yield from (group for group in (own, *own.parents) if group.is_relative_to(top))


def _quota(cgroup: Path) -> float:
    """Processors' worth of time that a cgroup may take; infinity without a limit."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu.cfs_period_us").read_text()
        share = float(quota) / float(period)  # "max" is no number, and -1 stands for it
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
    return share if share > 0 else math.inf


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


def device(engine: str) -> str:
    """Where an engine trains: `CPU`, or `GPU:` and what the first card is called, if CUDA knows it.

    CUDA's driver is asked; TensorFlow, whose names are the driver's, takes seconds to be imported.
    """
    if engine != "gpu":
        return "CPU"
    number, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:  # another maker's card
        return "GPU"
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(number), 0):
        return "GPU"
    cuda.cuDeviceGetName(name, len(name), number)
    return f"GPU:{name.value.decode()}"


# What TensorFlow and Keras read when they are imported, and our defaults for it.
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # the C++ side reports fatal errors only
    "TF_ENABLE_ONEDNN_OPTS": "1",  # changes rounding, so it is fixed and recorded
}
# Of these, and of others, what changes rounding: other switches, or programs compiled otherwise.
CHANGE_RESULTS = ("TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "TF_XLA_FLAGS")
