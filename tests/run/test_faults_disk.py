"""The fault catalogue, part C: disks that are full, cannot be written, or are others.

The small disk is a tmpfs of its own, mounted for the test. Where that is not allowed the limit
on the size of a file stands in for it, and a directory without write permission.
"""

import os
import resource
import subprocess
from contextlib import contextmanager

import pytest
from study import write_sweep

from fmnist_exp import files
from fmnist_exp.aggregate import aggregate
from fmnist_exp.config.schema import ExecutionConfig
from fmnist_exp.errors import RecordError
from fmnist_exp.run import runner
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records
from fmnist_exp.sweep.checking import check_output_dir

PAGE = 4096  # bytes, in which tmpfs counts
CHOICES = {"initializer": "he"}
FULL = r"(No space left on device|File too large)\."  # as the system says it


class Disk:
    """A folder whose space and permission the test can change."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.is_mounted = _mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", folder)

    @contextmanager
    def full(self, free=0):
        """Leave so many pages of space."""
        if self.is_mounted:
            filler = self.folder / "filler"
            status = os.statvfs(self.folder)
            filler.write_bytes(bytes(max(0, status.f_bavail - free) * status.f_frsize))
            yield
            filler.unlink()
        else:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (free * PAGE, before[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @contextmanager
    def read_only(self):
        """Allow no writing."""
        if self.is_mounted:
            assert _mount("-o", "remount,ro", self.folder)
            yield
            assert _mount("-o", "remount,rw", self.folder)
        else:
            self.folder.chmod(0o555)
            yield
            self.folder.chmod(0o755)


def _mount(*arguments):
    try:
        return subprocess.run(["mount", *arguments], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def disk(tmp_path):
    """A disk of its own."""
    disk = Disk(tmp_path / "disk")
    yield disk
    if disk.is_mounted:
        subprocess.run(["umount", disk.folder], check=True)


def run(config, run_dir, store):
    how = ExecutionConfig(store=str(store.root), checkpoint_seconds=0)
    return runner.run(config, run_dir, CHOICES, how)


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 1, 3, 6])
def test_C17_run_on_a_full_disk_fails_by_name_and_succeeds_once_there_is_space(
    disk, free, tiny_config
):
    """Space for some of its files only: it breaks at one after the other."""
    config = tiny_config("training.epochs=2")
    run_dir, store = disk.folder / "run", Store(disk.folder / "runs")
    with (
        disk.full(free),
        pytest.raises(RecordError, match=rf"cannot write {disk.folder}.*: {FULL}"),
    ):
        run(config, run_dir, store)
    assert store.kept() == []
    if (run_dir / records.RECORD).exists():
        assert records.read_record(run_dir).status == "failed"
    assert run(config, run_dir, store).status == "completed"
    assert not list(disk.folder.rglob(files.TEMPORARIES))


def test_C17_file_that_is_there_survives_a_full_disk(disk):
    path = disk.folder / "file.txt"
    files.write_text(path, "old")
    with disk.full(), pytest.raises(RecordError, match=rf"cannot write {path}: {FULL}"):
        files.write_text(path, "new" * 100_000)
    assert path.read_text() == "old"
    assert list(disk.folder.iterdir()) == [path]


def test_C17_limit_on_the_size_of_files_is_told_by_name(tmp_path):
    """The system's answer is another one: file too large."""
    path = tmp_path / "file.txt"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, before[1]))
    try:
        with pytest.raises(RecordError, match=rf"cannot write {path}: File too large"):
            files.write_text(path, "x" * 2 * PAGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_C17_report_on_a_full_disk_is_refused_by_name(disk, tmp_path):
    write_sweep(tmp_path / "sweep", {"he": (0.8, 0.8)})
    with disk.full(4), pytest.raises(RecordError, match=rf"cannot write {disk.folder}/report"):
        aggregate([tmp_path / "sweep"], disk.folder / "report")


@pytest.mark.slow
def test_C18_read_only_place_is_refused_by_name(disk, tiny_config, tmp_path):
    write_sweep(tmp_path / "sweep", {"he": (0.8, 0.8)})
    (disk.folder / "runs").mkdir()
    refused = pytest.raises(RecordError, match=rf"cannot (write|lock) {disk.folder}")
    with disk.read_only():
        with refused:
            check_output_dir(disk.folder / "run")
        with refused:
            Store(disk.folder / "runs").check()
        with refused:
            aggregate([tmp_path / "sweep"], disk.folder / "report")


def test_C18_name_that_is_too_long_is_refused_before_training(tmp_path):
    with pytest.raises(RecordError, match=r"cannot write .*xxx: File name too long"):
        check_output_dir(tmp_path / ("x" * 300))


@pytest.mark.slow
def test_C18_directory_may_have_any_name(tmp_path, train_here):
    run_dir = tmp_path / "a b" / "größe\n重"
    ended = train_here("data=synthetic", "training=smoke", f'hydra.run.dir="{run_dir}"')
    assert ended.status == 0, ended.err
    assert records.read_record(run_dir).status == "completed"


def test_C19_store_and_run_may_lie_on_two_file_systems(disk, tiny_config, tmp_path):
    config, store = tiny_config("training.epochs=1"), Store(disk.folder / "runs")
    run(config, tmp_path / "a", store)
    again = run(config, tmp_path / "b", store)
    assert again.reused
    for name, sha256 in again.artifacts.items():
        assert files.sha256_of(tmp_path / "b" / name) == sha256
