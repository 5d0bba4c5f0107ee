"""The IDX file format of MNIST and its kin, read strictly and with bounded memory."""

import gzip
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmnist_exp.errors import DataError
from fmnist_exp.files import open_regular

UNSIGNED_BYTE = 0x08  # the only element type that these data sets use


@dataclass(frozen=True)
class IdxFile:
    """One file of the data set, whatever its compression.

    Attributes:
        shape: of the decoded array.
        sha256: of the decoded array's bytes.
    """

    shape: tuple[int, ...]
    sha256: str


def locate(folder: Path, name: str) -> Path | None:
    """The file of that name, gzipped or not; None if there is none within reach."""
    candidates = (folder / name, folder / f"{name}.gz")
    # Unlike Path.exists, False also where it cannot be told.
    return next((path for path in candidates if os.path.exists(path)), None)


def read_either(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Decode the IDX file of that name, gzipped or not; the rest as `read_idx`."""
    path = locate(folder, name)
    if path is None:
        raise DataError(f"there is no {folder / name}, with or without .gz, within reach")
    return read_idx(path, shape)


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
    size = len(header) + int(np.prod(shape))
    content = _read(path, size + 1)
    if content[:4] != header[:4]:
        raise _bad(path, f"it must start with {header[:4].hex()}, received {content[:4].hex()!r}")
    if content[: len(header)] != header:
        found = struct.unpack(
            f">{len(shape)}I", content[4 : len(header)].ljust(4 * len(shape), b"\0")
        )
        raise _bad(path, f"its header must state the shape {shape}, received {found}")
    if len(content) != size:
        received = "more" if len(content) > size else f"{len(content)}"
        raise _bad(path, f"it must hold {size} bytes once unpacked, received {received}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _read(path: Path, limit: int) -> bytes:
    try:
        # Compressed or not, no intact file is longer than this.
        with open_regular(path, 2 * limit + 1_000_000) as file:
            if path.suffix == ".gz":
                with gzip.open(file) as unpacked:
                    return unpacked.read(limit)
            return file.read(limit)
    except EOFError as error:
        raise _bad(path, "it is cut off: the compressed data end too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _bad(path, f"it is not an intact gzip file ({error})") from error
    except OSError as error:
        raise _bad(path, f"{error.strerror or error}") from error


def _bad(path: Path, problem: str) -> DataError:
    return DataError(f"{path}: {problem}. Replace the file with an intact copy.")
