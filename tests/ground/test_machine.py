"""Threads follow affinity and quotas of either version of cgroups, wherever they are mounted."""

import ctypes
import os
import subprocess

import pytest

from fmnist_exp.machine import available_threads, device

ONE, HALF_MORE, NO_LIMIT = 100_000, 150_000, None
V1 = "34 31 0:30 {seen} /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct"
V2 = "35 31 0:31 {seen} /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate"


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    """Of twelve, eight may be used."""
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.fixture
def machine(tmp_path):
    """Writes what a kernel shows of cgroups below a folder, and gives the folder."""

    def write(version, own, quotas, seen="/"):
        line = {1: f"1:cpuset:/other\n2:cpu,cpuacct:{own}\n0::/\n", 2: f"0::{own}\n"}[version]
        mount = {1: V1, 2: V2}[version].format(seen=seen)
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(line)
        others = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        (tmp_path / "proc/self/mountinfo").write_text(f"{others}{mount}\n")
        top = tmp_path / ("sys/fs/cgroup/cpu" if version == 1 else "sys/fs/cgroup")
        top.mkdir(parents=True)
        for group, quota in quotas.items():
            (top / group).mkdir(parents=True, exist_ok=True)
            if version == 2:
                text = f"{'max' if quota is None else quota} 100000\n"
                (top / group / "cpu.max").write_text(text)
            else:
                (top / group / "cpu.cfs_quota_us").write_text(f"{-1 if quota is None else quota}\n")
                (top / group / "cpu.cfs_period_us").write_text("100000\n")
        return tmp_path

    return write


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("own", "quotas", "seen", "threads"),
    [
        ("/job", {"job": ONE}, "/", 1),
        ("/job", {"job": HALF_MORE}, "/", 1),
        ("/job", {"job": 50_000}, "/", 1),
        ("/job", {"job": 3 * ONE}, "/", 3),
        ("/job", {"job": NO_LIMIT}, "/", 8),
        ("/job", {"job": 99 * ONE}, "/", 8),
        ("/job", {}, "/", 8),
        ("/job", {"job": NO_LIMIT, "other": ONE}, "/", 8),
        ("/user/1/job", {"user/1/job": NO_LIMIT, "user": 2 * ONE}, "/", 2),
        ("/user/1/job", {"user/1/job": 4 * ONE, "user": 2 * ONE}, "/", 2),
        ("/docker/7", {".": ONE}, "/docker/7", 1),  # the host's names, the container's mount
        ("/docker/7/job", {".": 5 * ONE, "job": 2 * ONE}, "/docker/7", 2),
        ("/", {".": ONE}, "/", 1),  # a namespace of its own
        ("/../../job", {".": ONE}, "/", 1),  # of a process that was moved out of it
    ],
)
def test_case_4_threads_are_those_of_the_quota(machine, version, own, quotas, seen, threads):
    """Of its own group or one around it; a quota of one core on two gives one thread."""
    assert available_threads(machine(version, own, quotas, seen)) == threads


@pytest.mark.parametrize("content", ["", "nonsense", "max", "1 2 3", "100000 0"])
def test_quota_that_cannot_be_read_is_none(machine, content):
    root = machine(2, "/job", {"job": ONE})
    (root / "sys/fs/cgroup/job/cpu.max").write_text(content)
    assert available_threads(root) == 8


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "line",
    [
        b"90 31 0:50 / /mnt rw - tmpfs  rw",  # mounted from nothing
        b"90 31 0:50 / /m\xfcnt rw - ext4 /dev/sda1 rw",  # named in Latin-1
        b"90 31 0:50 / /mnt\x0b rw - ext4 /dev/sda1 rw",
        b"90 31 0:50 / /mnt rw - cgroup2",
        b"90 31 0:50 / /mnt rw - cgroup",
        b"90 31 - cgroup2 cgroup2 rw",
        b"90 31 - cgroup cgroup rw,cpu",
        b"nonsense",
        b"",
    ],
)
def test_mounts_of_others_hide_no_quota(machine, version, line):
    root = machine(version, "/job", {"job": ONE})
    for name in ("mountinfo", "cgroup"):
        path = root / "proc/self" / name
        path.write_bytes(line + b"\n" + path.read_bytes() + b"\n")
    assert available_threads(root) == 1


def test_quota_of_a_group_mounted_from_nothing_counts(machine):
    root = machine(2, "/job", {"job": ONE})
    mounts = root / "proc/self/mountinfo"
    mounts.write_text(mounts.read_text().replace("cgroup2 cgroup2 ", "cgroup2  "))
    assert available_threads(root) == 1


def test_without_cgroups_affinity_counts_and_without_that_all(tmp_path, monkeypatch):
    assert available_threads(tmp_path) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_threads(tmp_path) == 12


def test_affinity_counts_within_a_quota(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    assert available_threads(machine(1, "/job", {"job": 4 * ONE})) == 1


DRIVER = """
int cuInit(unsigned flags) { return flags; }
int cuDeviceGet(int *device, int number) { *device = 7 + number; return %d; }
int cuDeviceGetName(char *name, int size, int device) {
  return snprintf(name, size, "NVIDIA %%d", device) < 0;
}
"""


@pytest.mark.parametrize(("error", "name"), [(0, "GPU:NVIDIA 7"), (100, "GPU")])
def test_case_GPU_card_is_called_what_the_driver_calls_it(tmp_path, monkeypatch, error, name):
    library = tmp_path / "libcuda.so.1"
    command = ["cc", "-x", "c", "-shared", "-fPIC", "-include", "stdio.h", "-", "-o", str(library)]
    subprocess.run(command, input=DRIVER % error, text=True, check=True)
    load = ctypes.CDLL
    monkeypatch.setattr(ctypes, "CDLL", lambda name: load(str(tmp_path / name)))
    assert device("gpu") == name
    assert device("c") == device("xla") == "CPU"


def test_card_of_another_maker_has_no_name(tmp_path, monkeypatch):
    load = ctypes.CDLL
    monkeypatch.setattr(ctypes, "CDLL", lambda name: load(str(tmp_path / name)))
    assert device("gpu") == "GPU"
