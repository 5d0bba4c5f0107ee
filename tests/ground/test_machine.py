"""Threads follow affinity and quotas of either version of cgroups, wherever they are mounted."""

import ctypes
import os
import subprocess

import pytest

from fmnist_exp.machine import available_threads, device

ONE, HALF_MORE, NO_LIMIT = 100_000, 150_000, None


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    """Of twelve, eight may be used."""
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.fixture
def machine(tmp_path):
    """Writes what a kernel shows of cgroups below a folder, and gives the folder."""

    def write(version, own, quotas):
        line = {1: f"1:cpuset:/other\n2:cpu,cpuacct:{own}\n0::/\n", 2: f"0::{own}\n"}[version]
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(line)
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
    ("own", "quotas", "threads"),
    [
        ("/job", {"job": ONE}, 1),
        ("/job", {"job": HALF_MORE}, 1),
        ("/job", {"job": 50_000}, 1),
        ("/job", {"job": 3 * ONE}, 3),
        ("/job", {"job": NO_LIMIT}, 8),
        ("/job", {"job": 99 * ONE}, 8),
        ("/job", {}, 8),
        ("/job", {"job": NO_LIMIT, "other": ONE}, 8),
        ("/user/1/job", {"user/1/job": NO_LIMIT, "user": 2 * ONE}, 2),
        ("/user/1/job", {"user/1/job": 4 * ONE, "user": 2 * ONE}, 2),
        ("/docker/7", {".": ONE}, 1),  # the host's names, the container's mount
        ("/", {".": ONE}, 1),  # a namespace of its own
        ("/../../job", {".": ONE}, 1),  # of a process that was moved out of it
    ],
)
def test_case_4_threads_are_those_of_the_quota(machine, version, own, quotas, threads):
    """Of its own group or one around it; a quota of one core on two gives one thread."""
    assert available_threads(machine(version, own, quotas)) == threads


@pytest.mark.parametrize("content", ["", "nonsense", "max", "1 2 3", "100000 0"])
def test_quota_that_cannot_be_read_is_none(machine, content):
    root = machine(2, "/job", {"job": ONE})
    (root / "sys/fs/cgroup/job/cpu.max").write_text(content)
    assert available_threads(root) == 8


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("line", [b"7:m\xfcnt,name=x:/a\x0b", b"7:cpu", b"0", b"nonsense", b""])
def test_groups_of_others_hide_no_quota(machine, version, line):
    root = machine(version, "/job", {"job": ONE})
    path = root / "proc/self/cgroup"
    path.write_bytes(line + b"\n" + path.read_bytes() + b"\n")
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
