"""Whether a kept run is what it says of itself: every file has a hash, and so has the record."""

import hashlib
import stat
from pathlib import Path

from fmnist_exp.files import sha256_of, write_text
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

MODEL = "model.keras"  # in the store, where no option's spelling can be part of a name
FILES = frozenset((MODEL, *records.RESULTS))  # of a kept run, beside its record
SEAL = "run.json.sha256"  # as sha256sum writes it; the record itself holds all other hashes


class Damage(Exception):
    """A kept run that is not what its own hashes say."""


def seal(folder: Path) -> None:
    """Write the hash of the record beside it."""
    write_text(folder / SEAL, _seal(folder))


def proved(folder: Path, run_key: str) -> RunRecord:
    """The record of a kept run, once every file of it has proved intact.

    Raises:
        Damage: a file is missing, is a link or has another hash.
        RecordError: it is intact, but not a run of this form and key.
        OSError: it cannot be read.
    """
    if folder.is_symlink():
        raise Damage("it is a link to another place")
    if sha256(folder / SEAL) != hashlib.sha256(_seal(folder).encode()).hexdigest():
        raise Damage(f"its record is not the one that {SEAL} was made of")
    record = records.read_record(folder)
    if record.run_key != run_key or record.status not in records.FINISHED:
        problem = f"it must be of run {run_key}, received {record.run_key}, {record.status}"
        raise records.cannot_read(folder / records.RECORD, problem)
    if record.artifacts.keys() != FILES:
        problem = f"it must name {', '.join(sorted(FILES))} and no other file"
        raise records.cannot_read(folder / records.RECORD, problem)
    for name, expected in record.artifacts.items():
        if sha256(folder / name) != expected:
            raise Damage(f"{name} is not the file that the run has written")
    return record


def sha256(path: Path) -> str:
    """The hash of a file of a kept run, which must be there and no link."""
    try:
        is_file = stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Damage(f"{path.name} is missing") from error
    if not is_file:
        raise Damage(f"{path.name} is not a file")
    return sha256_of(path)


def _seal(folder: Path) -> str:
    return f"{sha256(folder / records.RECORD)}  {records.RECORD}\n"
