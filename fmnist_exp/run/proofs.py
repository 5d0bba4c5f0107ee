"""Whether a kept run is what it was: one of its files lists the hashes of all the others."""

import hashlib
from pathlib import Path

from fmnist_exp.files import sha256_of, write_text
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

MODEL = "model.keras"  # in the store, where no option's spelling can be part of a name
FILES = (MODEL, *records.RESULTS)  # of a kept run, beside its record
HASHES = "sha256sums"  # as the command sha256sum writes it


class Damage(Exception):
    """A kept run that is not what its own hashes say."""


def seal(folder: Path) -> None:
    """Write the hashes of all files of a run beside them."""
    write_text(folder / HASHES, _listed(_hashes(folder)))


def proved(folder: Path, run_key: str) -> RunRecord:
    """The record of a kept run, once every file has proved intact; `artifacts` are those kept.

    Raises:
        Damage: a file is missing, is a link or has another hash.
        RecordError: it is intact, but not a run of this form and key.
        OSError: it cannot be read.
    """
    if folder.is_symlink():
        raise Damage("it is a link to another place")
    hashes = _hashes(folder)
    if sha256(folder / HASHES) != hashlib.sha256(_listed(hashes).encode()).hexdigest():
        raise Damage(f"its files are not those that {HASHES} lists")
    record = records.read_record(folder)
    if record.run_key != run_key or record.status not in records.FINISHED:
        problem = f"it must be of run {run_key}, received {record.run_key}, {record.status}"
        raise records.cannot_read(folder / records.RECORD, problem)
    return record.replaced(artifacts={name: hashes[name] for name in FILES})


def sha256(path: Path) -> str:
    """The hash of a file of a kept run, which must be there and no link."""
    if path.is_symlink() or not path.is_file():
        raise Damage(f"{path.name} is missing, or no file")
    return sha256_of(path)


def _hashes(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / name) for name in (*FILES, records.RECORD)}


def _listed(hashes: dict[str, str]) -> str:
    return "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items())
