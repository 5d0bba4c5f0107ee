"""Config values are data: they run no code, leave no directory and leak no secret."""

import math
import os
import re

import pytest
from conftest import ROOT, config_of
from planning import plan_command_line
from study import RECORD

from fmnist_exp import files
from fmnist_exp import store as store_command
from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.run.proofs import FILES, MODEL, seal
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import model_name

HOSTILE = {
    "+model._target_=os.system": "model._target_ is not a key",
    "+initializer.config._target_=os.system": "_target_ is not an argument",
    "initializer.class_name=builtins.open": "must name one of Keras's initializers",
    "optimizer.class_name=keras.saving.load_model": "must name one of Keras's optimizers",
    "+training.callbacks.evil={_target_:os.system,class_name:EarlyStopping,config:{}}": (
        "_target_ is not a key"
    ),
    "+training.callbacks.evil={class_name:LambdaCallback,config:{}}": "must name one of Keras's",
    "+training.callbacks.evil={class_name:CSVLogger,config:{filename:/x}}": "must name one of",
    "model.name=${oc.env:HOME}": "comes neither from the environment",
    "+optimizer.config.clipnorm=${oc.env:SECRET,1}": "comes neither from the environment",
}


@pytest.mark.parametrize("override", HOSTILE)
def test_hostile_value_is_refused(override):
    with pytest.raises(ConfigError, match=HOSTILE[override].replace("'", ".")):
        config_of(override)


@pytest.mark.parametrize("option", ["../../evil", "/etc/evil", "sub/evil", ".evil", "a\\b"])
def test_model_name_is_never_a_path(option):
    name = model_name({"initializer": {"name": option}})
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")


@pytest.mark.parametrize(
    "override", ["hydra.sweep.subdir=../../evil", "hydra.run.dir=a,b", "store=a,b"]
)
def test_runs_stay_in_their_sweep_and_are_carried_out_alike(override, tmp_path):
    sweep = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    with pytest.raises(ConfigError, match=re.escape(override.partition("=")[0])):
        plan_command_line(["--multirun", "data=synthetic", override, sweep])
    assert list(tmp_path.iterdir()) == []


# lines of an experiment in a folder of someone else's -> the key that the message must name
FOREIGN = {
    "hydra: {sweep: {subdir: ../x}}": "hydra.sweep.subdir must name a folder within that of",
    "hydra: {sweeper: {params: {hydra.sweep.subdir: ../x}}}": "must be a key of its runs, rec",
    "hydra: {sweeper: {params: {store: /evil}}}": "must be a key of its runs, received 'store=",
    "model: {_target_: os.system}": "model._target_ is not a key",
    "optimizer: {config: {_target_: os.system}}": "_target_ is not an argument",
}


def plan_foreign(folder, *overrides):
    """The plan of a sweep with groups from a folder."""
    into = f"hydra.sweep.dir={folder / 'sweep'}"
    settings = ("--config-dir", str(folder), "--multirun", "data=synthetic")
    return plan_command_line([*settings, *overrides, into])


@pytest.mark.slow
@pytest.mark.parametrize("lines", FOREIGN)
def test_foreign_config_folder_runs_and_redirects_nothing(lines, tmp_path):
    (tmp_path / "experiment").mkdir()
    text = f"# @package _global_\n{lines}\n"
    (tmp_path / "experiment" / "evil.yaml").write_text(text)
    with pytest.raises(ConfigError, match=FOREIGN[lines]):
        plan_foreign(tmp_path, "experiment=evil", "seed=1,2")


def test_factors_of_a_foreign_experiment_are_taken(tmp_path):
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\nhydra: {sweeper: {params: {seed: 'range(3)'}}}\n"
    (tmp_path / "experiment" / "good.yaml").write_text(text)
    assert len(plan_foreign(tmp_path, "experiment=good").configs) == 3


@pytest.mark.parametrize("link", ["", "0", "0/.hydra"])
def test_sweep_may_lie_behind_links_as_on_a_scratch_disk(link, tmp_path):
    (tmp_path / "scratch").mkdir()
    path = tmp_path / "sweep" / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(tmp_path / "scratch")
    into = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    assert plan_command_line(["--multirun", "data=synthetic", "seed=1,2", into]) is not None


def kept_run(store):
    """A run in a store, as complete as a record and files of any content can make it."""
    folder = store.folder("key")
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text(name)
    hashes = {name: files.sha256_of(folder / name) for name in FILES}
    record = RECORD.replaced(run_key="key", artifacts=hashes)
    records.write_record(folder, record)
    seal(folder)
    return folder, record


def test_kept_run_of_this_form_is_found(tmp_path):
    store = Store(tmp_path / "runs")
    _, record = kept_run(store)
    assert store.find("key") == record


def test_kept_run_cannot_name_a_file_elsewhere(tmp_path):
    store = Store(tmp_path / "runs")
    folder, record = kept_run(store)
    (tmp_path / "secret").write_text("x")
    artifacts = record.artifacts | {"../../secret": files.sha256_of(tmp_path / "secret")}
    records.write_record(folder, record.replaced(artifacts=artifacts))
    seal(folder)
    assert store.find("key") == record


@pytest.mark.parametrize("linked", ["folder", "file"])
def test_link_in_the_store_is_removed_and_never_what_it_leads_to(linked, tmp_path):
    store = Store(tmp_path / "runs")
    folder, _ = kept_run(store)
    path = folder if linked == "folder" else folder / MODEL
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert store.find("key") is None
    assert not os.path.lexists(path)
    assert (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("linked", ["", "locks", "unfinished"])
def test_store_may_lie_behind_links_as_on_a_scratch_disk(linked, tmp_path):
    store = Store(tmp_path / "runs")
    (tmp_path / "scratch").mkdir()
    (store.root / linked).parent.mkdir(exist_ok=True)
    (store.root / linked).symlink_to(tmp_path / "scratch")
    (tmp_path / "run").mkdir()
    config = config_of().plain()
    key, (name, *others) = "a" * 64, (model_name(config), *records.RESULTS)
    for each in (name, *others):
        (tmp_path / "run" / each).write_text(each)
    hashes = {each: files.sha256_of(tmp_path / "run" / each) for each in (name, *others)}
    record = RECORD.replaced(run_key=key, config=config, artifacts=hashes)
    store.check()
    with store.claim(key):
        store.keep(record, tmp_path / "run")
        store.clear(key)
    assert store.kept() == [key]
    assert store.find(key).metrics == record.metrics
    assert store.stopped() == []
    assert (store.root / linked).is_symlink()


@pytest.mark.parametrize("start", ["../elsewhere", "/", "..", "locks", ""])
def test_kept_removes_runs_of_the_store_alone(start, tmp_path):
    store = Store(tmp_path / "runs")
    for name in ("locks", "unfinished", "../elsewhere"):
        (store.root / name).mkdir(parents=True)
    with pytest.raises(RecordError, match="--remove must name one run"):
        store_command.chosen(store, [start], math.inf)
    assert (tmp_path / "elsewhere").exists()


def test_code_that_could_run_data_is_not_called_anywhere():
    """No pickle, unsafe YAML or shell, no model file but in safe mode: each would be a door."""
    doors = re.compile(
        r"\bpickle\.|allow_pickle=True|yaml\.(?:load|full_load|unsafe_load)\(|"
        r"load_model\((?![^)]*safe_mode=True)|shell=True|\beval\(|\bexec\(|instantiate\(|mktemp\(|enable_unsafe|register_new_resolver"
    )
    folders = (ROOT / "fmnist_exp", ROOT / "hydra_plugins", ROOT / "scripts")
    sources = [path for folder in folders for path in folder.rglob("*.py")]
    shown = re.compile(r"```python.*?```", re.DOTALL)  # what a card tells its reader to do
    texts = {path.relative_to(ROOT): shown.sub("", path.read_text()) for path in sources}
    found = {path: doors.findall(text) for path, text in texts.items()}
    assert {path: words for path, words in found.items() if words} == {}


def test_every_archive_of_arrays_is_read_by_one_function_without_objects():
    loading = [
        path for path in (ROOT / "fmnist_exp").rglob("*.py") if "np.load(" in path.read_text()
    ]
    assert loading == [ROOT / "fmnist_exp" / "files.py"]


@pytest.mark.slow
def test_secret_in_the_environment_reaches_no_file(tmp_path, train_here, monkeypatch):
    secret = "correct horse battery staple"
    run_dir = tmp_path / "r"
    monkeypatch.setenv("SECRET", secret)
    ended = train_here("data=synthetic", "training=smoke", f"hydra.run.dir={run_dir}")
    assert ended.status == 0, ended.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert run_dir / "run.json" in files
    assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_computed_name_of_the_environment_is_refused_too(monkeypatch):
    monkeypatch.setenv("SECRET", "correct horse")
    with pytest.raises(
        ConfigError, match=r"initializer.name must be a value or refer to another key"
    ):
        config_of("training.name=env", "initializer.name='${oc.${training.name}:SECRET}'")
