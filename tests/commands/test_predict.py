"""The command that asks networks about pictures: tables, files for programs, one line an error."""

import csv
import io
import json
import sys

import numpy as np
import pytest
from conftest import config_of
from drawings import INK, drawn
from PIL import Image

from fmnist_exp import predict as predict_command
from fmnist_exp.console import EXIT_BAD_INPUT
from fmnist_exp.data import known, loading
from fmnist_exp.engine import models
from fmnist_exp.run import runner
from fmnist_exp.rundir import tables


@pytest.fixture(scope="module")
def run_dir(tiny_config, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    runner.run(tiny_config(), place, {})
    return place


@pytest.fixture
def predict(monkeypatch, capsys):
    """Gives the command in this process: status, and what it printed."""

    def predict(*words):
        monkeypatch.setattr(sys, "argv", ["predict", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            predict_command.main()
        return end.value.code, *capsys.readouterr()

    return predict


def save_test_images(config, folder, count):
    splits = loading.load(config.own_data)
    folder.mkdir()
    for number, image in enumerate(splits.test.images[:count]):
        Image.fromarray(image.reshape(splits.image_shape)).save(folder / f"{number:04}.png")


def classes(text):
    return [each["class"] for each in json.loads(text)]


def test_saved_test_images_are_answered_as_the_run_has_answered_them(
    predict, run_dir, tiny_config, tmp_path
):
    save_test_images(tiny_config(), tmp_path / "images", 50)
    probabilities, predicted, _ = tables.read_predictions(run_dir / "predictions.npz")
    status, out, err = predict(run_dir, tmp_path / "images", "--json")
    assert (status, err) == (0, "")
    assert classes(out) == [f"class {label}" for label in predicted]
    shares = [[*dict(sorted(x["probabilities"].items())).values()] for x in json.loads(out)]
    assert np.array(shares) == pytest.approx(probabilities, abs=1e-3)  # stored in float16


def test_table_and_csv_hold_the_three_most_probable_classes(predict, run_dir, tmp_path):
    drawn("Bag").save(tmp_path / "bag.png")
    status, out, _ = predict(run_dir, tmp_path / "bag.png")
    header, row = out.splitlines()
    assert (status, header.split()[0]) == (0, "image")
    assert (row.count("class "), row.count("%")) == (3, 3)
    _, text, _ = predict(run_dir, tmp_path / "bag.png", "--csv")
    [found] = csv.DictReader(io.StringIO(text))
    assert found["class_1"] in row
    assert float(found["probability_1"]) >= float(found["probability_2"])
    assert found["error"] == ""


def test_what_the_network_saw_is_answered_in_the_same_way(predict, run_dir, tmp_path):
    for folder, name in (("a", "Bag"), ("b", "Dress")):
        (tmp_path / folder).mkdir()
        drawn(name).save(tmp_path / folder / "it.jpg")
    images = (tmp_path / "a" / "it.jpg", tmp_path / "b" / "it.jpg")
    _, out, _ = predict(run_dir, *images, "--json", "--show", tmp_path / "shown")
    assert [path.name for path in sorted((tmp_path / "shown").iterdir())] == ["it.png", "it_2.png"]
    _, again, _ = predict(run_dir, tmp_path / "shown", "--json")
    assert [x["probabilities"] for x in json.loads(again)] == [
        x["probabilities"] for x in json.loads(out)
    ]


def test_what_the_network_saw_takes_the_place_of_no_file(predict, run_dir, tmp_path):
    drawn("Bag").save(tmp_path / "it.png")
    before = (tmp_path / "it.png").read_bytes()
    predict(run_dir, tmp_path / "it.png", "--show", tmp_path)
    assert (tmp_path / "it.png").read_bytes() == before
    assert (tmp_path / "it_2.png").exists()


def test_bad_picture_costs_no_other_its_answer(predict, run_dir, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    drawn("Bag").save(tmp_path / "bag.png")
    words = (run_dir, tmp_path / "bad.png", tmp_path / "nowhere", tmp_path / "bag.png")
    status, out, err = predict(*words)
    assert status == EXIT_BAD_INPUT
    assert out.count("%") == 3
    assert [line.partition(":")[0] for line in err.splitlines()] == ["ImageError"] * 2
    _, text, _ = predict(*words, "--json")
    assert [each["error"] is None for each in json.loads(text)] == [False, False, True]


def test_networks_vote_with_the_mean_of_their_probabilities(predict, tiny_config, tmp_path):
    drawn("Bag").save(tmp_path / "bag.png")
    paths = [tmp_path / f"{seed}.keras" for seed in range(2)]
    for seed, path in enumerate(paths):
        model = models.build_model(tiny_config(f"seed={seed}"), num_pixels=784, num_classes=10)
        models.write_model(path, model)

    def shares(*networks):
        status, out, err = predict(*networks, tmp_path / "bag.png", "--json")
        assert status == 0
        assert err.count("taken for those of Fashion-MNIST") == len(networks)
        [found] = json.loads(out)
        return np.array([found["probabilities"][name] for name in INK])

    alone = np.array([shares(path) for path in paths])
    assert not np.allclose(*alone)
    assert shares(*paths) == pytest.approx(alone.mean(axis=0), abs=1e-12)


def test_networks_for_other_images_cannot_vote_together(predict, run_dir, tiny_config, tmp_path):
    path = tmp_path / "clothes.keras"
    models.write_model(path, models.build_model(tiny_config(), num_pixels=784, num_classes=10))
    status, out, err = predict(run_dir, path, "bag.png")
    assert (status, out) == (EXIT_BAD_INPUT, "")
    assert err.startswith("RecordError: networks that vote must know the same classes")


@pytest.mark.parametrize("words", [["nowhere", "bag.png"], ["nowhere.keras", "bag.png"]])
def test_missing_network_is_told_in_a_line(words, predict):
    status, out, err = predict(*words)
    assert (status, out, err.count("\n")) == (EXIT_BAD_INPUT, "", 1)
    told = ("nowhere must be the directory of a finished run, and holds no", "cannot use the model")
    assert err.removeprefix("RecordError: ").startswith(told)


@pytest.mark.slow
def test_clothes_are_recognised_as_saved_test_images_and_as_drawings(predict, tmp_path):
    """Seed 0 names 9 of the 10 drawings rightly, all but the shirt."""
    config = config_of("training.epochs=4")
    runner.run(config, tmp_path / "run", {})
    save_test_images(config, tmp_path / "images", 200)
    _, predicted, _ = tables.read_predictions(tmp_path / "run" / "predictions.npz")
    _, out, _ = predict(tmp_path / "run", tmp_path / "images", "--json")
    names = known.FASHION_MNIST_CLASSES
    assert classes(out) == [names[label] for label in predicted[:200]]
    (tmp_path / "drawn").mkdir()
    for label, name in enumerate(names):
        drawn(name).save(tmp_path / "drawn" / f"{label}.png")
    _, out, _ = predict(tmp_path / "run", tmp_path / "drawn", "--json")
    assert sum(found == name for found, name in zip(classes(out), names, strict=True)) >= 7
