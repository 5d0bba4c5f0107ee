"""The command that lists what is kept and removes from it."""

import pytest
from conftest import command
from study import write_run

from fmnist_exp.kept import describe
from fmnist_exp.sweep.store import Store


@pytest.fixture
def store(tmp_path):
    for number, name in enumerate(("aa1", "aa2", "b")):
        write_run(tmp_path / "runs" / name, f"seed={number}")
    return Store(tmp_path / "runs")


def kept(store, *arguments):
    return command("-m", "fmnist_exp.kept", "--store", store.root, *arguments)


def test_every_kept_run_is_listed_with_its_space(store):
    result = kept(store)
    assert result.returncode == 0, result.stderr
    assert all(f"seed {seed}" in result.stdout for seed in range(3))
    assert result.stdout.splitlines()[-1].startswith("3 runs, ")


def test_case_O14f_kept_runs_are_listed_with_the_class_that_was_trained(tmp_path):
    write_run(tmp_path / "runs" / "a", "optimizer.class_name=Lion")
    assert " glorot_uniform adam (Lion)  seed 0" in describe(Store(tmp_path / "runs"))


def test_run_is_removed_by_the_beginning_of_its_key(store):
    assert kept(store, "--remove", "b", "aa1", "b").returncode == 0  # named twice, removed once
    assert store.kept() == ["aa2"]


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


def test_store_that_does_not_exist_is_empty(tmp_path):
    assert kept(Store(tmp_path / "none")).stdout.startswith("0 runs, ")
