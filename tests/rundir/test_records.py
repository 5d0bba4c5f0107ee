"""Records survive a round trip, are written whole or not at all, and are read strictly."""

import json
import math
import threading

import pytest
from conftest import config_of
from pydantic import ValidationError
from study import MEASURED, OF_A_CLASS, RECORD

from fmnist_exp import files
from fmnist_exp.errors import RecordError
from fmnist_exp.rundir import records


def test_record_survives_a_round_trip(tmp_path):
    records.write_record(tmp_path, RECORD)
    assert records.read_record(tmp_path) == RECORD


def test_a_diverged_run_has_nothing_in_the_place_of_numbers_that_are_not_finite(tmp_path):
    metrics = {split: {"loss": math.nan, "accuracy": 0.1} for split in records.SPLITS}
    with pytest.raises(ValidationError, match="finite number"):
        RECORD.replaced(status="diverged", metrics=metrics)
    nothing = {split: {"loss": None, "accuracy": 0.1} for split in records.SPLITS}
    records.write_record(tmp_path, RECORD.replaced(status="diverged", metrics=nothing))
    assert records.read_record(tmp_path).metrics["test"]["loss"] is None


def test_record_of_former_code_is_read(tmp_path):
    """Of schema version 1 as it was written before the parts of a key lay in it."""
    values = RECORD.model_dump()
    del values["key_parts"]
    (tmp_path / records.RECORD).write_text(json.dumps(values))
    assert records.read_record(tmp_path) == RECORD


def test_any_text_is_written_and_read(tmp_path):
    """Names of files that are no UTF-8 stand in messages and in where data come from."""
    error = {"type": "E", "message": "no file größe \udcff", "traceback": ""}
    record = RECORD.replaced(status="failed", error=error, provenance={"data_source": "\udcff"})
    records.write_record(tmp_path, record)
    found = records.read_record(tmp_path)
    assert found.error["message"] == "no file größe ?"
    assert found.provenance == {"data_source": "?"}


def changed(**values):
    return json.dumps(RECORD.model_dump() | values)


BAD_RECORDS = {
    "empty": ("", "it must be JSON"),
    "truncated": (changed()[:-20], "it must be JSON"),
    "not utf-8": (b"\xff\xfe\xfa", "it must be JSON"),
    "list": ("[]", "it must be an object"),
    "nested": ("[" * 100_000, "it must be JSON"),
    "old schema": (changed(schema_version=0), "schema_version must be 1, received 0"),
    "extra key": (changed(extra=1), "extra is not a key .*, received 1"),
    "missing key": (json.dumps({"schema_version": 1, "seed": 0}), "status is missing; 5 more"),
    "wrong type": (changed(seed="0"), "seed must be a valid integer, received '0'"),
    "wrong status": (
        changed(status="done"),
        "status must be .* or .*, received 'done'",
    ),
    "truth as number": (changed(seed=True), "seed must be a valid integer, received True"),
    "no metrics": (
        changed(metrics={}),
        "metrics must hold loss, accuracy for train, validation, test, received {}",
    ),
    "no loss": (
        changed(metrics={split: {"accuracy": 1.0} for split in records.SPLITS}),
        "metrics must hold loss, accuracy for train, .*, received {'train': {'accuracy': 1.0}, ",
    ),
    "text as metric": (
        changed(metrics={split: {"loss": "x", "accuracy": 1} for split in records.SPLITS}),
        "metrics.train.loss.* received 'x'",
    ),
    "too large for a number": (changed(timing_seconds={"fit": 10**400}), "timing_seconds.fit"),
    "completed without a number": (
        changed(metrics={split: MEASURED | {"loss": None} for split in records.SPLITS}),
        "metrics must hold loss, accuracy for train, .*, received {'train': {'loss': None, ",
    ),
    "completed without a score": (
        changed(per_class={"a": OF_A_CLASS, "b": OF_A_CLASS | {"f1": float("nan")}}),
        "per_class.b.f1 must be a finite number, received nan",
    ),
    "completed without a count": (
        changed(per_class={"b": dict.fromkeys(OF_A_CLASS), "a": OF_A_CLASS}),
        "per_class must hold precision, .* for a, b, received {'b': {'precision': None, ",
    ),
    "text as seconds": (changed(timing_seconds={"fit": "x"}), "timing_seconds.fit.* received 'x'"),
    "no class": (
        changed(class_names=[], per_class={}),
        r"class_names must have at least 1 item .*, received \[\]",
    ),
    "class twice": (
        changed(class_names=["a", "a"]),
        "per_class must hold precision, .* for a, a, received {.a.: ",
    ),
    "class not measured": (
        changed(per_class={"a": OF_A_CLASS}),
        "per_class must hold precision, .* for a, b, received {.a.: ",
    ),
    "class half measured": (
        changed(per_class={"a": OF_A_CLASS, "b": {"f1": 1.0}}),
        "per_class must hold precision, recall, f1, support for a, b, .*'b': {'f1': 1.0}}",
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

    def fail():
        with files.atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
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
    problem = "(Not a directory|File exists). .* nothing in the way, or .* hydra.run.dir=DIR"
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
    config = config_of(f"initializer={option}").plain()
    assert records.model_name(config) == f"{SPELLINGS[option]}_model.keras"


@pytest.mark.parametrize("letter", "xö重𐌰")
def test_a_model_of_a_long_name_can_be_written(tmp_path, letter):
    path = tmp_path / records.model_name({"initializer": {"name": letter * 300}})
    files.write_text(path, "")
    assert path.name.startswith(letter * 20)
