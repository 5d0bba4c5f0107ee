"""The command that lists what is kept and removes from it."""

import sys

import pytest
from conftest import Ended, command, config_of
from study import write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.run.provenance import key_parts
from fmnist_exp.run.store import SHORT, Store
from fmnist_exp.rundir.records import read_record, write_record
from fmnist_exp.store import UNFINISHED, describe, main, why

KEYS = [name.ljust(64, "0") for name in ("aa1", "aa2", "b")]


@pytest.fixture
def store(tmp_path):
    for number, name in enumerate(KEYS):
        write_run(tmp_path / "runs" / name, f"seed={number}")
    return Store(tmp_path / "runs")


def in_another_process(store, *arguments):
    return command("-m", "fmnist_exp.store", "--store", store.root, *arguments)


@pytest.fixture
def kept(monkeypatch, capsys):
    """Gives the command in this process."""

    def kept(store, *arguments):
        words = ["store", "--store", store.root, *arguments]
        monkeypatch.setattr(sys, "argv", [*map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code
        return Ended(status, *capsys.readouterr())

    return kept


def test_every_kept_run_is_listed_with_its_space(store, kept):
    result = kept(store)
    assert result.status == 0, result.err
    assert all(f"seed {seed}" in result.out for seed in range(3))
    assert result.out.splitlines()[-1].startswith("3 runs, ")


def test_case_O14f_kept_runs_are_listed_with_the_class_that_was_trained(tmp_path):
    write_run(tmp_path / "runs" / ("a" * 64), "optimizer.name=mine", "optimizer.class_name=Lion")
    assert " glorot_uniform mine (Lion)  seed 0" in describe(Store(tmp_path / "runs"))


def test_column_that_remove_needs_is_called_key(store):
    heading, first, *_ = describe(store).splitlines()
    assert heading.split()[0] == "key"
    assert first.startswith(KEYS[0][:SHORT])


def run_with_key(run_dir, *overrides):
    write_run(run_dir)
    parts = key_parts(config_of(*overrides), "d")
    write_record(run_dir, read_record(run_dir).replaced(key_parts=parts))
    return run_dir


RATE = "optimizer.config.learning_rate=0.002"
PATIENCE = "training.callbacks.early_stopping.config.patience"
DIFFERENCES = {
    ("", RATE): "config.optimizer.config.learning_rate: 0.001 -> 0.002",
    ("", "model.hidden=[9]"): "config.model.hidden.0: 256 -> 9\nconfig.model.hidden.1: 128 -> -",
    ("training=regularized", f"training=regularized {PATIENCE}=3"): (
        "config.training.callbacks.1.config.patience: 5 -> 3"
    ),
    ("", "++training.callbacks.a={class_name:TerminateOnNaN}"): (
        "config.training.callbacks.0.class_name: - -> TerminateOnNaN"
    ),
}


@pytest.mark.parametrize("pair", DIFFERENCES)
def test_each_part_of_the_key_that_differs_has_a_line(tmp_path, pair):
    one, other = (
        run_with_key(tmp_path / name, *overrides.split())
        for name, overrides in zip("ab", pair, strict=True)
    )
    assert why(one, other) == DIFFERENCES[pair]


def test_runs_that_differ_in_names_have_the_same_key(tmp_path):
    one, other = run_with_key(tmp_path / "a"), run_with_key(tmp_path / "b", "initializer.name=i")
    assert why(one, other).startswith("both runs have the key ")


def test_keys_are_compared_by_a_command(tmp_path):
    one, other = run_with_key(tmp_path / "a"), run_with_key(tmp_path / "b", "seed=3", RATE)
    result = command("-m", "fmnist_exp.store", "--why", one, other)
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 2), result.stderr
    assert "config.seed: 0 -> 3\n" in result.stdout


def test_run_without_parts_or_record_is_refused_in_one_line(tmp_path):
    one = run_with_key(tmp_path / "a")
    write_run(tmp_path / "former")
    with pytest.raises(RecordError, match=r"/former is of former code, .*: never reused"):
        why(one, tmp_path / "former")
    result = command("-m", "fmnist_exp.store", "--why", one, tmp_path / "none")
    assert result.returncode == 2
    rule = f"RecordError: {tmp_path}/none must be the directory of a finished run, and holds"
    assert result.stderr.startswith(rule)
    assert result.stderr.count("\n") == 1


def test_run_is_removed_by_the_beginning_of_its_key(store, kept):
    assert kept(store, "--remove", "b", "aa1", "b").status == 0  # named twice, removed once
    assert store.kept() == KEYS[1:2]


def test_ambiguous_or_unknown_key_removes_nothing(store, kept):
    for start in ("aa", "c"):
        result = kept(store, "--remove", "b", start)
        assert result.status == 2
        assert f"received '{start}'" in result.err
    assert len(store.kept()) == 3


@pytest.mark.parametrize("days", ["-1", "nan", "-inf"])
def test_days_that_are_none_remove_nothing(days, store, kept):
    result = kept(store, f"--older-than={days}")
    assert result.status == 2
    assert f"--older-than must be a number of days from 0 on, received {days}. " in result.err
    assert len(store.kept()) == 3


def test_old_runs_are_removed_together(store, kept):
    assert kept(store, "--older-than", "1").status == 0
    assert len(store.kept()) == 3
    assert kept(store, "--older-than", "0").status == 0
    assert store.kept() == []


def leave_behind(store, key):
    """What a stopped process has left: a folder with a state."""
    store.checkpoint(key).parent.mkdir(parents=True)
    store.checkpoint(key).write_bytes(bytes(500_000))
    return store.unfinished(key)


def test_state_of_a_stopped_run_is_listed_and_removed(store, kept):
    left = leave_behind(store, "c" * 64)
    lines = kept(store).out.splitlines()
    (line,) = [line for line in lines if line.endswith(UNFINISHED)]
    assert line.split()[:3] == ["c" * 12, "0.0", "0.5"]
    assert lines[-1].startswith("3 runs, 1 unfinished, 0.5 MB in ")
    assert kept(store, "--remove", "cc").status == 0
    assert not left.exists()
    assert store.kept() == KEYS


def test_what_a_process_trains_is_not_removed(store):
    left = leave_behind(store, "c" * 64)
    with store.claim("c" * 64):
        result = in_another_process(store, "--older-than", "0")
        assert result.returncode == 2
        assert result.stderr.startswith("RecordError: another process trains run cccccccccccc or ")
        assert result.stderr.count("\n") == 1
        assert left.exists()
    assert store.kept() == []
    assert in_another_process(store, "--older-than", "0").returncode == 0
    assert not left.exists()


def test_run_in_use_is_refused_in_one_line_instead_of_waited_for(store):
    with store.claim(KEYS[2]):
        result = in_another_process(store, "--remove", "b", "aa1")
    assert result.returncode == 2
    assert result.stderr.startswith(
        f"RecordError: another process trains run {KEYS[2][:SHORT]} or "
    )
    assert result.stderr.count("\n") == 1
    assert store.kept() == [KEYS[1], KEYS[2]]  # the other was removed


def test_folder_of_something_else_is_never_removed(store, kept):
    (store.root / "thesis").mkdir()
    assert kept(store, "--older-than", "0").status == 0
    assert (store.root / "thesis").exists()


def test_store_that_does_not_exist_is_empty(tmp_path, kept):
    assert kept(Store(tmp_path / "none")).out.startswith("0 runs, ")
