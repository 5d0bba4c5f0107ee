"""Locks of the system on files: they end with their process, however it ends."""

import errno
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from fmnist_exp.files import open_regular

MAX_BYTES = 1000  # of a lock file, which is empty
FIRST_WAIT = 0.5  # seconds; a look at a lock by `is_held` is over long before
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock of the system until the block ends, or the process does, however it ends.

    Args:
        path: the lock file; it stays.
        on_wait: called if another process holds the lock; what it raises ends the waiting.

    Raises:
        OSError: the file cannot be opened, or lies on a file system without locks.
    """
    # A file alone would outlive its process; and who may use a lock, its folder says.
    lock = FileLock(path, mode=0o666, fallback_to_soft=False)
    try:
        lock.acquire(timeout=FIRST_WAIT)
    except Timeout:
        on_wait()
        lock.acquire()
    except OSError as error:
        if error.errno in NO_LOCKS:
            error.strerror = f"its file system has no locks ({error.strerror})"
        raise
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds a lock; the file need only be readable.

    Raises:
        OSError: there is no such file, or it cannot be told.
    """
    with open_regular(path, MAX_BYTES) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
