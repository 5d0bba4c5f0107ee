"""Trained networks, found in run directories or model files, and asked."""

import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fmnist_exp.console import typed
from fmnist_exp.data import known, other
from fmnist_exp.errors import DataError, RecordError
from fmnist_exp.files import DAMAGES, open_regular, sha256_of
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

SUFFIX = ".keras"
MAX_BYTES = 4_000_000_000  # of a model, packed and unpacked
MAX_CONFIG = 100_000_000  # of the description of its layers
EDGE = 28  # of an image of Fashion-MNIST, of MNIST and of all that replaces it, in pixels
FASHION_MNIST = EDGE**2, 10  # pixels and classes
ROUNDING = 1e-3  # by which a sum of probabilities may miss 1


@dataclass(frozen=True)
class Network:
    """A saved model, not yet loaded.

    Attributes:
        path: the model file.
        class_names: name of each class, in the order of its label.
        shape: (height, width) of an image.
        of_clothes: whether its images are those of Fashion-MNIST.
        is_guess: whether names and size are taken for those of Fashion-MNIST, as no record of a
            run says what they are.
    """

    path: Path
    class_names: tuple[str, ...]
    shape: tuple[int, int]
    of_clothes: bool
    is_guess: bool = False


def is_run(place: Path) -> bool:
    """Whether a path is that of a run directory or of a model file, as far as its looks go."""
    return place.suffix == SUFFIX or (place / records.RECORD).is_file()


def find_network(place: Path) -> Network:
    """The network of a run directory, or in a model file; TensorFlow is not needed to find it.

    Raises:
        RecordError: there is no such network, or its file is not the one that the run has left.
    """
    if place.suffix != SUFFIX:
        return _of_run(place, records.record_of(place))
    beside = place.parent
    if (beside / records.RECORD).is_file():
        record = records.read_record(beside)
        if place.name == records.model_name(record.config):
            return _of_run(beside, record)
    num_pixels, num_classes = _sizes(place)
    is_guess = (num_pixels, num_classes) == FASHION_MNIST
    names = known.FASHION_MNIST_CLASSES if is_guess else map(str, range(num_classes))
    return Network(place, tuple(names), _square(place, num_pixels), is_guess, is_guess)


def _of_run(run_dir: Path, record: RunRecord) -> Network:
    if record.status != "completed":
        raise RecordError(
            f"{run_dir} must be a completed run, received one that is {record.status}: it has no "
            "model that answers. Pass another run."
        )
    path = run_dir / records.model_name(record.config)
    num_pixels, num_classes = _sizes(path)
    if sha256_of(path) != record.artifacts.get(path.name) or num_classes != len(record.class_names):
        raise RecordError(
            f"{path} is not the model that the run has left: its sha256 is not that of "
            f"{records.RECORD}. `{typed('verify')} {run_dir}` says what else is wrong."
        )
    data = record.config.get("data") or {}
    if data.get("name") == "idx":
        shape = _shape_of_files(path, str(data.get("dir")), num_pixels)
    else:
        shape = _square(path, num_pixels)
    of_clothes = record.data_name in ("fashion_mnist", known.FASHION_MNIST)
    return Network(path, tuple(record.class_names), shape, of_clothes)


def _sizes(path: Path) -> tuple[int, int]:
    """Numbers of pixels and classes that a model file states; RecordError if it states none."""
    try:
        with open_regular(path, MAX_BYTES) as file, zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")
            if parts.getinfo("config.json").file_size > MAX_CONFIG:
                raise ValueError(f"its config.json has more than {MAX_CONFIG:,} bytes")
            layers = json.loads(parts.read("config.json"))["config"]["layers"]
            (_, num_pixels), num_classes = layers[0]["config"]["batch_shape"], _units(layers[-1])
            if min(num_pixels, num_classes) < 1:
                raise ValueError("it has no inputs or no classes")
            return int(num_pixels), int(num_classes)
    except OSError as error:
        raise _no_model(path, error.strerror or error) from error
    except (*DAMAGES, LookupError, AttributeError, RecursionError) as error:
        rule = "it must be a Keras model of dense layers that takes flat images"
        raise _no_model(path, f"{rule} ({type(error).__name__}: {error})") from error


def _units(layer: dict[str, Any]) -> int:
    if layer["config"]["activation"] != "softmax":
        raise ValueError("its last layer has no softmax")
    return int(layer["config"]["units"])


def _shape_of_files(path: Path, place: str, num_pixels: int) -> tuple[int, int]:
    """The shape of images from IDX files, which need not be squares.

    Without the files 784 pixels are 28 x 28, as in MNIST and all that replaces it.
    """
    try:
        _, height, width = other.read(place).arrays[0].shape
    except DataError:  # moved, or on another machine
        height = width = EDGE
    if height * width != num_pixels:
        problem = f"its images have {num_pixels} pixels, and the data that say how wide they are"
        raise _no_model(path, f"{problem} are not in {place}")
    return height, width


def _square(path: Path, num_pixels: int) -> tuple[int, int]:
    edge = math.isqrt(num_pixels)
    if edge**2 != num_pixels:
        raise _no_model(path, f"its images have {num_pixels} pixels, which are no square")
    return edge, edge


def read_model(path: Path) -> Any:
    """A model, without what its training needs; RecordError if Keras cannot load it."""
    _sizes(path)  # before anything is unpacked
    from fmnist_exp.engine.backend import keras  # TensorFlow takes seconds

    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises what its layers and HDF5 meet
        what = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
        raise _no_model(path, f"Keras cannot load it ({what[:200]})") from error


def mean_probabilities(networks: Sequence[Network], images: np.ndarray) -> np.ndarray:
    """The mean over networks of the probabilities that each gives to the classes.

    Args:
        networks: at least one.
        images: uint8 (num_images, num_pixels).

    Returns:
        float64 (num_images, num_classes).

    Raises:
        RecordError: a model cannot be loaded, or its answers are no probabilities.
    """
    from fmnist_exp.engine.models import predict_probabilities

    total = np.zeros((len(images), len(networks[0].class_names)))
    for network in networks:
        answers = predict_probabilities(read_model(network.path), images)
        # Not finite ones compare as false.
        if not (np.abs(answers.sum(axis=1) - 1) <= ROUNDING).all():
            raise _no_model(network.path, "its answers are no probabilities")
        total += answers
    return total / len(networks)


def _no_model(path: Path, problem: object) -> RecordError:
    return RecordError(f"cannot use the model {path}: {problem}. Pass another run or model.")
