"""Data of one's own: any four IDX files, or an archive as Keras keeps MNIST, and class names."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmnist_exp.data import known
from fmnist_exp.data.folders import ROLES, find_files
from fmnist_exp.data.idx import MAX_BYTES, read_idx, sha256_of_idx
from fmnist_exp.errors import DataError
from fmnist_exp.files import read_arrays, read_regular

CLASS_NAMES = "classes.txt"
MAX_LETTERS = 40  # of the name of a class
MAX_NAMES_BYTES = 100_000
IN_ARCHIVE = ("x_train", "y_train", "x_test", "y_test")  # as keras.datasets.mnist reads them
DIMENSIONS = (3, 1, 3, 1)


@dataclass(frozen=True, eq=False)
class OtherData:
    """A data set from files.

    Attributes:
        name: that of a published data set whose files these are; else `idx` and the first letters
            of a hash of all four, which tells one data set from another.
        path: the folder of the files.
        sha256: of each file, or array of an archive, in the order of `arrays`, as that of an
            unpacked IDX file.
        arrays: as in `sources.FoundData`, in the sizes that the files state.
        class_names: of each class, in the order of their labels in the files.
    """

    name: str
    path: Path
    sha256: dict[str, str]
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    class_names: tuple[str, ...]


@functools.lru_cache(maxsize=1)
def read(place: str) -> OtherData:
    """Read the data set in a folder, or in the archive, that `folders.find_files` finds there.

    Images are taken as they are: those of EMNIST lie on their side. Classes are the labels of the
    training images, in ascending order and without gaps: 1 to 26 of EMNIST's letters become 0 to
    25. They are called as their label, or as the lines of `classes.txt` beside the files say.

    Raises:
        DataError: files are missing or damaged, or do not fit one another.
    """
    files = find_files(Path(place))
    names = [str(path) for path in files]
    if len(files) == 1:
        arrays = _in_archive(files[0])
        names = [f"{files[0]} ({name})" for name in IN_ARCHIVE]
    else:
        arrays = [
            read_idx(path, (None,) * dimensions)
            for path, dimensions in zip(files, DIMENSIONS, strict=True)
        ]
    _check_sizes(names, arrays)
    images, labels, test_images, test_labels = arrays
    classes = np.flatnonzero(np.bincount(labels))
    _check_labels(names, classes, test_labels)
    sha256 = dict(zip(names, map(sha256_of_idx, arrays), strict=True))
    of_all = hashlib.sha256("".join(sha256.values()).encode()).hexdigest()
    name = known.name_of(*sha256.values()) or f"idx {of_all[:8]}"
    usual = known.FASHION_MNIST_CLASSES if name == known.FASHION_MNIST else map(str, classes)
    folder = files[0].parent
    given = _names_in(folder / CLASS_NAMES, classes)
    train, test = (
        np.searchsorted(classes, each).astype(np.int32) for each in (labels, test_labels)
    )
    ordered = (images, train, test_images, test)
    return OtherData(name, folder, sha256, ordered, given or tuple(usual))


def _in_archive(path: Path) -> list[np.ndarray]:
    """The four arrays of a NumPy archive."""
    try:
        stored = read_arrays(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}. Replace the file with an intact copy.") from error
    if missing := [name for name in IN_ARCHIVE if name not in stored]:
        raise DataError(
            f"{path}: it must hold the arrays {', '.join(IN_ARCHIVE)}, and lacks "
            f"{', '.join(missing)}. Pass data.dir=FOLDER with four IDX files, or another archive."
        )
    arrays = []
    for name, dimensions in zip(IN_ARCHIVE, DIMENSIONS, strict=True):
        array = stored[name]
        if array.dtype != np.uint8 or array.ndim != dimensions:
            raise DataError(
                f"{path}: {name} must be uint8 with {dimensions} dimensions, received "
                f"{array.dtype} with {array.ndim}. Save it so."
            )
        arrays.append(array)
    return arrays


def _check_sizes(names: list[str], arrays: list[np.ndarray]) -> None:
    """A label for each image, one size of images, and nothing empty."""
    for name, array in zip(names, arrays, strict=True):
        if array.size == 0:
            raise DataError(
                f"{name}: it must hold an image or a label, received the shape {array.shape}. "
                "Replace the file."
            )
    for place in (0, 2):
        images, labels = len(arrays[place]), len(arrays[place + 1])
        if images != labels:
            raise DataError(
                f"{names[place + 1]}: it must hold a label for each of the {images} "
                f"{ROLES[place]}, received {labels}. Pass files that belong together."
            )
    size, other = arrays[0].shape[1:], arrays[2].shape[1:]
    if size != other:
        raise DataError(
            f"{names[2]}: test images must have the size of the training images, "
            f"{size[0]} x {size[1]} pixels, received {other[0]} x {other[1]}. Pass files that "
            "belong together."
        )


def _check_labels(names: list[str], classes: np.ndarray, test_labels: np.ndarray) -> None:
    """Two classes or more, and none that the test alone has."""
    if len(classes) < 2:
        raise DataError(
            f"{names[1]}: it must hold 2 classes or more, received the label {classes[0]} alone. "
            "Add images of another class."
        )
    unknown = np.setdiff1d(test_labels, classes)
    if len(unknown):
        raise DataError(
            f"{names[3]}: its labels must be among those of the training images, received "
            f"{unknown[0]}, which no network could learn. Pass files that belong together."
        )


def _names_in(path: Path, classes: np.ndarray) -> tuple[str, ...]:
    """The names that a file gives to classes, a line for each; none if there is no such file."""
    try:
        text = read_regular(path, MAX_NAMES_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: it must be text in UTF-8, a name in each line ({error}). Mend or remove it."
        ) from error
    names = tuple(line.strip() for line in text.strip().splitlines())
    if len(names) != len(classes):
        raise DataError(
            f"{path}: it must have a line for each of the {len(classes)} labels from {classes[0]} "
            f"to {classes[-1]} that occur, received {len(names)}. Mend or remove it."
        )
    for number, name in enumerate(names):
        is_formula = name[1:] and name[0] in "=+-@"  # to a spreadsheet that opens the tables
        if is_formula or not (name.isprintable() and 0 < len(name) <= MAX_LETTERS):
            raise DataError(
                f"{path}: line {number + 1} must be a name of 1 to {MAX_LETTERS} letters that "
                f"begins with none of = + - @, received {name[: MAX_LETTERS + 1]!r}. Mend it."
            )
        if name in names[:number]:
            raise DataError(
                f"{path}: every class must have a name of its own, received {name!r} again in line "
                f"{number + 1}. Mend it."
            )
    return names
