"""Output directories, checked before anything is written there."""

import os
import tempfile
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.records import FIGURES, cannot_write


def check_output_dir(folder: Path, *, depth: int) -> None:
    """Refuse a directory that cannot be made or written, or from which links lead elsewhere.

    Args:
        folder: the directory of a sweep or of a run.
        depth: levels of folders that runs write to.

    Raises:
        RecordError: the directory cannot be used; the message names the path.
    """
    # Path.exists raises where a folder above cannot be searched.
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:  # in /proc: that there is no such file
        raise cannot_write(folder, error) from error
    try:
        os.stat(folder)
    except FileNotFoundError:
        return
    except OSError as error:  # its name is too long
        raise cannot_write(folder, error) from error
    _refuse_links(folder, depth)


def _refuse_links(folder: Path, depth: int) -> None:
    """Hydra and Python's logging write through links, to a place that nobody has chosen."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise RecordError(
                    f"{entry.path} is a link; nothing is written through links in the directory "
                    "of a run or sweep. Remove it, or choose another directory with "
                    "hydra.run.dir=DIR (a single run) or hydra.sweep.dir=DIR (a sweep)."
                )
            written = entry.name.isdigit() or entry.name in (".hydra", FIGURES)
            if depth > 1 and written and entry.is_dir():
                _refuse_links(Path(entry.path), depth - 1)
