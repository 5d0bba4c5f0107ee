"""The IDX file format of MNIST and its kin, read strictly and with bounded memory."""

import gzip
import hashlib
import itertools
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from fmnist_exp.errors import DataError
from fmnist_exp.files import open_regular

UNSIGNED_BYTE = 0x08  # the only element type that these data sets use
MAX_BYTES = 2**30  # of an array; EMNIST by class, the largest of this form, has 0.55 GB


def read_idx(path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """Decode one IDX file, gzipped if its name ends in .gz.

    At most one byte more than its header states is ever decompressed, so a hostile file cannot
    fill the memory.

    Args:
        path: the file.
        shape: the dimensions that its header must state; None for any, of `MAX_BYTES` at most.

    Returns:
        uint8 array of that shape.

    Raises:
        DataError: the file cannot be read, is damaged, or holds something else.

    Source:
        LeCun, Cortes and Burges, The MNIST database, section File formats: two zero bytes, the
        element type, the number of dimensions, each dimension as a big-endian 32-bit integer,
        then the elements.
    """
    most = math.prod(size for size in shape if size is not None) if None not in shape else MAX_BYTES
    try:
        # Compressed or not, no intact file is longer than this.
        with open_regular(path, 2 * most + 1_000_000) as file:
            unpacked = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            found = _dimensions(path, unpacked.read(4 + 4 * len(shape)), shape)
            size = math.prod(found)
            content = unpacked.read(size + 1)
    except (OSError, EOFError, MemoryError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _bad(path, f"it cannot be read or unpacked: {reason}") from error
    if len(content) != size:
        start = 4 + 4 * len(shape)
        received = "more" if len(content) > size else start + len(content)
        raise _bad(path, f"it must hold {start + size} bytes once unpacked, received {received}")
    return np.frombuffer(content, np.uint8).reshape(found)


def sha256_of_idx(array: np.ndarray) -> str:
    """The sha256, in hex, of the unpacked IDX file that holds a uint8 array."""
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _dimensions(path: Path, header: bytes, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    """The dimensions that a header states, if they may be so."""
    start = struct.pack(">HBB", 0, UNSIGNED_BYTE, len(shape))
    whole = len(start) + 4 * len(shape)
    found = struct.unpack(f">{len(shape)}I", header[4:]) if len(header) == whole else ()
    same = len(found) == len(shape) and all(
        wanted in (None, each) for wanted, each in zip(shape, found, strict=True)
    )
    if header[:4] != start or not same:
        known = itertools.takewhile(lambda size: size is not None, shape)
        example = (start + b"".join(struct.pack(">I", size) for size in known)).hex()
        stated = f"the header of bytes in the shape {str(shape).replace('None', 'any')}, {example}"
        raise _bad(path, f"it must start with {stated}, received {header.hex()!r}")
    if math.prod(found) > MAX_BYTES:
        raise _bad(path, f"it must hold at most {MAX_BYTES} elements, received the shape {found}")
    return found


def _bad(path: Path, problem: str) -> DataError:
    return DataError(f"{path}: {problem}. Replace the file with an intact copy.")
