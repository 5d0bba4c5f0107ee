"""Networks in run directories and model files: found with names and sizes, or refused in a line."""

import json
import zipfile

import numpy as np
import pytest
from conftest import config_of
from idx_files import arrays_of, write_data

from fmnist_exp.data import known, other
from fmnist_exp.engine import models
from fmnist_exp.errors import RecordError
from fmnist_exp.run import runner
from fmnist_exp.rundir import records
from fmnist_exp.using.networks import find_network, mean_probabilities


@pytest.fixture(scope="module")
def run_dir(tiny_config, tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    runner.run(tiny_config(), place, {})
    return place


def test_images_of_other_data_have_the_shape_of_their_files(tmp_path):
    data = write_data(tmp_path / "data", arrays_of([3, 8], (9, 4), num_train=50))
    recipe = ("model.hidden=[4]", "training=smoke", "training.batch_size=20")
    config = config_of("data=idx", f"data.dir={data}", *recipe)
    runner.run(config, tmp_path / "run", {})
    network = find_network(tmp_path / "run")
    assert (network.shape, network.of_clothes, network.class_names) == ((9, 4), False, ("3", "8"))
    data.rename(tmp_path / "elsewhere")  # and 36 pixels might as well be 6 x 6
    other.read.cache_clear()
    with pytest.raises(RecordError, match="the data that say how wide they are are not in"):
        find_network(tmp_path / "run")


@pytest.fixture(scope="module")
def clothes(tiny_config, tmp_path_factory):
    """A model file without a run, for 784 pixels and 10 classes; untrained."""
    path = tmp_path_factory.mktemp("model") / "clothes.keras"
    models.write_model(path, models.build_model(tiny_config(), num_pixels=784, num_classes=10))
    return path


def test_run_directory_and_its_model_file_are_the_same_network(run_dir):
    network = find_network(run_dir)
    assert find_network(run_dir / "glorot_model.keras") == network
    assert network.class_names == tuple(f"class {label}" for label in range(10))
    assert (network.shape, network.of_clothes, network.is_guess) == ((8, 8), False, False)


def test_model_file_alone_is_taken_for_clothes_by_its_size(clothes):
    network = find_network(clothes)
    assert network.class_names == known.FASHION_MNIST_CLASSES
    assert (network.shape, network.of_clothes, network.is_guess) == ((28, 28), True, True)


def test_several_networks_answer_with_their_mean(run_dir, clothes, run_seed):
    images = np.random.default_rng(run_seed).integers(0, 256, (5, 784), dtype=np.uint8)
    one = find_network(clothes)
    alone = mean_probabilities([one], images)
    assert alone.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(mean_probabilities([one, one], images), alone)


def zipped(path, config):
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("config.json", json.dumps(config))


def layered(first, last):
    return {"config": {"layers": [{"config": first}, {"config": last}]}}


BAD_MODELS = {
    "no archive": lambda path: path.write_text("no model"),
    "no layers": lambda path: zipped(path, {}),
    "images that are not flat": lambda path: zipped(
        path, layered({"batch_shape": [None, 28, 28]}, {"activation": "softmax", "units": 10})
    ),
    "no probabilities": lambda path: zipped(
        path, layered({"batch_shape": [None, 784]}, {"activation": "linear", "units": 10})
    ),
    "no square": lambda path: zipped(
        path, layered({"batch_shape": [None, 35]}, {"activation": "softmax", "units": 10})
    ),
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_wrong_model_file_is_told_in_a_line(kind, tmp_path):
    path = tmp_path / "bad.keras"
    BAD_MODELS[kind](path)
    with pytest.raises(RecordError) as caught:
        find_network(path)
    assert str(caught.value).startswith(f"cannot use the model {path}: ")
    assert "\n" not in str(caught.value)


def test_model_that_keras_cannot_load_is_told_in_a_line(tmp_path):
    path = tmp_path / "bad.keras"
    zipped(path, layered({"batch_shape": [None, 4]}, {"activation": "softmax", "units": 2}))
    with pytest.raises(RecordError, match="Keras cannot load it") as caught:
        mean_probabilities([find_network(path)], np.zeros((1, 4), np.uint8))
    assert "\n" not in str(caught.value)


def test_run_without_the_model_that_it_has_left_is_refused(run_dir, tmp_path):
    record = records.read_record(run_dir)
    model = (run_dir / "glorot_model.keras").read_bytes()
    records.write_record(tmp_path, record)
    with pytest.raises(RecordError, match="No such file"):
        find_network(tmp_path)
    changed = model[:-1] + bytes([model[-1] ^ 1])
    (tmp_path / "glorot_model.keras").write_bytes(changed)
    with pytest.raises(RecordError, match=r"sha256 is not that of|must be a Keras model"):
        find_network(tmp_path)
    (tmp_path / "glorot_model.keras").write_bytes(model)
    records.write_record(tmp_path, record.replaced(status="interrupted"))
    with pytest.raises(RecordError, match="must be a completed run, received one that is interr"):
        find_network(tmp_path)
