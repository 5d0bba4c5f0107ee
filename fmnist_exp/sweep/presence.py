"""Which directories a process works in, told from those that a killed process has left behind.

A mark lies in the directory as long as the work goes on, and the system holds a lock on it that
ends with the process, however it ends: no number of a process is read, which another process may
bear by now, and on a shared file system the answer is the same from every machine.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from fmnist_exp.errors import RecordError
from fmnist_exp.records import cannot_write

log = logging.getLogger(__name__)
MARK = ".running"
FIRST_WAIT = 0.5  # seconds; a look at the mark by `is_running` is over long before


@contextmanager
def working_in(folder: Path, *, wait: bool) -> Iterator[None]:
    """Be the only process that works in a directory, and be seen there until the block ends.

    Args:
        folder: the directory; made if it is not there.
        wait: whether to wait for another process to end, or to refuse.

    Raises:
        RecordError: another process works there, or the directory cannot be written.
    """
    mark = folder / MARK
    lock = FileLock(mark)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=FIRST_WAIT)
    except Timeout as error:
        if not wait:
            raise RecordError(
                f"{folder} is in use: another process that still runs writes there. Wait for it to "
                "end, or choose another directory with hydra.sweep.dir=DIR."
            ) from error
        log.info("another process works in %s: waiting for it", folder)
        lock.acquire()
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)  # before the release: those who wait look for a new one
        lock.release()


def is_running(folder: Path) -> bool | None:
    """Whether a process works in a directory; None if none has begun to, or it cannot be told."""
    mark = folder / MARK
    if not mark.is_file() or mark.is_symlink():
        return None
    try:
        with FileLock(mark, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return None


def state_without_record(folder: Path) -> str:
    """What can be said of a run directory without a record."""
    running = is_running(folder)
    if running is None:
        begun = (folder / ".hydra").exists()  # which Hydra writes just before a run
        return "ended without a record; its log may say why" if begun else "not begun"
    return "running" if running else "interrupted: its process is gone"
