"""Files that others may have left: opened only if they are files, of a size that can be right."""

import errno
import os
import stat
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

# What NumPy and zipfile raise for archives that are none, or not what they say.
DAMAGES = (
    *(ValueError, KeyError, TypeError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def user_cache() -> Path:
    """This project's folder in the user's cache, by the XDG base directory specification.

    Raises:
        RuntimeError: the user has no home folder.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fmnist_exp"


def open_regular(path: Path, limit: int) -> IO[bytes]:
    """Open a file for reading; a named pipe or a device would be waited for, or never end.

    Args:
        path: the file.
        limit: the most bytes that it may hold.

    Raises:
        OSError: there is no such file, it is no regular one, or it is larger; `strerror` says so.
    """
    # Without O_NONBLOCK the opening of a pipe would wait for its other end.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
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
