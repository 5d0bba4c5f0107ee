"""Every finished run, kept by content: the same run is never trained twice.

A store is a folder with one folder per run key. A run is trained inside the store and handed out
to its run directory from there, so a kept run is complete or absent, wherever a process dies.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from fmnist_exp import records
from fmnist_exp.errors import RecordError
from fmnist_exp.files import read_regular
from fmnist_exp.records import RunRecord

log = logging.getLogger(__name__)

MODEL = "model.keras"  # in the store, where no option's spelling can be part of a name
FILES = frozenset(  # of a kept run, beside its record
    (
        MODEL,
        records.HISTORY,
        records.PREDICTIONS,
        records.CONFUSION_MATRIX,
        records.CLASSIFICATION_REPORT,
    )
)
UNFINISHED = "unfinished"  # the folder of the store where runs are trained
LOCKS = "locks"
SEAL = "run.json.sha256"  # as sha256sum writes it; the record itself holds all other hashes
FIRST_WAIT = 0.5  # seconds until a waiting run says what it waits for


@dataclass(frozen=True)
class Store:
    """Finished runs, kept by content, safe with several processes at once.

    Attributes:
        root: the folder.
    """

    root: Path

    @contextmanager
    def claim(self, run_key: str) -> Iterator[None]:
        """Be the only process that trains this run; wait while another one does.

        The claim of a process ends with the process, however it ends.

        Raises:
            RecordError: the store cannot be written.
        """
        lock = FileLock(self._subfolder(LOCKS) / f"{run_key}.lock")
        try:
            lock.acquire(timeout=FIRST_WAIT)
        except Timeout:
            log.info("another process trains run %s: waiting for it", run_key[:12])
            lock.acquire()
        except OSError as error:
            raise records.cannot_write(self.root, error) from error
        try:
            yield
        finally:
            lock.release()

    def find(self, run_key: str) -> RunRecord | None:
        """The record of a kept run, once every file of it has proved intact; None without one."""
        folder = self.folder(run_key)
        if not os.path.lexists(folder):
            return None
        try:
            record = records.read_record(folder)
            self._check(record, run_key)
        except (RecordError, OSError) as error:
            log.warning("the kept run %s is damaged and is trained again: %s", folder, error)
            self._delete(folder)
            return None
        return record

    @contextmanager
    def workplace(self, run_key: str) -> Iterator[Path]:
        """A folder to train in; kept under the key once the block ends without an error.

        Raises:
            RecordError: the store cannot be written.
        """
        unfinished = self._subfolder(UNFINISHED)
        former = [*unfinished.glob(f"{run_key[:12]}-*")]  # of a process that was killed
        for path in [*former, *unfinished.glob(f".{run_key}{records.TEMPORARIES[1:]}")]:
            self._delete(path)
        try:
            folder = Path(tempfile.mkdtemp(dir=unfinished, prefix=f"{run_key[:12]}-"))
        except OSError as error:
            raise records.cannot_write(self.root, error) from error
        try:
            yield folder
            records.write_text(folder / SEAL, _seal(folder))
            try:
                folder.rename(self.folder(run_key))
            except OSError as error:
                raise records.cannot_write(self.folder(run_key), error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # it has moved if all went well

    def hand_out(self, record: RunRecord, run_dir: Path, model_name: str) -> None:
        """Put the files of a kept run, but for its record, into a run directory.

        Files are linked where the file system can, so a run in many sweeps takes its space once.
        """
        for name in record.artifacts:
            target = run_dir / (model_name if name == MODEL else name)
            _link(self.folder(record.run_key) / name, target)

    def folder(self, run_key: str) -> Path:
        """Where a run is kept."""
        return self.root / run_key

    def checkpoint(self, run_key: str) -> Path:
        """Where a run that is still being trained keeps its last state."""
        return self.root / UNFINISHED / f"{run_key}.npz"

    def kept(self) -> list[str]:
        """Keys of all kept runs, the one kept first at the beginning."""
        if not self.root.is_dir():
            return []
        folders = [path for path in self.root.iterdir() if (path / records.RECORD).is_file()]
        return [path.name for path in sorted(folders, key=_age)]

    def remove(self, run_key: str) -> None:
        """Forget a kept run; run directories that it was handed out to stay as they are."""
        with self.claim(run_key):
            self._delete(self.folder(run_key))

    def _check(self, record: RunRecord, run_key: str) -> None:
        folder = self.folder(run_key)
        if folder.is_symlink():
            raise RecordError("it is a link to another place")
        if record.run_key != run_key or record.status not in records.FINISHED:
            raise RecordError(f"its record is that of run {record.run_key}, {record.status}")
        if read_regular(folder / SEAL, len(_seal(folder))) != _seal(folder).encode():
            raise RecordError(f"its record is not the one that {SEAL} was made of")
        if record.artifacts.keys() != FILES:
            raise RecordError(f"its record must name {sorted(FILES)}, and no other file")
        for name, sha256 in record.artifacts.items():
            path = folder / name
            regular = path.is_file() and not path.is_symlink()
            if not regular or records.sha256_of(path) != sha256:
                raise RecordError(f"{name} is not the file that the run has written")

    def _subfolder(self, name: str) -> Path:
        folder = self.root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise records.cannot_write(self.root, error) from error
        if folder.is_symlink():
            raise RecordError(
                f"{folder} must be a folder, received a link to {folder.resolve()}, where nothing "
                "may be written. Remove the link, or choose another store with store=DIR."
            )
        return folder

    def _delete(self, path: Path) -> None:
        """Delete a file, a folder or a link; never what a link leads to."""
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise records.cannot_write(path, error) from error


def handed_out(record: RunRecord, choices: dict[str, str], config: dict) -> RunRecord:
    """The record of a kept run as the run directory has it that asked for it.

    Args:
        record: as kept.
        choices: config group -> option, as spelled for this run directory.
        config: the resolved config of this run, which may name another data folder.
    """
    model_name = records.model_name(config)
    artifacts = {
        model_name if name == MODEL else name: sha256 for name, sha256 in record.artifacts.items()
    }
    return replace(record, choices=choices, config=config, artifacts=artifacts)


def _link(source: Path, target: Path) -> None:
    with records.atomic_path(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:  # another file system, or one without links
            shutil.copy2(source, temporary)


def _seal(folder: Path) -> str:
    return f"{records.sha256_of(folder / records.RECORD)}  {records.RECORD}\n"


def _age(folder: Path) -> tuple[float, str]:
    return ((folder / records.RECORD).stat().st_mtime, folder.name)
