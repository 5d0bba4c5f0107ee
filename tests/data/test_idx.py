"""Every damaged or foreign file becomes one DataError that names it."""

import gzip
import struct

import numpy as np
import pytest

from fmnist_exp.data.idx import read_idx
from fmnist_exp.errors import DataError

SHAPE = (3, 2, 2)
PIXELS = np.arange(12, dtype=np.uint8)
HEADER = struct.pack(">HBB3I", 0, 8, 3, *SHAPE)
GOOD = HEADER + PIXELS.tobytes()
GZ = gzip.compress(GOOD, mtime=0)
FLIPPED = GZ[:-8] + bytes([GZ[-8] ^ 1]) + GZ[-7:]  # the checksum

# name -> (file name, content, what the message must say)
BAD_FILES = {
    "empty": ("f", b"", "must start with"),
    "empty gzip": ("f.gz", b"", "must start with"),
    "short header": ("f", HEADER[:9], "header of bytes in the shape"),
    "truncated": ("f", GOOD[:-1], "must hold 28 bytes once unpacked, received 27"),
    "over-long": ("f", GOOD + b"x", "must hold 28 bytes once unpacked, received more"),
    "wrong magic": ("f", b"\0\0\x0d\3" + GOOD[4:], "shape .3, 2, 2., 00000803"),
    "labels for images": ("f", struct.pack(">HBBI", 0, 8, 1, 12) + PIXELS.tobytes(), "start with"),
    "other count": (
        "f",
        struct.pack(">HBB3I", 0, 8, 3, 2, 2, 3) + PIXELS.tobytes(),
        "received '00000803000000020000000200000003",
    ),
    "truncated gzip": ("f.gz", GZ[:-9], "Compressed file ended before the end"),
    "checksum": ("f.gz", FLIPPED, "cannot be read or unpacked"),
    "body": ("f.gz", GZ[:12] + b"\xff\xff\xff" + GZ[15:], "cannot be read or unpacked"),
    "page of html": ("f.gz", b"<html>not found</html>", "cannot be read or unpacked"),
    "two members": ("f.gz", GZ + GZ, "received more"),
    "gzip bomb": ("f.gz", gzip.compress(GOOD + bytes(10**8)), "received more"),
}


@pytest.mark.parametrize("content", [GOOD, GZ], ids=["plain", "gzip"])
def test_good_file_is_decoded(tmp_path, content):
    path = tmp_path / ("f.gz" if content is GZ else "f")
    path.write_bytes(content)
    np.testing.assert_array_equal(read_idx(path, SHAPE), PIXELS.reshape(SHAPE))


@pytest.mark.parametrize("case", BAD_FILES)
def test_D20_D21_bad_file_is_refused_by_name(tmp_path, case):
    name, content, message = BAD_FILES[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(tmp_path / name, SHAPE)
    assert str(tmp_path / name) in str(caught.value)


def test_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a regular file"):
        read_idx(tmp_path, SHAPE)
