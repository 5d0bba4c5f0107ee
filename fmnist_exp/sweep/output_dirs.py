"""Output directories, checked before anything is written there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from fmnist_exp.files import cannot_write


def check_output_dir(folder: Path) -> None:
    """Refuse the directory of a sweep or of a run that cannot be made or written.

    Raises:
        RecordError: the directory cannot be used; the message names the path.
    """
    # Path.exists raises where a folder above cannot be searched.
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        with suppress(FileNotFoundError):
            os.stat(folder)
    except OSError as error:  # its name is too long; in /proc: that there is no such file
        raise cannot_write(folder, error) from error
