"""Which directories a process works in, told from those that a killed process has left behind.

A mark lies in the directory as long as the work goes on, and the system holds a lock on it that
ends with the process, however it ends: no number of a process is read, which another process may
bear by now, and on a shared file system the answer is the same from every machine.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.files import cannot_write
from fmnist_exp.locks import is_held, locked

log = logging.getLogger(__name__)
MARK = ".running"


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
