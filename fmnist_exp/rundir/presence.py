"""Which directories a process works in, told from those that a killed process has left behind.

The process marks the directory with a file and holds a lock on it, which ends with the process. A
process number would not do: another process may have it by now, or it is one of another machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmnist_exp.locks import is_held, locked

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
    with locked(mark, f"another process works in {folder}", wait=wait):
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)  # before the release: those who wait make a new one


def num_running(sweep_dir: Path) -> int:
    """How many runs of a sweep a process works on, as far as that can be told."""
    folders = [mark.parent for mark in sweep_dir.glob(f"*/{MARK}")]
    return [state_without_record(folder) for folder in folders].count("running")


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
