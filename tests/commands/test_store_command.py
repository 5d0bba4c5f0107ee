"""The command that lists what is kept and removes from it."""

import pytest
from conftest import command
from study import write_run

from fmnist_exp.run.store import SHORT, Store
from fmnist_exp.store import UNFINISHED, describe

KEYS = [name.ljust(64, "0") for name in ("aa1", "aa2", "b")]


@pytest.fixture
def store(tmp_path):
    for number, name in enumerate(KEYS):
        write_run(tmp_path / "runs" / name, f"seed={number}")
    return Store(tmp_path / "runs")


def kept(store, *arguments):
    return command("-m", "fmnist_exp.store", "--store", store.root, *arguments)


def test_every_kept_run_is_listed_with_its_space(store):
    result = kept(store)
    assert result.returncode == 0, result.stderr
    assert all(f"seed {seed}" in result.stdout for seed in range(3))
    assert result.stdout.splitlines()[-1].startswith("3 runs, ")


def test_case_O14f_kept_runs_are_listed_with_the_class_that_was_trained(tmp_path):
    write_run(tmp_path / "runs" / ("a" * 64), "optimizer.name=mine", "optimizer.class_name=Lion")
    assert " glorot_uniform mine (Lion)  seed 0" in describe(Store(tmp_path / "runs"))


def test_run_is_removed_by_the_beginning_of_its_key(store):
    assert kept(store, "--remove", "b", "aa1", "b").returncode == 0  # named twice, removed once
    assert store.kept() == KEYS[1:2]


def test_ambiguous_or_unknown_key_removes_nothing(store):
    for start in ("aa", "c"):
        result = kept(store, "--remove", "b", start)
        assert result.returncode == 2
        assert f"received '{start}'" in result.stderr
    assert len(store.kept()) == 3


def test_old_runs_are_removed_together(store):
    assert kept(store, "--older-than", "1").returncode == 0
    assert len(store.kept()) == 3
    assert kept(store, "--older-than", "0").returncode == 0
    assert store.kept() == []


def leave_behind(store, key):
    """What a stopped process has left: a folder with a state."""
    store.checkpoint(key).parent.mkdir(parents=True)
    store.checkpoint(key).write_bytes(bytes(500_000))
    return store.unfinished(key)


def test_state_of_a_stopped_run_is_listed_and_removed(store):
    left = leave_behind(store, "c" * 64)
    lines = kept(store).stdout.splitlines()
    (line,) = [line for line in lines if line.endswith(UNFINISHED)]
    assert line.split()[:3] == ["c" * 12, "0.0", "0.5"]
    assert lines[-1].startswith("3 runs, 1 unfinished, 0.5 MB in ")
    assert kept(store, "--remove", "cc").returncode == 0
    assert not left.exists()
    assert store.kept() == KEYS


def test_what_a_process_trains_is_not_removed(store):
    left = leave_behind(store, "c" * 64)
    with store.claim("c" * 64):
        result = kept(store, "--older-than", "0")
        assert result.returncode == 2
        assert result.stderr.startswith("RecordError: another process trains run cccccccccccc or ")
        assert result.stderr.count("\n") == 1
        assert left.exists()
    assert store.kept() == []
    assert kept(store, "--older-than", "0").returncode == 0
    assert not left.exists()


def test_run_in_use_is_refused_in_one_line_instead_of_waited_for(store):
    with store.claim(KEYS[2]):
        result = kept(store, "--remove", "b", "aa1")
    assert result.returncode == 2
    assert result.stderr.startswith(
        f"RecordError: another process trains run {KEYS[2][:SHORT]} or "
    )
    assert result.stderr.count("\n") == 1
    assert store.kept() == [KEYS[1], KEYS[2]]  # the other was removed


def test_folder_of_something_else_is_never_removed(store):
    (store.root / "thesis").mkdir()
    assert kept(store, "--older-than", "0").returncode == 0
    assert (store.root / "thesis").exists()


def test_store_that_does_not_exist_is_empty(tmp_path):
    assert kept(Store(tmp_path / "none")).stdout.startswith("0 runs, ")
