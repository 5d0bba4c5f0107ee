"""The IDX file format of MNIST and its kin, read strictly and with bounded memory."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from fmnist_exp.errors import DataError
from fmnist_exp.files import open_regular

UNSIGNED_BYTE = 0x08  # the only element type that these data sets use


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Decode one IDX file, gzipped if its name ends in .gz.

    At most one byte more than `shape` allows is ever decompressed, so a hostile file cannot
    fill the memory.

    Args:
        path: the file.
        shape: the dimensions that its header must state.

    Returns:
        uint8 array of that shape.

    Raises:
        DataError: the file cannot be read, is damaged, or holds something else.

    Source:
        LeCun, Cortes and Burges, The MNIST database, section File formats: two zero bytes, the
        element type, the number of dimensions, each dimension as a big-endian 32-bit integer,
        then the elements.
    """
    header = struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)
    size = len(header) + math.prod(shape)
    try:
        # Compressed or not, no intact file is longer than this.
        with open_regular(path, 2 * size + 1_000_000) as file:
            unpacked = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            content = unpacked.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise _bad(path, f"it cannot be read or unpacked: {reason}") from error
    received = content[: len(header)]
    if received != header:
        stated = f"the header of bytes in the shape {shape}, {header.hex()}"
        raise _bad(path, f"it must start with {stated}, received {received.hex()!r}")
    if len(content) != size:
        received_size = "more" if len(content) > size else len(content)
        raise _bad(path, f"it must hold {size} bytes once unpacked, received {received_size}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _bad(path: Path, problem: str) -> DataError:
    return DataError(f"{path}: {problem}. Replace the file with an intact copy.")
