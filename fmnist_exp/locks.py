"""Locks of the system on files: they end with their process, however it ends."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from fmnist_exp.errors import RecordError
from fmnist_exp.files import DIRECTORIES, cannot, open_regular

log = logging.getLogger(__name__)
MAX_BYTES = 1000  # of a lock file, which is empty
FIRST_WAIT = 0.5  # seconds; a look at a lock by `is_held` is over long before


@contextmanager
def locked(
    path: Path, user: str, instead: str = DIRECTORIES, *, wait: bool = True
) -> Iterator[None]:
    """Hold a lock of the system until the block ends, or the process does, however it ends.

    Args:
        path: the lock file, made with its folder if it is not there; it stays.
        user: who holds the lock if this process does not, and what for.
        instead: what else to do where this cannot be.
        wait: whether to wait for such a process to end, or to refuse.

    Raises:
        RecordError: the file cannot be opened or locked, or another process holds the lock, which
            was not to be waited for.
    """
    # A file alone would outlive its process; and who may use a lock, its folder says.
    lock = FileLock(path, mode=0o666, fallback_to_soft=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=FIRST_WAIT)
        except Timeout:
            if not wait:
                raise RecordError(f"{user}. Wait for it to end, or {instead}.") from None
            log.info("%s: waiting for it", user)
            lock.acquire()
    except OSError as error:
        raise cannot("lock", path.parent, error, instead) from error
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
