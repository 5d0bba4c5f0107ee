"""Files read with care, as others may have left them; and written whole or not at all."""

import errno
import hashlib
import os
import secrets
import stat
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

import numpy as np

from fmnist_exp.errors import RecordError

TEMPORARIES = ".*.tmp*"  # files that were being written when their process was killed
# What NumPy and zipfile raise for archives that are damaged or malicious.
DAMAGES = (
    *(ValueError, KeyError, TypeError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def open_regular(path: Path, limit: int) -> BufferedReader:
    """Open a regular file for reading; a pipe or a device could block, or never end.

    Args:
        path: the file.
        limit: the most bytes that it may hold.

    Raises:
        OSError: there is no such file, it is no regular one, or it is larger; `strerror` says so.
    """
    # Without O_NONBLOCK the opening of a pipe would wait for its other end.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if found.st_size > limit:
            message = f"it must hold at most {limit} bytes, received {found.st_size}"
            raise OSError(errno.EFBIG, message, str(path))
        return open(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """The whole content of such a file; errors as `open_regular`."""
    with open_regular(path, limit) as file:
        return file.read()


def read_arrays(path: Path, limit: int) -> dict[str, np.ndarray]:
    """The arrays of a NumPy archive; objects, which could run code, are not read.

    Args:
        path: the file.
        limit: the most bytes that the archive may hold, packed and unpacked.

    Raises:
        OSError: as `open_regular`.
        ValueError: it is no intact archive, or holds more or something else.
    """
    with open_regular(path, limit) as file:
        try:
            # NumPy allocates what an archive says of itself, so that is asked first.
            with zipfile.ZipFile(file) as archive:
                unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > limit:
                raise ValueError(f"it must unpack to at most {limit} bytes, received {unpacked}")
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except DAMAGES as error:
            raise ValueError(f"it is not an intact archive of arrays ({error})") from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the block ends without an error.

    Raises:
        RecordError: the directory or the file cannot be written.
    """
    # A killed process leaves this file behind; its name tells whose it was.
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()  # with the permissions that the user's umask gives
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot("write", path, error) from error
    finally:
        with suppress(OSError):  # it has its name, or was never made
            temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file atomically; errors as `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with the line ends as they are in `text`."""
    write_bytes(path, text.encode())


def sha256_of(path: Path) -> str:
    """The sha256 of a regular file's bytes, in hex; errors as `open_regular`."""
    with open_regular(path, sys.maxsize) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


DIRECTORIES = (
    "choose another directory with hydra.run.dir=DIR (a single run), hydra.sweep.dir=DIR (a sweep) "
    "or --out DIR (a report)"
)


def cannot(act: str, path: Path, error: OSError, instead: str = DIRECTORIES) -> RecordError:
    """The error that says what could not be done with a path, why, and what to do."""
    return RecordError(
        f"cannot {act} {path}: {error.strerror or error}. The directory must be writable, with "
        f"space left and nothing in the way, or {instead}."
    )
