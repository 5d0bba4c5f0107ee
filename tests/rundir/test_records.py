"""Records survive a round trip, are written whole or not at all, and are read strictly."""

import dataclasses
import json
import math
import threading

import pytest
from conftest import config_of
from study import MEASURED, OF_A_CLASS, RECORD

from fmnist_exp import files
from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records


def test_record_survives_a_round_trip(tmp_path):
    records.write_record(tmp_path, RECORD)
    assert records.read_record(tmp_path) == RECORD


def test_numbers_that_are_not_finite_become_null(tmp_path):
    metrics = {split: {"loss": math.nan, "accuracy": 0.1} for split in records.SPLITS}
    records.write_record(tmp_path, dataclasses.replace(RECORD, status="diverged", metrics=metrics))
    assert records.read_record(tmp_path).metrics["test"]["loss"] is None


def changed(**values):
    return json.dumps(dataclasses.asdict(RECORD) | values)


BAD_RECORDS = {
    "empty": ("", "not readable JSON"),
    "truncated": (changed()[:-20], "not readable JSON"),
    "not utf-8": (b"\xff\xfe\xfa", "not readable JSON"),
    "list": ("[]", "must hold one object, received list"),
    "nested": ("[" * 100_000, "not readable JSON"),
    "old schema": (changed(schema_version=0), "schema_version must be 1, received 0"),
    "extra key": (changed(extra=1), "missing or unknown: extra"),
    "missing key": (json.dumps({"schema_version": 1, "seed": 0}), "missing or unknown: .*run_key"),
    "wrong type": (changed(seed="0"), "seed must be .*int.*, received '0'"),
    "wrong status": (changed(status="done"), "status must be one of .* received 'done'"),
    "truth as number": (changed(seed=True), "seed must be .*int.*, received True"),
    "no metrics": (changed(metrics={}), "metrics.train must hold loss, accuracy, received None"),
    "text as metric": (
        changed(metrics={split: {"loss": "x", "accuracy": 1} for split in records.SPLITS}),
        "metrics.train.loss must be a number or null, received 'x'",
    ),
    "completed without a number": (
        changed(metrics={split: MEASURED | {"loss": None} for split in records.SPLITS}),
        "metrics.train.loss of a completed run must be finite, not None",
    ),
    "completed without a score": (
        changed(per_class={"a": OF_A_CLASS, "b": OF_A_CLASS | {"f1": float("nan")}}),
        "per_class.b.f1 of a completed run must be finite, not nan",
    ),
    "completed without a count": (
        changed(per_class={"a": OF_A_CLASS, "b": OF_A_CLASS | {"support": None}}),
        "per_class.b.support of a completed run must be finite, not None",
    ),
    "text as seconds": (changed(timing_seconds={"fit": "x"}), "timing_seconds.fit must be a num"),
    "no class": (changed(class_names=[], per_class={}), "class_names must be one or more texts"),
    "class twice": (changed(class_names=["a", "a"]), r"per_class must name \['a', 'a'\]"),
    "class not measured": (
        changed(per_class={"a": OF_A_CLASS}),
        r"per_class must name \['a', 'b'\], received \['a'\]",
    ),
    "class half measured": (
        changed(per_class={"a": OF_A_CLASS, "b": {"f1": 1.0}}),
        "per_class.b must hold precision, recall, f1, support",
    ),
}


def test_case_12_a_completed_run_may_lack_scores_of_a_class_without_images(tmp_path):
    unknown = dict.fromkeys(("precision", "recall", "f1")) | {"support": 0.0}
    (tmp_path / records.RECORD).write_text(changed(per_class={"a": OF_A_CLASS, "b": unknown}))
    assert records.read_record(tmp_path).per_class["b"] == unknown


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_bad_record_is_refused_by_name(tmp_path, case):
    content, message = BAD_RECORDS[case]
    path = tmp_path / records.RECORD
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RecordError, match=message) as caught:
        records.read_record(tmp_path)
    assert str(path) in str(caught.value)


def test_missing_record_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"cannot read .*run.json"):
        records.read_record(tmp_path)


def test_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")

    def fail(file):
        file.write(b"half")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        files.write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_readers_never_see_half_a_file(tmp_path):
    path = tmp_path / "file.txt"
    files.write_text(path, "0" * 100_000)
    seen = set()
    writing = threading.Event()

    def read():
        while not writing.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for digit in "123456789":
        files.write_text(path, digit * 100_000)
    writing.set()
    reader.join()
    assert all(len(text) == 100_000 and len(set(text)) == 1 for text in seen)


def test_unwritable_place_is_named_with_a_repair(tmp_path):
    (tmp_path / "file").write_text("")
    problem = f"{tmp_path}/file is not a folder. Move it out of the way, or .* hydra.run.dir=DIR"
    with pytest.raises(RecordError, match=rf"cannot write .*file/run.json: {problem}"):
        records.write_record(tmp_path / "file", RECORD)


SPELLINGS = {
    "glorot": "glorot",
    "glorot_uniform": "glorot",
    "he": "he_normal",
    "he_normal": "he_normal",
    "lecun": "lecun",
    "lecun_normal": "lecun",
    "orthogonal": "orthogonal",
}


@pytest.mark.parametrize("option", SPELLINGS)
def test_model_is_named_after_the_initializer_whatever_spelling_chose_it(option):
    config = dataclasses.asdict(config_of(f"initializer={option}"))
    assert records.model_name(config) == f"{SPELLINGS[option]}_model.keras"


@pytest.mark.parametrize("name", ["HeNormal", "he", "He-Normal", "HE_NORMAL", "henormal"])
def test_model_is_named_after_the_initializer_however_its_name_is_typed(name):
    typed = (f"initializer.name={name}", "initializer.class_name=HeNormal")
    assert records.model_name(dataclasses.asdict(config_of(*typed))) == "he_normal_model.keras"


@pytest.mark.parametrize("letter", "xö重𐌰")
def test_a_model_of_a_long_name_can_be_written(tmp_path, letter):
    path = tmp_path / records.model_name({"initializer": {"name": letter * 300}})
    files.write_text(path, "")
    assert path.name.startswith(letter * 20)
