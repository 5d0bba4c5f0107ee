"""Images and labels: located, verified, decoded and split."""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmnist_exp.config.schema import DataConfig
from fmnist_exp.data import known, other, sources
from fmnist_exp.errors import ConfigError
from fmnist_exp.seeding import child_generator

# Arrays as `sources.FoundData` has them, names of the classes, and where the data come from.
_DataSet = tuple[sources.Arrays, tuple[str, ...], str]


@dataclass(frozen=True)
class Split:
    """Examples of one split.

    Attributes:
        images: uint8 (num_examples, num_pixels); brightness, 0 to 255.
        labels: int32 (num_examples,); class indices.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)  # compared and hashed by identity
class DataSplits:
    """A data set, split: train and validation are disjoint parts of the training files.

    Attributes:
        train: what weights are fitted on.
        validation: what choices are made on.
        test: what is reported, touched once.
        class_names: name of each class, in the order of its label.
        image_shape: (height, width) of an image before it was flattened.
        source: where the data came from.
        sha256: hash of every decoded image and label, and of the split; of files of one's own also
            of the names of the classes, which a run that is used again must share.
        name: as `name_of`.
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    image_shape: tuple[int, int]
    source: str
    sha256: str
    name: str


@functools.lru_cache(maxsize=1)
def load(config: DataConfig, *, fetch: bool = True) -> DataSplits:
    """Read a data set and split it; the last one stays in memory for the next run of a sweep.

    So do the images as decoded, which every other split of them is made of.

    Args:
        config: the data set, whose split has a seed, as `RunConfig.own_data` sees to.
        fetch: whether to download a data set that this machine does not have.

    Raises:
        ConfigError: the data set is too small for the sizes asked for.
        DataError: the data are nowhere to be found, or damaged.
    """
    assert config.split_seed is not None
    read: dict[str, Callable[[], _DataSet]] = {
        "fashion_mnist": lambda: _fashion_mnist(config.dir, fetch),
        "idx": lambda: _of_files(config.dir),
        "digits": _digits,
        "synthetic": lambda: _synthetic(config),
    }
    (images, labels, test_images, test_labels), class_names, source = read[config.name]()
    for name, available in (("num_train", len(labels)), ("num_test", len(test_labels))):
        if (count := getattr(config, name)) is not None and count > available:
            raise ConfigError(
                f"data.{name} must be at most {available}, received {count}. "
                f"Pass data.{name}=null for all."
            )
    if len(missing := np.setdiff1d(labels, labels[: config.num_train])):
        raise ConfigError(
            f"data.num_train must leave images of every class, received {config.num_train}: the "
            f"first so many have none of {class_names[missing[0]]!r}. Pass data.num_train=null "
            "for all."
        )
    flat, labels = images.reshape(len(images), -1)[: config.num_train], labels[: config.num_train]
    train, validation = stratified_split(labels, config.validation_fraction, config.split_seed)
    flat_test = test_images.reshape(len(test_images), -1)
    splits = (
        Split(flat[train], labels[train]),
        Split(flat[validation], labels[validation]),
        Split(flat_test[: config.num_test], test_labels[: config.num_test]),
    )
    hashed = [part for each in splits for part in (each.images, each.labels)]
    if config.name == "idx":
        hashed.append(np.frombuffer("\n".join(class_names).encode(), np.uint8))
    return DataSplits(
        *splits,
        class_names=class_names,
        image_shape=(images.shape[1], images.shape[2]),
        source=source,
        sha256=sha256_of_arrays(*hashed),
        name=name_of(config),
    )


def name_of(config: DataConfig) -> str:
    """What people call the data: `data.name`, or of IDX files that of `other.read`.

    Raises:
        DataError: IDX files that are missing, damaged, or do not fit one another.
    """
    return config.name if config.name != "idx" else _read_files(config.dir).name


def stratified_split(
    labels: np.ndarray, validation_fraction: float, split_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the train and the validation split, with equal shares of every class.

    Args:
        labels: int (num_examples,); class indices.
        validation_fraction: share of the examples that goes to validation, in (0, 1).
        split_seed: fixes the split; any integer from 0.

    Returns:
        Two disjoint int arrays, sorted, that together hold every index once.

    Raises:
        ConfigError: a class has too few examples to be in both splits.
    """
    # Its import takes a second, which only those who split data are to pay.
    from sklearn.model_selection import train_test_split

    try:
        parts = train_test_split(
            np.arange(len(labels)),
            test_size=validation_fraction,
            random_state=split_seed,
            stratify=labels,
        )
    except ValueError as error:
        raise ConfigError(
            f"data.validation_fraction={validation_fraction} cannot split {len(labels)} images by "
            "class: every class needs an image in both splits. Pass a fraction nearer to 0.2, or a "
            "larger data.num_train."
        ) from error
    train, validation = map(np.sort, parts)
    return train, validation


def sha256_of_arrays(*arrays: np.ndarray) -> str:
    """Hash of the shapes, types and elements of arrays, in hex."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@functools.lru_cache(maxsize=1)
def _fashion_mnist(folder: str | None, fetch: bool) -> _DataSet:
    found = sources.find(None if folder is None else Path(folder), fetch=fetch)
    return found.arrays, known.FASHION_MNIST_CLASSES, f"{found.source}: {found.path}"


def _of_files(place: str | None) -> _DataSet:
    found = _read_files(place)
    return found.arrays, found.class_names, f"data.dir: {found.path}"


def _read_files(place: str | None) -> other.OtherData:
    assert place is not None  # or the config was refused
    return other.read(place)


def _digits() -> _DataSet:
    from sklearn.datasets import load_digits

    digits = load_digits()
    # Pixels run from 0 to 16; stretched to the range of a byte.
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    labels = digits.target.astype(np.int32)
    num_train = 1437  # four fifths
    arrays = (images[:num_train], labels[:num_train], images[num_train:], labels[num_train:])
    return arrays, tuple(map(str, range(10))), "scikit-learn load_digits"


def _synthetic(config: DataConfig) -> _DataSet:
    """Ten random prototypes of 8x8 pixels under strong noise: easy, but not at once."""
    assert config.split_seed is not None
    generator = child_generator(config.split_seed, "synthetic")
    prototypes = generator.uniform(0, 255, (10, 8, 8))

    def drawn(count: int, noise: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count, dtype=np.int32) % 10
        images = prototypes[labels] + noise.normal(0, 120, (count, 8, 8))
        return np.clip(images, 0, 255).astype(np.uint8), labels

    # Test images of their own generator: the same, however many there are to train with.
    test_noise = child_generator(config.split_seed, "synthetic", 1)
    train, test = (
        drawn(config.num_train or 2000, generator),
        drawn(config.num_test or 500, test_noise),
    )
    class_names = tuple(f"class {label}" for label in range(10))
    return (*train, *test), class_names, "synthetic"
