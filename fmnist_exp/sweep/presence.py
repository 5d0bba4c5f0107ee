"""Which directories a process works in, told from those that a killed process has left behind.

A mark lies in the directory as long as the work goes on, and the system holds a lock on it that
ends with the process, however it ends: no number of a process is read, which another process may
bear by now, and on a shared file system the answer is the same from every machine.
"""

import errno
import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from fmnist_exp.errors import RecordError
from fmnist_exp.files import open_regular
from fmnist_exp.records import cannot_write

log = logging.getLogger(__name__)
MARK = ".running"
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

    def on_wait() -> None:
        if not wait:
            raise RecordError(
                f"{folder} is in use: another process that still runs writes there. Wait for it to "
                "end, or choose another directory with hydra.sweep.dir=DIR."
            )
        log.info("another process works in %s: waiting for it", folder)

    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(mark, on_wait))
        except OSError as error:
            raise cannot_write(folder, error) from error
        # Before the release: those who wait look for a new one.
        stack.callback(mark.unlink, missing_ok=True)
        yield


def num_running(sweep_dir: Path) -> int:
    """How many runs of a sweep a process works on, as far as that can be told."""
    num_held = 0
    for mark in sweep_dir.glob(f"*/{MARK}"):
        with suppress(OSError):  # taken away meanwhile, or of another user
            num_held += is_held(mark)
    return num_held


def state_without_record(folder: Path) -> str:
    """What can be said of a run directory without a record."""
    try:
        held = is_held(folder / MARK)
    except FileNotFoundError:
        begun = (folder / ".hydra").exists()  # which Hydra writes just before a run
        return "ended without a record; its log may say why" if begun else "not begun"
    except OSError as error:
        return f"running or interrupted: its {MARK} cannot be read, {error.strerror}"
    return "running" if held else "interrupted: its process is gone"
