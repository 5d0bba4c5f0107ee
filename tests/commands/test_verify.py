"""The command that checks runs: a fresh one holds to the bit; one changed byte is named."""

import os
import shutil
import sys
import zipfile

import numpy as np
import pytest

from fmnist_exp import verify as verify_command
from fmnist_exp.console import EXIT_BAD_INPUT
from fmnist_exp.engine import models
from fmnist_exp.files import sha256_of
from fmnist_exp.run import runner
from fmnist_exp.run.provenance import hash_of
from fmnist_exp.rundir import plan, records, tables
from fmnist_exp.using import networks, retraining
from fmnist_exp.verify import EXIT_WRONG

MODEL = "glorot_model.keras"
FILES = (*records.RESULTS, MODEL)


@pytest.fixture(scope="module")
def fresh(tiny_config, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    runner.run(tiny_config(), place, {})
    return place


@pytest.fixture
def run_dir(fresh, tmp_path):
    """A copy of a run, to be damaged."""
    return shutil.copytree(fresh, tmp_path / "run")


@pytest.fixture
def verify(monkeypatch, capsys):
    """Gives the command in this process: status, and what it printed."""

    def verify(*words):
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            verify_command.main()
        return end.value.code, *capsys.readouterr()

    return verify


def wrong(out):
    return [line.strip() for line in out.splitlines() if line.startswith("  WRONG")]


def rewrite(run_dir, **values):
    """Change the record; what it says of files is brought up to them."""
    record = records.read_record(run_dir)
    hashes = {name: sha256_of(run_dir / name) for name in FILES}
    records.write_record(run_dir, record.replaced(artifacts=hashes, **values))


def test_fresh_run_holds_and_trains_to_the_same_bits(verify, fresh):
    before = {path: path.read_bytes() for path in fresh.iterdir() if path.is_file()}
    status, out, err = verify("--retrain", fresh)
    assert (status, err, wrong(out)) == (0, "", [])
    assert out.count("  holds  ") == 6
    assert "the model has every loss and accuracy of the record, to the bit" in out
    assert "trained again, equal to the bit: weights, history.csv, predictions.npz" in out
    assert before == {path: path.read_bytes() for path in fresh.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte_is_found_and_named(name, verify, run_dir, run_seed):
    content = bytearray((run_dir / name).read_bytes())
    place = int(np.random.default_rng(run_seed).integers(len(content)))
    content[place] ^= 1
    (run_dir / name).write_bytes(content)
    status, out, _ = verify(run_dir, "--retrain")
    assert status == EXIT_WRONG
    assert wrong(out)[0].startswith(f"WRONG  {name}: sha256 ")
    assert len(wrong(out)) == 2  # and that the model is not asked
    assert out.endswith("it is not trained again: first mend what is wrong\n")


def test_missing_file_is_found_and_named(verify, run_dir):
    (run_dir / records.SIGNAL).unlink()
    status, out, _ = verify(run_dir)
    assert status == EXIT_WRONG
    assert wrong(out)[0].startswith("WRONG  signal.csv: sha256 none (No such file or directory)")


def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(verify, run_dir):
    (run_dir / records.HISTORY).unlink()
    os.mkfifo(run_dir / records.HISTORY)
    status, out, _ = verify(run_dir)
    assert status == EXIT_WRONG
    told = "WRONG  history.csv: sha256 none (it is not a regular file)"
    assert wrong(out)[0].startswith(told)


def test_model_that_unpacks_to_too_much_is_not_loaded(verify, run_dir, monkeypatch):
    with zipfile.ZipFile(run_dir / MODEL, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10**6))
    rewrite(run_dir)
    monkeypatch.setattr(networks, "MAX_BYTES", 10**6)
    assert (run_dir / MODEL).stat().st_size < networks.MAX_BYTES
    status, out, err = verify(run_dir)
    assert status == EXIT_BAD_INPUT
    assert "it unpacks to more than 1,000,000 bytes" in out + err


def test_number_of_the_record_that_was_changed_is_found_and_named(verify, run_dir):
    record = records.read_record(run_dir)
    loss = record.metrics["train"]["loss"] + 0.001
    for values, named in (
        (
            {"metrics": record.metrics | {"train": record.metrics["train"] | {"loss": loss}}},
            "train",
        ),
        ({"run_key": "0" * 64}, "run.json: run_key"),
        ({"seed": 7}, "run.json: seed"),
        ({"config": record.config | {"engine": "auto"}}, "run.json: config"),
        (
            {"per_class": {name: {**row, "f1": 0.5} for name, row in record.per_class.items()}},
            "scor",
        ),
        ({"provenance": record.provenance | {"data_sha256": "0"}}, "the data are not those"),
        ({"num_epochs": 99}, "run.json: num_epochs"),
        ({"best_epoch": record.num_epochs + 1}, "run.json: best_epoch"),
        ({"evaluated_epoch": 0}, "run.json: evaluated_epoch"),
        ({"status": "diverged"}, "run.json: status"),
        (
            {
                "class_names": ["other", *record.class_names[1:]],
                "per_class": {
                    "other" if name == record.class_names[0] else name: row
                    for name, row in record.per_class.items()
                },
            },
            "run.json: class_names",
        ),
    ):
        rewrite(run_dir, **values)
        status, out, _ = verify(run_dir)
        assert status == EXIT_WRONG
        assert any(named in line for line in wrong(out)), named
        records.write_record(run_dir, record)


def test_run_of_former_code_has_fewer_files_and_keys(verify, run_dir):
    record = records.read_record(run_dir)
    (run_dir / records.SIGNAL).unlink()
    config = {key: value for key, value in record.config.items() if key != "seeds"}
    parts = record.key_parts | {"config": {**record.key_parts["config"]}}
    del parts["config"]["seeds"]
    hashes = {name: sha256_of(run_dir / name) for name in FILES if name != records.SIGNAL}
    former = {"config": config, "key_parts": parts, "run_key": hash_of(parts)}
    records.write_record(run_dir, record.replaced(artifacts=hashes, **former))
    status, out, _ = verify(run_dir)
    assert (status, wrong(out)) == (0, [])
    assert "5 files have the sha256" in out


def test_other_model_with_its_own_hash_does_not_answer_as_recorded(verify, run_dir, tiny_config):
    models.write_model(
        run_dir / MODEL, models.build_model(tiny_config("seed=1"), num_pixels=64, num_classes=10)
    )
    rewrite(run_dir)
    status, out, _ = verify(run_dir)
    assert status == EXIT_WRONG
    assert any("test accuracy" in line or "test loss" in line for line in wrong(out))
    assert any("its probabilities are not those" in line for line in wrong(out))


def test_other_predictions_with_their_own_hash_are_found(verify, run_dir):
    probabilities, _, labels = tables.read_predictions(run_dir / records.PREDICTIONS)
    tables.write_predictions(run_dir, probabilities[::-1], labels[::-1])
    rewrite(run_dir)
    status, out, _ = verify(run_dir)
    assert status == EXIT_WRONG
    assert {line.split("its ")[1].split(" are")[0] for line in wrong(out)} == {
        *("labels", "probabilities", "classes")
    }


def test_other_bits_are_named_with_what_differs_from_then(verify, run_dir, monkeypatch):
    real = runner.run

    def other(config, *rest):
        return real(config.replaced(seed=1), *rest)

    monkeypatch.setattr(retraining.runner, "run", other)
    status, out, _ = verify("--retrain", run_dir)
    assert status == EXIT_WRONG
    first, second = wrong(out)
    assert first.startswith("WRONG  trained again, other bits in: weights, history.csv")
    assert second == "WRONG  what differs from then: config.seed 0 -> 1"


def test_run_that_cannot_be_checked_costs_no_other_its_check(verify, fresh, run_dir, tmp_path):
    record = records.read_record(run_dir)
    records.write_record(run_dir, record.replaced(status="interrupted"))
    status, out, err = verify(run_dir, tmp_path / "nowhere", fresh)
    assert status == EXIT_BAD_INPUT
    assert (out.count("  holds  "), wrong(out)) == (5, [])
    assert [line.partition(":")[0] for line in err.splitlines()] == ["RecordError"] * 2


def test_sweep_is_checked_run_by_run(verify, fresh, tmp_path):
    study = {"num_runs": 2, "code_sha256": "", "options": (), "execution": {}}
    plan.write_study(tmp_path, plan.PlannedStudy(**study))
    for number in range(2):
        run = {"number": number, "directory": str(number), "overrides": (), "config": {}}
        plan.write_run(tmp_path, plan.PlannedRun(**run))
    shutil.copytree(fresh, tmp_path / "0")
    status, out, err = verify(tmp_path)
    assert status == EXIT_BAD_INPUT
    assert out.count("  holds  ") == 5
    assert f"{tmp_path / '1'} must be the directory of a finished run, and holds no run" in err


def test_run_that_a_search_gave_up_holds_and_is_not_trained_again(verify, run_dir):
    rewrite(run_dir, status="pruned", metrics={}, per_class={})
    status, out, err = verify("--retrain", run_dir)
    assert (status, err) == (0, "")
    assert "given up as hopeless by a search" in out
    assert "trained again" not in out


def test_a_record_whose_config_names_no_initializer_is_damaged(verify, run_dir):
    record = run_dir / "run.json"
    record.write_text(record.read_text().replace('"initializer": {', '"initialixer": {'))
    status, _, err = verify(run_dir)
    assert status == EXIT_BAD_INPUT
    assert "config must hold initializer.name" in " ".join(err.split())
