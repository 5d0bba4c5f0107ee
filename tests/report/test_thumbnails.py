"""Pictures are of this machine's own test images, and only if they are those of the runs."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.aggregate import images_of
from fmnist_exp.config.schema import DataConfig
from fmnist_exp.data import loading
from fmnist_exp.report.page import class_tables
from fmnist_exp.report.page.class_tables import MAX_IMAGES, hard_images
from fmnist_exp.rundir import records

CLASSES = [f"class {number}" for number in range(10)]


@pytest.fixture
def folder(tmp_path):
    """Two runs on the synthetic images: all answers are class 0, but one of one run is right."""
    write_sweep(tmp_path, {"he": (0.5, 0.5)}, class_names=CLASSES)
    splits = images(tmp_path)
    labels = splits.test.labels.astype(np.uint8)
    for seed in range(2):
        change_record(
            tmp_path / str(seed),
            lambda record: record["provenance"].update(data_sha256=splits.sha256),
        )
        answers = np.zeros(len(labels), dtype=int)
        answers[np.flatnonzero(labels == 1)[0]] = seed
        path = tmp_path / str(seed) / records.PREDICTIONS
        np.savez(path, probabilities=np.eye(10, dtype=np.float16)[answers], labels=labels)
    return tmp_path


def images(folder):
    record = records.read_record(folder / "0")
    return loading.load(DataConfig(**record.config["data"]))


def pictures_of(folder):
    found = found_in(folder)
    return hard_images(found, images_of(found)).pictures


def test_pictures_show_images_that_all_get_wrong(folder):
    splits = images(folder)
    shown = pictures_of(folder)
    assert len(shown) == MAX_IMAGES
    index = int(shown[0][1].split()[1].rstrip(":"))
    label = splits.test.labels[index]
    assert label != 0
    assert shown[0][1] == f"no. {index}: class {label}; said: class 0 (2)"
    content = base64.b64decode(shown[0][0].partition(",")[2])
    picture = np.asarray(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(picture.ravel(), splits.test.images[index])


def test_images_that_some_get_right_come_after_those_and_name_both_answers(folder, monkeypatch):
    monkeypatch.setattr(class_tables, "MAX_IMAGES", 10_000)
    captions = [caption for _, caption in pictures_of(folder)]
    labels = images(folder).test.labels
    num_wrong = np.sum(labels != 0)
    index = np.flatnonzero(labels == 1)[0]
    assert len(captions) == len(labels)
    assert captions[num_wrong - 1] == f"no. {index}: class 1; said: class 0 (1), class 1 (1)"


def test_other_images_are_not_shown(tmp_path):
    write_run(tmp_path / "0", answers=True)
    assert pictures_of(tmp_path) == []


def test_other_images_with_the_same_labels_are_not_shown(folder):
    for run in folder.iterdir():
        change_record(run, lambda record: record["provenance"].update(data_sha256="of others"))
    assert pictures_of(folder) == []


def test_without_a_copy_of_the_images_there_are_no_pictures(tmp_path):
    settings = ("data=fashion_mnist", f"data.dir={tmp_path / 'nowhere'}")
    write_run(tmp_path / "0", *settings, answers=True)
    assert pictures_of(tmp_path) == []


def test_without_answers_there_are_no_pictures(tmp_path):
    write_run(tmp_path / "0")
    assert not pictures_of(tmp_path)


def test_runs_of_former_code_whose_data_has_other_keys_have_no_pictures(folder):
    change_record(folder / "0", lambda record: record["config"]["data"].update(former=1))
    change_record(folder / "1", lambda record: record["config"]["data"].update(former=1))
    assert pictures_of(folder) == []
