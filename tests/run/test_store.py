"""A finished run is kept by content, handed out, and never trained twice."""

import errno
import fcntl
import json
import logging
import os
import re
import threading
from pathlib import Path

import pytest
from study import RECORD

from fmnist_exp import files
from fmnist_exp.config.schema import ExecutionConfig
from fmnist_exp.errors import RecordError
from fmnist_exp.run import measuring, proofs, runner
from fmnist_exp.run.proofs import MODEL
from fmnist_exp.run.store import UNFINISHED, Store
from fmnist_exp.rundir import records
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.train import describe

CHOICES = {"initializer": "glorot_uniform"}


@pytest.fixture
def config(tiny_config):
    return tiny_config("training.epochs=1")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def train(config, run_dir, store, choices=CHOICES):
    how = runner.ALONE if store is None else ExecutionConfig(store=str(store.root))
    return runner.run(config, run_dir, choices, how)


def test_second_run_of_the_same_config_is_handed_out(config, store, tmp_path):
    first, again = (train(config, tmp_path / name, store) for name in ("a", "b"))
    assert (first.reused, again.reused) == (False, True)
    assert again.metrics == first.metrics
    assert again.timing_seconds == first.timing_seconds  # those of the training
    for name, sha256 in again.artifacts.items():
        assert files.sha256_of(tmp_path / "b" / name) == sha256
    assert records.read_record(tmp_path / "b") == again


def test_another_spelling_is_the_same_run_with_a_model_of_the_same_name(config, store, tmp_path):
    train(config, tmp_path / "a", store)
    again = train(config, tmp_path / "b", store, {"initializer": "glorot"})
    assert again.reused
    assert (tmp_path / "a" / "glorot_model.keras").exists()
    assert (tmp_path / "b" / "glorot_model.keras").exists()
    assert "glorot_model.keras" in again.artifacts
    assert MODEL not in again.artifacts


def test_case_O14f_what_is_saved_and_shown_bears_the_name_of_what_was_trained(
    tiny_config, store, tmp_path
):
    changes = ("initializer.name=random_normal", "initializer.class_name=RandomNormal")
    record = train(
        tiny_config("training.epochs=1", *changes), tmp_path / "a", store
    )  # composed of initializer=glorot_uniform
    assert [path.name for path in (tmp_path / "a").glob("*.keras")] == ["random_normal_model.keras"]
    assert "random_normal_model.keras" in record.artifacts
    assert describe(record, tmp_path).startswith(
        "completed: baseline, random_normal, adam, seed 0\n"
    )


def test_run_that_differs_in_names_alone_is_handed_out_under_those_asked_for(
    tiny_config, config, store, tmp_path
):
    train(config, tmp_path / "a", store)
    groups = ("model", "initializer", "optimizer", "training")
    named = tiny_config("training.epochs=1", *(f"{group}.name=mine" for group in groups))
    again = train(named, tmp_path / "b", store)
    assert again.reused
    assert again.config == named.plain() | {"engine": again.config["engine"]}
    assert records.read_record(tmp_path / "b") == again
    (model,) = (tmp_path / "b").glob("*.keras")
    assert model.name == "mine_model.keras"
    assert files.sha256_of(model) == again.artifacts[model.name]


def test_note_and_tags_are_recorded_as_asked_for_and_make_no_other_run(config, store, tmp_path):
    first = ExecutionConfig(store=str(store.root), note="first try", tags=("a",))
    assert runner.run(config, tmp_path / "a", {}, first).note == "first try"
    second = ExecutionConfig(store=str(store.root), tags=("b", "c"))
    again = runner.run(config, tmp_path / "b", {}, second)
    assert (again.reused, again.note, again.tags) == (True, None, ["b", "c"])
    assert records.read_record(tmp_path / "b") == again


def test_another_seed_is_another_run(config, store, tmp_path):
    train(config, tmp_path / "a", store)
    other = config.replaced(seed=config.seed + 1)
    assert not train(other, tmp_path / "b", store).reused
    assert len(store.kept()) == 2


def test_without_a_store_every_run_is_trained(config, tmp_path):
    for name in ("a", "b"):
        assert not train(config, tmp_path / name, None).reused


@pytest.mark.parametrize("damage", ["predictions.npz", "run.json", MODEL, "missing"])
def test_A10_damaged_run_is_reported_and_trained_again(config, store, tmp_path, damage, caplog):
    first = train(config, tmp_path / "a", store)
    folder = store.folder(first.run_key)
    if damage == "missing":
        (folder / "history.csv").unlink()
    else:
        path = folder / damage
        content = bytearray(path.read_bytes())
        path.unlink()  # the run directory shares the file
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        again = train(config, tmp_path / "b", store)
    assert not again.reused
    assert "is damaged and is trained again" in caplog.text
    assert train(config, tmp_path / "c", store).reused


def test_failed_run_is_not_kept(config, store, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "leave_results", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(config, tmp_path / "a", store)
    assert store.kept() == []
    assert records.read_record(tmp_path / "a").status == "failed"
    assert store.stopped() == []


def test_A05_what_a_killed_process_left_behind_is_cleared(config, store, tmp_path):
    key = train(config, tmp_path / "a", store).run_key
    store.remove(store.folder(key))
    left = store.root / UNFINISHED / key
    (left / "whole").mkdir(parents=True)
    (left / "whole" / "history.csv").write_text("half")
    train(config, tmp_path / "b", store)
    assert not left.exists()


def test_A09_two_claims_of_one_run_come_one_after_the_other(store):
    order = []

    def second():
        with store.claim("key"):
            order.append("second")

    with store.claim("key"):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_unwritable_store_is_refused_beforehand_and_costs_no_run(config, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "runs")
    reason = "Not a directory. .* nothing in the way, or .* store=DIR, or .* reuse=false"
    with pytest.raises(RecordError, match=rf"cannot lock {store.root}/locks: {reason}"):
        store.check()
    record = train(config, tmp_path / "a", store)
    assert records.read_record(tmp_path / "a") == record
    assert f"is trained without being kept: cannot lock {store.root}" in caplog.text


def test_case_17_what_cannot_be_read_is_named_and_never_deleted(config, store, tmp_path, caplog):
    first = train(config, tmp_path / "a", store)

    def broken(path):
        raise OSError(errno.EIO, "Input/output error", path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proofs, "sha256", broken)
        again = train(config, tmp_path / "b", store)
    assert again.metrics == first.metrics
    named = f"without being kept: cannot read {store.folder(first.run_key)}: Input/output error"
    assert named in caplog.text
    assert train(config, tmp_path / "c", store).reused


def test_case_17_intact_run_of_another_form_is_named_and_never_deleted(
    config, store, tmp_path, caplog
):
    folder = store.folder(train(config, tmp_path / "a", store).run_key)
    values = json.loads((folder / records.RECORD).read_text()) | {"schema_version": 99}
    files.write_text(folder / records.RECORD, json.dumps(values))
    proofs.seal(folder)
    assert not train(config, tmp_path / "b", store).reused
    problem = f"cannot read {folder}/run.json: schema_version must be 1, received 99"
    assert f"this run is trained without being kept: {problem}" in caplog.text
    assert f"move {folder} out of the way" in caplog.text
    assert json.loads((folder / records.RECORD).read_text()) == values


def test_case_17_run_that_cannot_be_kept_is_complete(config, store, tmp_path, monkeypatch, caplog):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    store.check()
    monkeypatch.setattr(Path, "rename", full)
    record = train(config, tmp_path / "a", store)
    assert records.read_record(tmp_path / "a") == record
    assert f"complete but not kept: cannot write {store.root}" in caplog.text
    assert (store.kept(), store.stopped()) == ([], [])


def test_case_17_store_without_hard_links_holds_copies(config, store, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    train(config, tmp_path / "a", store)
    again = train(config, tmp_path / "b", store)
    assert again.reused
    for name, sha256 in again.artifacts.items():
        assert files.sha256_of(tmp_path / "b" / name) == sha256
        assert (tmp_path / "b" / name).stat().st_nlink == 1


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_case_17_file_system_without_locks_is_refused(number, config, store, tmp_path, monkeypatch):
    """A lock file that the system does not hold would stay for ever when its host dies."""

    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    refused = pytest.raises(RecordError, match=f"cannot lock .*: {os.strerror(number)}")
    with refused:
        store.check()
    with refused, store.claim("key"):
        pass
    with refused, working_in(tmp_path / "run", wait=True):
        pass
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in left] == [b""] * len(left)  # no mark of an owner


def test_removed_run_stays_in_its_run_directories(config, store, tmp_path):
    record = train(config, tmp_path / "a", store)
    store.remove(store.folder(record.run_key))
    assert store.kept() == []
    for name, sha256 in record.artifacts.items():
        assert files.sha256_of(tmp_path / "a" / name) == sha256


def test_record_that_the_store_cannot_take_is_no_matter_of_run_directories(
    store, tmp_path, monkeypatch, caplog
):
    """What is wrong is the store, so the repair is another store."""
    full = OSError(errno.ENOSPC, "No space left on device")

    def no_space(folder, record):
        raise files.cannot("write", folder, full) from full

    monkeypatch.setattr(proofs, "FILES", ())
    monkeypatch.setattr(records, "write_record", no_space)
    store.keep(RECORD, tmp_path)
    (told,) = caplog.messages
    assert re.search(r"not kept: .* No space left on device.*store=DIR", told)
    assert "hydra.run.dir" not in told
