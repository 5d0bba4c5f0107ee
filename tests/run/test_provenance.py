"""A run's key follows everything that can change its result, and nothing else."""

import json
import subprocess

import pytest
from conftest import ROOT, config_of

from fmnist_exp.config import PACKAGE_DIR
from fmnist_exp.run import provenance
from fmnist_exp.run.provenance import hash_of, key_parts, keyed_files, run_key

CHANGES = (
    "seed=1",
    "initializer=he",
    "optimizer.config.learning_rate=0.01",
    "training.epochs=3",
    "model.hidden=[64]",
    "data.split_seed=1",
    "data.num_train=500",
    "augmentation=mirror",
    "training.label_smoothing=0.1",
    "training.schedule={class_name:CosineDecay}",
)


@pytest.mark.parametrize("change", CHANGES)
def test_run_key_follows_every_part_of_the_config(change):
    assert run_key(config_of(change), "data") != run_key(config_of(), "data")


def test_both_spellings_of_an_augmentation_have_one_key():
    named, written = config_of("augmentation=mirror"), config_of("augmentation.mirror=true")
    assert run_key(named, "data") == run_key(written, "data")


def test_run_key_follows_the_data_and_the_code(monkeypatch):
    key = run_key(config_of(), "data")
    assert run_key(config_of(), "other data") != key
    code = provenance.CODE_AT_START
    for room in ("data", "engine", "seeding"):
        monkeypatch.setattr(provenance, "CODE_AT_START", code | {room: "other"})
        assert run_key(config_of(), "data") != key


@pytest.mark.parametrize("package", provenance.PACKAGES)
def test_run_key_follows_the_versions(monkeypatch, package):
    key = run_key(config_of(), "data")
    real = provenance._version
    monkeypatch.setattr(provenance, "_version", lambda name: real(name) if name != package else "0")
    assert run_key(config_of(), "data") != key


def test_case_GPU_run_key_follows_the_card_that_trains(monkeypatch):
    keys = set()
    for name in ("CPU", "GPU:NVIDIA A100", "GPU:NVIDIA H100"):
        monkeypatch.setattr(provenance, "device", lambda engine, name=name: name)
        keys.add(run_key(config_of("engine=gpu"), "data"))
    assert len(keys) == 3


@pytest.mark.parametrize("name", ["XLA_FLAGS", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS"])
def test_run_key_and_record_follow_the_flags_that_change_rounding(monkeypatch, name):
    key = run_key(config_of(), "data")
    monkeypatch.setenv(name, "--xla_cpu_enable_fast_math=true")
    assert run_key(config_of(), "data") != key
    described = provenance.describe_machine.__wrapped__()  # as another process would
    assert described["environment"][name] == "--xla_cpu_enable_fast_math=true"


def test_run_key_is_blind_to_where_the_data_lie():
    assert run_key(config_of("data.dir=/somewhere"), "data") == run_key(config_of(), "data")


def test_run_key_is_the_same_for_both_spellings_of_an_initializer():
    short, long = (run_key(config_of(f"initializer={i}"), "d") for i in ("he", "he_normal"))
    assert short == long


def test_run_key_is_blind_to_the_names_of_options():
    names = [f"{group}.name=mine" for group in ("model", "initializer", "optimizer", "training")]
    stop = "{class_name:EarlyStopping,config:{monitor:val_loss}}"
    keys = {
        run_key(config_of(*own, f"+training.callbacks.{callback}={stop}"), "data")
        for own in ((), names)
        for callback in ("stop", "mine")
    }
    assert len(keys) == 1


def test_code_hashes_cover_whole_rooms():
    names = {
        room: {path.relative_to(PACKAGE_DIR).as_posix() for path in keyed_files(room)}
        for room in provenance.KEYED_ROOMS
    }
    assert names["engine"] >= {"engine/native/epoch.c", "engine/trainer.py", "engine/evaluation.py"}
    assert names["data"] >= {"data/loading.py", "data/idx.py"}
    assert names["seeding"] == {"seeding.py"}
    assert all(
        name.startswith(("engine/", "data/", "seeding")) for each in names.values() for name in each
    )


PINNED = {
    "config": {
        "data": {"name": "synthetic", "num_train": 500},
        "initializer": {"class_name": "HeNormal", "config": {}},
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}},
        "seed": 0,
    },
    "data": "d",
    "device": "CPU",
    "code of data": "a",
    "code of engine": "b",
    "code of seeding": "c",
    "version of keras": "3.10.0",
    "environment TF_ENABLE_ONEDNN_OPTS": "1",
}


def test_key_of_given_parts_is_pinned():
    """Whoever changes how parts become a key makes every kept run useless."""
    expected = "1d319982e4fd670307bd02cd6fd5ef9fde3013f2d0009828e49b61c272ab403f"
    assert hash_of(PINNED) == hash_of(dict(reversed(PINNED.items()))) == expected


def test_parts_of_a_key_are_named_and_whole(monkeypatch):
    for name in provenance.CHANGE_RESULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XLA_FLAGS", "--fast")
    monkeypatch.setattr(provenance, "CODE_AT_START", {"data": "a", "engine": "b"})
    monkeypatch.setattr(provenance, "_version", lambda name: f"1 of {name}")
    parts = key_parts(config_of("engine=c", "data.dir=/somewhere", "seed=3"), "d")
    config = parts.pop("config")
    assert parts == {
        "data": "d",
        "device": "CPU",
        "code of data": "a",
        "code of engine": "b",
        **{f"version of {name}": f"1 of {name}" for name in provenance.PACKAGES},
        "environment TF_ENABLE_ONEDNN_OPTS": "1",
        "environment XLA_FLAGS": "--fast",
    }
    assert config["seed"] == 3
    assert "dir" not in config["data"]
    assert config["initializer"] == {"class_name": "GlorotUniform", "config": {}}
    assert json.loads(json.dumps(config)) == config


def test_machine_is_described_by_commit_versions_and_threads():
    described = provenance.describe_machine()
    assert described["threads"] >= 1
    assert described["tensorflow"].count(".") == 2
    if (ROOT / ".git").exists():
        assert len(described["git_commit"]) == 40


def git(folder, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository that holds a package and its configs, in place of our own."""
    package = tmp_path / "fmnist_exp"
    (package / "run").mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    for path in (
        package / "run" / "provenance.py",
        tmp_path / "conf" / "config.yaml",
        tmp_path / "README",
    ):
        path.write_text("text")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "all")
    monkeypatch.setattr(provenance, "PACKAGE_DIR", package)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "dirty"),
    [
        (None, False),
        ("fmnist_exp/run/provenance.py", True),
        ("conf/config.yaml", True),
        ("README", False),
        ("conf/mine.yaml", False),
        ("notes/a.txt", False),
    ],
)
def test_case_O18_tracked_code_and_configs_alone_count_as_changes(changed, dirty, checkout):
    if changed is not None:
        (checkout / changed).parent.mkdir(exist_ok=True)
        (checkout / changed).write_text("changed")
    found = provenance._commit()
    assert len(found["git_commit"]) == 40
    assert found["git_dirty"] is dirty


def test_package_inside_the_repository_of_others_records_none_of_their_commits(
    checkout, monkeypatch
):
    installed = checkout / ".venv" / "site-packages" / "fmnist_exp"
    (installed / "run").mkdir(parents=True)
    (installed / "run" / "provenance.py").write_text("text")
    monkeypatch.setattr(provenance, "PACKAGE_DIR", installed)
    assert provenance._commit() == {"git_commit": None, "git_dirty": None}
