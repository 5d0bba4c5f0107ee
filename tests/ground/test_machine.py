"""Threads follow affinity and quotas of cgroups, whatever they are called."""

import os

import pytest

from fmnist_exp.machine import available_threads

ONE, HALF_MORE, NO_LIMIT = 100_000, 150_000, None


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    """Of twelve, eight may be used."""
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.fixture
def machine(tmp_path):
    """Writes what a kernel shows of cgroups below a folder, and gives the folder."""

    def write(own, quotas):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(f"0::{own}\n")
        top = tmp_path / "sys/fs/cgroup"
        for group, quota in quotas.items():
            (top / group).mkdir(parents=True, exist_ok=True)
            text = f"{'max' if quota is None else quota} 100000\n"
            (top / group / "cpu.max").write_text(text)
        return tmp_path

    return write


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
def test_case_4_threads_are_those_of_the_quota(machine, own, quotas, threads):
    """Of its own group or one around it; a quota of one core on two gives one thread."""
    assert available_threads(machine(own, quotas)) == threads


@pytest.mark.parametrize("content", ["", "nonsense", "max", "1 2 3", "100000 0"])
def test_quota_that_cannot_be_read_is_none(machine, content):
    root = machine("/job", {"job": ONE})
    (root / "sys/fs/cgroup/job/cpu.max").write_text(content)
    assert available_threads(root) == 8


@pytest.mark.parametrize("line", [b"7:m\xfcnt,name=x:/a\x0b", b"7:cpu", b"0", b"nonsense", b""])
def test_groups_of_others_hide_no_quota(machine, line):
    root = machine("/job", {"job": ONE})
    path = root / "proc/self/cgroup"
    path.write_bytes(line + b"\n" + path.read_bytes() + b"\n")
    assert available_threads(root) == 1


def test_without_cgroups_affinity_counts_and_without_that_all(tmp_path, monkeypatch):
    assert available_threads(tmp_path) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_threads(tmp_path) == 12


def test_affinity_counts_within_a_quota(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    assert available_threads(machine("/job", {"job": 4 * ONE})) == 1
