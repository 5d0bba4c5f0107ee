"""Any four IDX files are a data set; what does not fit together is refused in one line."""

import gzip
import struct

import numpy as np
import pytest
from conftest import config_of
from idx_files import NAMES, arrays_of, idx_bytes, write_data, write_idx

from fmnist_exp.data import loading, other
from fmnist_exp.data.idx import MAX_BYTES
from fmnist_exp.errors import DataError

LETTERS = list(range(1, 27))
EMNIST = [
    f"emnist-letters-{split}-{kind}-ubyte"
    for split in ("train", "test")
    for kind in ("images-idx3", "labels-idx1")
]


@pytest.fixture(autouse=True)
def read_anew():
    other.read.cache_clear()


def read(folder):
    return other.read(str(folder))


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("labels", "shape"), [([0, 1], (7, 5)), (LETTERS, (20, 30)), (list(range(10)), (1, 1))]
)
def test_sizes_and_classes_are_those_of_the_files(tmp_path, labels, shape, ending):
    arrays = arrays_of(labels, shape)
    found = read(write_data(tmp_path, arrays, ending=ending))
    np.testing.assert_array_equal(found.arrays[0], arrays[0])
    np.testing.assert_array_equal(found.arrays[2], arrays[2])
    assert found.class_names == tuple(map(str, labels))


@pytest.mark.parametrize("labels", [LETTERS, [3, 8], [0, 7, 255]])
def test_labels_that_begin_at_one_or_have_gaps_are_counted_from_zero(tmp_path, labels):
    arrays = arrays_of(labels)
    found = read(write_data(tmp_path, arrays))
    for place in (1, 3):
        assert found.arrays[place].dtype == np.int32
        np.testing.assert_array_equal(np.array(labels)[found.arrays[place]], arrays[place])
    assert found.class_names == tuple(map(str, labels))


def test_class_names_are_the_lines_of_a_file_in_the_order_of_labels(tmp_path):
    write_data(tmp_path, arrays_of([3, 8]))
    (tmp_path / "classes.txt").write_text("\ufeffdrei\n acht, x \n\n", encoding="utf-8")
    assert read(tmp_path).class_names == ("drei", "acht, x")


PLACES = {
    "torchvision's raw": ("raw", NAMES, ""),
    "torchvision's root": ("MNIST/raw", NAMES, ".gz"),
    "Keras's spelling, as published": (".", NAMES, ".gz"),
    "EMNIST": ("gzip/..", EMNIST, ".gz"),
    "dots": (".", [name.replace("-idx", ".idx") for name in NAMES], ""),
}


@pytest.mark.parametrize("case", PLACES)
def test_files_are_found_as_others_lay_them(tmp_path, case):
    below, names, ending = PLACES[case]
    (tmp_path / "gzip").mkdir()
    write_data(tmp_path / below, arrays_of([0, 1]), names, ending)
    assert read(tmp_path).class_names == ("0", "1")


def test_one_of_several_data_sets_in_a_folder_is_named_by_how_its_files_begin(tmp_path):
    write_data(tmp_path, arrays_of(LETTERS), EMNIST)
    write_data(tmp_path, arrays_of([0, 1]), [name.replace("letters", "digits") for name in EMNIST])
    with pytest.raises(
        DataError, match=rf"holds 2 data sets. Pass one of data.dir={tmp_path}/emnist-digits, data."
    ):
        read(tmp_path)
    assert len(read(tmp_path / "emnist-letters").class_names) == 26


def test_folders_that_are_called_like_files_are_passed_over(tmp_path):
    """A data set on Kaggle holds both."""
    write_data(tmp_path, arrays_of([0, 1]), [name.replace("-idx", ".idx") for name in NAMES])
    for name in NAMES:
        (tmp_path / name).mkdir()
    assert read(tmp_path).class_names == ("0", "1")


def test_packed_file_beside_the_same_unpacked_is_no_other(tmp_path):
    for ending in ("", ".gz"):
        write_data(tmp_path, arrays_of([0, 1]), ending=ending)
    assert [*read(tmp_path).sha256] == [str(tmp_path / name) for name in NAMES]


def test_archive_as_keras_keeps_mnist_is_read(tmp_path):
    arrays = arrays_of([0, 1])
    stored = dict(zip(other.IN_ARCHIVE, arrays, strict=True))
    np.savez(tmp_path / "mnist.npz", **stored)
    for place in (tmp_path, tmp_path / "mnist.npz"):
        np.testing.assert_array_equal(read(place).arrays[2], arrays[2])
    np.savez(tmp_path / "imdb.npz", x_train=arrays[0])
    with pytest.raises(DataError, match=r"imdb.npz: it must hold .* lacks y_train, x_test, y_test"):
        read(tmp_path / "imdb.npz")
    np.savez(tmp_path / "floats.npz", **stored | {"x_train": arrays[0] / 255})
    with pytest.raises(DataError, match=r"x_train must be uint8 with 3 .* received float64"):
        read(tmp_path / "floats.npz")


def replaced(place, array):
    return lambda folder: write_idx(folder / NAMES[place], array)


def without(place):
    return lambda folder: (folder / NAMES[place]).unlink()


def holding(place, content, ending=""):
    def change(folder):
        (folder / NAMES[place]).unlink()
        (folder / f"{NAMES[place]}{ending}").write_bytes(content)

    return change


def named(text):
    return lambda folder: (folder / "classes.txt").write_bytes(text.encode("latin-1"))


GOOD = arrays_of([0, 1, 2])
HUGE = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 2**31)


def beside(name):
    return lambda folder: write_idx(folder / name, GOOD[2])


BROKEN = {  # what is done to a good data set, and the line about it
    "one missing": (without(3), r"received t10k-im.*, and no test labels. Put what is missing"),
    "t10k and test": (
        beside("test-images-idx3-ubyte"),
        r"one file must hold the test images, received t10k-images-.* and test-images-.* Move one",
    ),
    "two spellings": (
        beside("train-images.idx3-ubyte.gz"),
        r"hold the training images, received train-images-idx3-ubyte and train-.*gz",
    ),
    "all missing": (
        lambda folder: [without(place)(folder) for place in range(4)],
        r"must hold four IDX files .* and holds nothing. Looked for are train-images-idx3-ubyte",
    ),
    "more labels than images": (
        replaced(1, np.zeros(61)),
        rf"{NAMES[1]}: it must hold a label for each of the 60 training images, received 61",
    ),
    "fewer labels than images": (
        replaced(3, np.zeros(14)),
        rf"{NAMES[3]}: it must hold a label for each of the 15 test images, received 14",
    ),
    "test images of another size": (
        replaced(2, np.zeros((15, 3, 4))),
        rf"{NAMES[2]}: test images must have the size .* 4 x 3 pixels, received 3 x 4",
    ),
    "label that only the test has": (
        replaced(3, np.arange(15) % 3 + 1),
        rf"{NAMES[3]}: its labels must be among .* received 3, which no network",
    ),
    "one class": (replaced(1, np.full(60, 4)), r"2 classes or more, received the label 4 alone"),
    "no images": (replaced(0, np.zeros((0, 4, 3))), r"received the shape \(0, 4, 3\)"),
    "no pixels": (replaced(0, np.zeros((60, 0, 3))), r"received the shape \(60, 0, 3\)"),
    "truncated": (holding(0, idx_bytes(GOOD[0])[:-1]), r"must hold 736 bytes .* received 735"),
    "too long": (holding(0, idx_bytes(GOOD[0]) + b"x"), r"must hold 736 bytes .* received more"),
    "truncated gzip": (
        holding(0, gzip.compress(idx_bytes(GOOD[0]))[:-9], ".gz"),
        r"cannot be read or unpacked: Compressed file ended",
    ),
    "empty": (holding(0, b""), r"must start with .* \(any, any, any\), 00000803, received ''"),
    "labels in place of images": (holding(0, idx_bytes(GOOD[1])), r"must start with the header"),
    "integers": (holding(1, b"\0\0\x0c\1" + idx_bytes(GOOD[1])[4:]), r"received '00000c01"),
    "huge header": (holding(0, HUGE), r"at most 1073741824 elements, received the shape \(2147"),
    "header that lies": (
        holding(0, struct.pack(">HBB3I", 0, 8, 3, MAX_BYTES, 1, 1) + b"x", ""),
        rf"must hold {MAX_BYTES + 16} bytes once unpacked, received 17",
    ),
    "too few names": (named("a\nb"), r"line for each of the 3 labels from 0 to 2 .* received 2"),
    "no name": (named("a\n \nb"), r"line 2 must be a name of 1 to 40 letters .* received ''"),
    "long name": (named(f"a\n{'b' * 41}\nc"), r"line 2 must be a name of 1 to 40 letters"),
    "control letter": (named("a\nb\x1b[2J\nc"), r"line 2 must be a name .* received 'b.x1b"),
    "formula": (named("=cmd()\nb\nc"), r"line 1 must be .* none of = \+ - @, received '=cmd"),
    "name twice": (named("a\nb\na"), r"name of its own, received 'a' again in line 3"),
    "no UTF-8": (named("a\n\xe9\nc"), r"classes.txt: it must be text in UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_D22_files_that_do_not_fit_are_refused_in_one_line(tmp_path, case):
    change, message = BROKEN[case]
    change(write_data(tmp_path, GOOD))
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("place", ["nowhere", "nowhere/deeper", "x" * 300])
def test_place_that_is_not_there_is_said_to_be_so(tmp_path, place):
    with pytest.raises(DataError, match=r"cannot read the folder .*: (No such|File name too long)"):
        read(tmp_path / place)


def test_file_in_place_of_a_folder_is_told(tmp_path):
    write_data(tmp_path, GOOD)
    with pytest.raises(DataError, match=r"cannot read the folder .*ubyte: Not a directory"):
        read(tmp_path / NAMES[0])


def splits_of(folder):
    other.read.cache_clear()
    loading.load.cache_clear()
    return loading.load(config_of("data=idx", f"data.dir={folder}").data)


def test_hash_is_that_of_images_labels_split_and_names(tmp_path):
    """Where the files lie, and how they are compressed, is no part of it."""
    write_data(tmp_path / "a", GOOD)
    write_data(tmp_path / "b", GOOD, ending=".gz")
    first, same = splits_of(tmp_path / "a"), splits_of(tmp_path / "b")
    assert first.sha256 == same.sha256
    assert first.image_shape == (4, 3)
    (tmp_path / "a" / "classes.txt").write_text("x\ny\nz")
    assert splits_of(tmp_path / "a").sha256 != first.sha256
    write_data(tmp_path / "b", arrays_of([1, 2, 3]), ending=".gz")  # the same classes from 0
    assert splits_of(tmp_path / "b").sha256 != first.sha256
