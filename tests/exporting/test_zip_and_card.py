"""A zip file opens elsewhere and is whole; a model card says what its run has measured."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT
from study import write_run

from fmnist_exp import __version__
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.rundir import records, tables

pytestmark = pytest.mark.usefixtures("undrawn")


def front_of(card):
    return yaml.safe_load(card.read_text().split("---\n")[1])


def test_unpacked_zip_is_the_sweep_with_report_cards_and_the_command(sweep, tmp_path, export_here):
    ended = export_here(sweep, "--to", "zip")
    assert (ended.status, ended.out) == (0, f"zip: {sweep}.zip\n")
    with zipfile.ZipFile(f"{sweep}.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "elsewhere")
    unpacked = tmp_path / "elsewhere" / "sweep"
    study, original = read_study([unpacked]), read_study([sweep])
    assert [run.record for run in study.runs] == [run.record for run in original.runs]
    assert study.command == original.command
    for run in original.runs:
        there = unpacked / run.path.relative_to(sweep)
        for name in run.record.artifacts:
            assert (there / name).read_bytes() == (run.path / name).read_bytes()
        assert front_of(there / records.CARD)["library_name"] == "keras"
    text = (unpacked / "README.md").read_text()
    assert "python -m fmnist_exp.train --multirun data=synthetic" in text
    command = next(line for line in text.splitlines() if line.startswith("python -m"))
    assert "store=" not in command  # nor other places of this machine
    assert "hydra.sweep.dir=" not in command
    assert "No answer yet: fewer than 5 common seeds." in text
    assert "keras==" in (unpacked / "requirements.txt").read_text()
    assert (unpacked / "report" / "index.html").is_file()


def test_zip_holds_the_users_own_options_and_no_settings_of_hydra(
    tmp_path, train_here, export_here
):
    own = tmp_path / "of mine" / "initializer" / "wide.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("class_name: RandomNormal\nconfig: {stddev: 0.2}\n")
    tiny = ("data=synthetic", "data.num_train=200", "training.epochs=1", "model.hidden=[8]")
    given = ("--config-dir", str(tmp_path / "of mine"), *tiny, "initializer=wide", "seed=0,1")
    ended = train_here(*given, "--multirun", f"hydra.sweep.dir={tmp_path / 'sweep'}")
    assert ended.status == 0, ended.err
    others = ("mine.yaml", ".git/x.yaml", "multirun/0/.hydra/hydra.yaml")
    for name in others:
        (tmp_path / "of mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "of mine" / name).write_text("private: 1\n")
    out = tmp_path / "handed.zip"

    def check(folder, is_there):
        assert export_here(folder, "--to", "zip", "--out", out).status == 0
        with zipfile.ZipFile(out) as archive:
            held = {*archive.namelist()}
            read_me = archive.read(f"{folder.name}/README.md").decode()
        assert f"python -m fmnist_exp.train --config-dir {folder.name}/conf " in read_me
        assert str(tmp_path) not in read_me
        conf = f"{folder.name}/conf"
        options = {name for name in held if name.startswith(f"{conf}/")}
        assert options == ({f"{conf}/initializer/wide.yaml"} if is_there else set())
        assert ("were not found" in read_me) != is_there
        assert not {Path(name).name for name in held} & {"hydra.yaml", "multirun.yaml"}

    for folder in (tmp_path / "sweep", tmp_path / "sweep" / "0"):
        check(folder, is_there=True)
        with zipfile.ZipFile(out) as archive:
            archive.extractall(tmp_path / "elsewhere")
    own.unlink()
    path = tmp_path / "sweep" / "0" / records.RECORD  # of a stranger, who would like other files
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.yaml").write_text("private: 1\n")
    path.write_text(path.read_text().replace('"choices": {', '"choices": {"../secret": "key", '))
    for name in ("sweep", "0"):  # unpacked, they have their own
        check(tmp_path / "elsewhere" / name, is_there=True)
    for folder in (tmp_path / "sweep", tmp_path / "sweep" / "0"):
        check(folder, is_there=False)


def test_command_of_a_run_with_nothing_but_defaults_is_known(sweep, export_here):
    (sweep / "0" / ".hydra" / "overrides.yaml").write_text("[]\n")
    out = sweep / "0.zip"
    assert export_here(sweep / "0", "--to", "zip", "--out", out).status == 0
    with zipfile.ZipFile(out) as archive:
        assert "\npython -m fmnist_exp.train\n" in archive.read("0/README.md").decode()


def test_zip_within_the_directory_does_not_hold_itself(sweep, export_here):
    out = sweep / "0" / "figures" / "handed.zip"
    for _ in range(2):
        assert export_here(sweep, "--to", "zip", "--out", out).status == 0
    with zipfile.ZipFile(out) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".zip")]


def test_a_damaged_file_is_named_and_the_former_zip_is_kept(sweep, export_here):
    former = sweep.with_name("sweep.zip")
    former.write_bytes(b"former")
    damaged = sweep / "2" / records.HISTORY
    text = damaged.read_text()
    damaged.write_text(text.replace("1", "01", 1))
    ended = export_here(sweep, "--to", "zip")
    assert ended.status == 2
    assert f"RecordError: {damaged} must have the sha256" in ended.err
    assert former.read_bytes() == b"former"
    assert not list(sweep.parent.glob(".*tmp*"))


def test_zip_names_what_is_unfinished_and_leaves_it_out(sweep, export_here):
    (sweep / "3" / records.RECORD).unlink()
    out = export_here(sweep, "--to", "zip").out
    assert out.startswith("left out, not finished: sweep/3")
    with zipfile.ZipFile(f"{sweep}.zip") as archive:
        assert not [name for name in archive.namelist() if name.startswith("sweep/3/")]
        assert "sweep/3" in archive.read("sweep/README.md").decode()


def test_card_has_the_metrics_of_the_record_and_of_the_stored_answers(sweep, export_here):
    out = export_here(sweep, "--to", "card").out
    run_dir = sweep / "0"
    assert out.splitlines()[0] == f"card: {run_dir / records.CARD}"
    assert len(out.splitlines()) == 4
    (entry,) = front_of(run_dir / records.CARD)["model-index"]
    (result,) = entry["results"]
    measured = {each["type"]: each["value"] for each in result["metrics"]}
    _, predicted, labels = tables.read_predictions(run_dir / records.PREDICTIONS)
    assert measured["accuracy"] == pytest.approx(np.mean(predicted == labels), abs=1e-6)
    record = records.read_record(run_dir)
    assert measured["loss"] == pytest.approx(record.metrics["test"]["loss"], abs=1e-6)
    assert {"task", "dataset", "metrics"} == result.keys()  # as the Hub wants them
    assert {"type", "name"} <= result["dataset"].keys()
    text = (run_dir / records.CARD).read_text()
    assert "one of 2 networks that differ in their seeds alone" in text
    assert f"Keras {record.provenance['model_needs_keras']} or later" in text


def test_code_of_a_card_loads_the_model_and_answers_as_it_did(sweep, export_here, monkeypatch):
    from fmnist_exp.engine.backend import keras  # takes seconds

    run_dir = sweep / "0"
    export_here(run_dir, "--to", "card")
    (code,) = re.findall(r"```python\n(.*?)```", (run_dir / records.CARD).read_text(), re.DOTALL)
    images = np.zeros((3, 8, 8), np.uint8)  # synthetic ones have 8 x 8 pixels
    found = {"images": images}
    monkeypatch.chdir(run_dir)
    exec(code, found)
    assert found["keras"] is keras
    assert found["probabilities"].sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_a_new_training_in_the_same_place_removes_the_card(sweep):
    card = sweep / "0" / records.CARD
    card.write_text("of the former model")
    records.clear(sweep / "0")
    assert not card.exists()


def test_runs_without_a_model_have_no_card(tmp_path, export_here):
    write_run(tmp_path / "s" / "0", status="failed")
    ended = export_here(tmp_path / "s", "--to", "card")
    assert ended.status == 2
    assert "has left a model" in ended.err


def test_one_file_cannot_hold_several_cards(sweep, tmp_path, export_here):
    given = ("--to", "card", "--out", tmp_path / "card.md")
    ended = export_here(sweep, *given)
    assert ended.status == 2
    assert "--out is one file, received the 4 models" in ended.err


def test_names_of_classes_cannot_break_a_card(sweep, export_here):
    path = sweep / "0" / records.RECORD
    path.write_text(path.read_text().replace("class 0", "a | b: --- #"))
    matrix = sweep / "0" / records.CONFUSION_MATRIX
    matrix.write_text(matrix.read_text().replace("class 0", "a | b: --- #"))
    export_here(sweep / "0", "--to", "card")
    text = (sweep / "0" / records.CARD).read_text()
    assert r"| a \| b: --- # |" in text


def test_citation_names_the_developers_and_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["authors"] == [{"name": "The fmnist_exp developers"}]
    assert str(citation["version"]) == __version__
    assert {"cff-version", "message", "title", "license"} <= citation.keys()
