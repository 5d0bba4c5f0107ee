"""What this machine lends to a process: processors, within quotas, and a graphics card."""

import ctypes
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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

    A container may see a part of the tree alone, under names that only its host knows; then it is
    told of the limits of the highest group that it sees.

    Source: cgroups(7); proc_pid_mountinfo(5).
    """
    try:
        # Others may have mounted what they like, under names that are no UTF-8.
        own = os.fsdecode((root / "proc/self/cgroup").read_bytes()).split("\n")
        mounts = os.fsdecode((root / "proc/self/mountinfo").read_bytes()).split("\n")
    except OSError:  # not Linux
        return
    paths = {}  # kind of mount -> path of the process in it
    for line in own:
        match line.split(":", 2):
            case [_, "", path]:
                paths["cgroup2"] = path
            case [_, controllers, path] if "cpu" in controllers.split(","):
                paths["cgroup"] = path
    for line in mounts:
        mount, _, system = line.partition(" - ")
        fields, (kind, *others) = mount.split(" "), system.split(" ")
        if kind not in paths or len(fields) < 5:
            continue
        if kind == "cgroup" and "cpu" not in ",".join(others[1:]).split(","):
            continue
        seen, point = fields[3:5]
        folder = top = root / point.lstrip("/")
        if PurePosixPath(paths[kind]).is_relative_to(seen) and ".." not in paths[kind]:
            folder = top / PurePosixPath(paths[kind]).relative_to(seen)
        yield from (group for group in (folder, *folder.parents) if group.is_relative_to(top))


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
# What they read as well, if it is set: programs that XLA compiles otherwise round otherwise.
FLAGS_OF_XLA = ("XLA_FLAGS", "TF_XLA_FLAGS")
CHANGE_RESULTS = ("TF_ENABLE_ONEDNN_OPTS", *FLAGS_OF_XLA)
