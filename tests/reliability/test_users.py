"""Two users of one group share a store: each command ends well or in a line, and no run is lost.

Both are played by this process under other numbers, which takes root; nothing of the system is
changed. Each has a group of its own besides the shared one, as on most systems.
"""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, command

from fmnist_exp import files
from fmnist_exp import store as store_command
from fmnist_exp.config.schema import ExecutionConfig
from fmnist_exp.errors import RecordError
from fmnist_exp.run import runner
from fmnist_exp.run.proofs import MODEL
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records
from fmnist_exp.rundir.presence import state_without_record, working_in

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
GROUP = 64_100
FIRST, SECOND = 64_101, 64_102
CHOICES = {"initializer": "he_normal"}
UMASKS = [(0o002, 0o002), (0o007, 0o007), (0o002, 0o077), (0o077, 0o002), (0o077, 0o077)]


@contextmanager
def user(number, umask):
    """Be another user: files are opened and made as by that user."""
    groups, before = os.getgroups(), os.umask(umask)
    os.setgroups([GROUP])
    os.setegid(number)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
        os.umask(before)


@pytest.fixture
def folder():
    """A folder of the group, and in it one of each user; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="users"))
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2775)
    for number in (FIRST, SECOND):
        home = folder / str(number)
        home.mkdir()
        os.chown(home, number, number)
        home.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def train(folder, tiny_config, tmp_path):
    """Trains as one of the users, into a run directory of that user."""
    config = tiny_config("training.epochs=2")
    # Once as root, so that no user has to import what only root may read.
    runner.run(config, tmp_path / "run", CHOICES)

    def train(number, umask, store):
        with user(number, umask):
            run_dir = folder / str(number) / f"run{len(list((folder / str(number)).iterdir()))}"
            how = ExecutionConfig(store=str(store.root), checkpoint_seconds=0)
            record = runner.run(config, run_dir, CHOICES, how)
            assert records.read_record(run_dir) == record
            for name, sha256 in record.artifacts.items():
                assert files.sha256_of(run_dir / name) == sha256
            return record

    return train


def content(store):
    """Every file of the kept runs, by its inode and what it holds."""
    paths = [path for key in store.kept() for path in store.folder(key).iterdir()]
    return {path: (path.stat().st_ino, files.sha256_of(path)) for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("umasks", UMASKS, ids="{0[0]:03o} {0[1]:03o}".format)
def test_case_17_two_users_share_a_store(umasks, links, folder, train, monkeypatch, caplog):
    if links == "no links":
        monkeypatch.setattr(os, "link", _not_permitted)
    store = Store(folder / "runs")
    first = train(FIRST, umasks[0], store)
    before = content(store)
    second = train(SECOND, umasks[1], store)
    assert second.metrics == first.metrics
    assert content(store) == before
    readable = umasks[0] != 0o077
    assert second.reused == readable
    assert ("is trained without being kept: cannot" in caplog.text) != readable
    assert "damaged" not in caplog.text
    assert train(FIRST, umasks[0], store).reused


def _not_permitted(*arguments, **options):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.slow
@pytest.mark.parametrize("umasks", UMASKS, ids="{0[0]:03o} {0[1]:03o}".format)
def test_case_17_second_user_keeps_runs_in_the_store_of_the_first(
    umasks, folder, train, tiny_config, caplog
):
    """Or is told at once, before the first run, that this cannot be."""
    store = Store(folder / "runs")
    with user(FIRST, umasks[0]):
        store.check()
    with user(SECOND, umasks[1]):
        if umasks[0] == 0o077:
            with pytest.raises(RecordError, match=r"cannot lock .*: Permission denied\. "):
                store.check()
            return
        store.check()
    kept = train(SECOND, umasks[1], store)
    assert store.kept() == [kept.run_key]
    again = train(FIRST, umasks[0], store)
    assert again.metrics == kept.metrics
    assert again.reused == (umasks[1] != 0o077)
    assert store.kept() == [kept.run_key]


def test_case_17_kept_files_belong_to_the_group_of_the_store(folder, train):
    store = Store(folder / "runs")
    key = train(FIRST, 0o007, store).run_key
    for path in (store.folder(key), *store.folder(key).iterdir()):
        assert path.stat().st_gid == GROUP
        assert path.stat().st_mode & 0o777 == (0o770 if path.is_dir() else 0o660)


def test_case_17_file_of_another_user_that_may_not_be_linked_is_copied(folder, train):
    """Linux lets nobody link a file that only others may write (fs.protected_hardlinks)."""
    store = Store(folder / "runs")
    record = train(FIRST, 0o022, store)
    kept = store.find(record.run_key)
    with user(SECOND, 0o022):
        handed = store.hand_out(kept, folder / str(SECOND), record)
    for name, sha256 in handed.artifacts.items():
        assert files.sha256_of(folder / str(SECOND) / name) == sha256


def test_case_17_damaged_run_that_may_not_be_deleted_stays(folder, train, caplog):
    store = Store(folder / "runs")
    with user(SECOND, 0o002):
        store.check()
    key = train(FIRST, 0o022, store).run_key
    path = store.folder(key) / MODEL
    path.unlink()
    path.write_bytes(b"damaged")
    before = content(store)
    assert not train(SECOND, 0o002, store).reused
    assert "is damaged" in caplog.text
    assert f"without being kept: cannot delete {store.folder(key)}" in caplog.text
    assert content(store) == before


def test_case_17_state_of_another_user_that_cannot_be_read_costs_no_run(folder, train, caplog):
    store = Store(folder / "runs")
    with user(FIRST, 0o002):
        store.check()
    key = train(FIRST, 0o002, store).run_key
    store.remove(store.folder(key))
    with user(FIRST, 0o077):
        store.checkpoint(key).parent.mkdir()
        store.checkpoint(key).write_text("a state")
    train(SECOND, 0o002, store)
    assert f"the saved state {store.checkpoint(key)} cannot be read: Permission" in caplog.text


def test_run_of_another_user_is_seen_as_running(folder):
    home = folder / str(FIRST)
    with working_in(home, wait=False), user(SECOND, 0o022):
        assert state_without_record(home) == "running"


def test_case_17_kept_run_of_another_user_is_listed_and_stays(folder, train):
    store = Store(folder / "runs")
    with user(FIRST, 0o002):
        store.check()
    key = train(FIRST, 0o077, store).run_key
    with user(SECOND, 0o002):
        assert f"cannot be used: cannot read {store.folder(key)}" in store_command.describe(store)
        with pytest.raises(RecordError, match=rf"cannot delete {store.folder(key)}: Permission"):
            store.remove(store.folder(key))
    assert store.find(key) is not None


def test_old_runs_are_removed_past_one_of_another_user(folder, train, monkeypatch, capsys):
    """The first cannot be deleted: it is named, and the others go."""
    store = Store(folder / "runs")
    with user(FIRST, 0o002):
        store.check()
    first = store.folder(train(FIRST, 0o077, store).run_key)
    with user(SECOND, 0o002):
        others = [store.folder(letter * 64) for letter in "ab"]
        for other in others:
            other.mkdir()
        monkeypatch.setattr("sys.argv", ["kept", "--store", str(store.root), "--older-than", "0"])
        with pytest.raises(SystemExit, match="2"):
            store_command.main()
    said = capsys.readouterr()
    assert said.err.startswith(f"RecordError: cannot delete {first}: Permission denied. ")
    assert said.err.count("\n") == 1
    assert [line for line in said.out.splitlines() if line.startswith("removed")] == [
        f"removed {other}" for other in others
    ]
    assert first.exists()
    assert not any(other.exists() for other in others)


ENDED_WELL = ("warm", "002", "002", "077")
COMMANDS = """
import logging, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
sys.path.insert(0, str(Path(sys.path[0]).parent))
import test_users
from fmnist_exp import train
folder, root = Path(sys.argv[1]), sys.argv[2]
settings = ["data=synthetic", "training=smoke", "training.epochs=1", "engine=xla", "seed=1,2"]
def give(number, umask, name, *more):
    os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = str(folder / str(number))
    out = folder / str(number) / name if number else Path(root) / name
    sys.argv[1:] = ["--multirun", *settings, f"hydra.sweep.dir={out}", *more]
    print(f"== {name}", file=sys.stderr, flush=True)
    try:
        train.main()
        code = 0
    except SystemExit as end:
        code = end.code
    print(f"-- {code}", file=sys.stderr, flush=True)
give(0, 0, "warm", "reuse=false")
for umask in (0o002, 0o077):
    for number in (test_users.FIRST, test_users.SECOND):
        with test_users.user(number, umask):
            give(number, umask, f"{umask:03o}", f"store={folder}/store{umask:03o}")
"""


@pytest.mark.slow
def test_case_17_commands_of_two_users_end_well_or_with_one_line(folder, tmp_path):
    """The whole command line, by each user in turn in one process: acceptance 4."""
    result = command("-c", COMMANDS, ROOT / "tests" / "reliability", folder, tmp_path)
    assert result.returncode == 0, result.stderr
    *ended, refused = result.stderr.split("== ")[1:]
    assert [said.splitlines() for said in ended] == [[name, "-- 0"] for name in ENDED_WELL]
    name, said, code = refused.splitlines()
    assert (name, code) == ("077", "-- 2")
    assert said.startswith(f"RecordError: cannot lock {folder}/store077/locks: Permission denied.")
    for number in ("0", "1"):
        pair = [
            records.read_record(folder / str(user) / "002" / number) for user in (FIRST, SECOND)
        ]
        assert [record.reused for record in pair] == [False, True]
        assert pair[0].metrics == pair[1].metrics
    assert not (folder / str(SECOND) / "077").exists()
