"""Every finished run, kept by content: the same run is never trained twice.

A store is a folder with one folder per run key. A run is trained in its run directory; its files
are then gathered in the store and moved to their place at once, so a kept run is complete or
absent, wherever a process dies. A store that cannot be used costs no run: it is trained without.
"""

import logging
import os
import re
import secrets
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.files import atomic_path, cannot
from fmnist_exp.locks import locked
from fmnist_exp.run import proofs
from fmnist_exp.run.proofs import MODEL
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord

log = logging.getLogger(__name__)

UNFINISHED = "unfinished"  # a folder for each run that is in training or on its way into the store
LOCKS = "locks"
KEY = re.compile("[0-9a-f]{64}")
SHORT = 12  # digits of a key that are shown
INSTEAD = "choose another store with store=DIR, or train without one with reuse=false"


@dataclass(frozen=True)
class Store:
    """Finished runs in the folder `root`, kept by content, safe with several processes at once."""

    root: Path

    def check(self) -> None:
        """Make sure, before the first run is trained, that runs can be kept.

        Raises:
            RecordError: a folder of the store cannot be made, written or locked.
        """
        for folder in (self.root / LOCKS, self.root / UNFINISHED, self.root):
            probe = folder / f".{secrets.token_hex(8)}"
            with locked(probe, "", INSTEAD):
                probe.unlink()

    def claim(self, run_key: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only process that trains this run, until the block ends.

        Raises:
            RecordError: the store cannot be written, or another process has claimed the run and is
                not to be waited for.
        """
        lock = self.root / LOCKS / f"{run_key}.lock"
        user = f"another process trains run {run_key[:SHORT]} or takes it out of the store"
        return locked(lock, user, INSTEAD, wait=wait)

    def find(self, run_key: str) -> RunRecord | None:
        """The record of a kept run, once every file of it has proved intact; None without one.

        Only a run that is not what it says of itself is deleted, to be trained again.

        Raises:
            RecordError: a kept run cannot be read, is of another form, or cannot be deleted.
        """
        folder = self.folder(run_key)
        if not os.path.lexists(folder):
            return None
        try:
            return proofs.proved(folder, run_key)
        except proofs.Damage as damage:
            log.warning("the kept run %s is damaged and is trained again: %s", folder, damage)
            self._delete(folder)
            return None
        except OSError as error:
            raise cannot("read", folder, error, INSTEAD) from error

    def keep(self, record: RunRecord, run_dir: Path) -> None:
        """Keep a finished run of a run directory: wholly, or not at all, which costs no run."""
        place, folder = self.folder(record.run_key), self.unfinished(record.run_key) / "whole"
        try:
            shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
            folder.mkdir(parents=True)
            for name in proofs.FILES:
                source = run_dir / _name_in_run_dir(name, record)
                # A shared folder has a group of its own, which must be able to read the file.
                same_group = source.stat().st_gid == folder.stat().st_gid
                (_link if same_group else _copy)(source, folder / name)
            records.write_record(folder, record)
            proofs.seal(folder)
            folder.rename(place)
        except (OSError, RecordError) as error:  # whose words name run directories
            cause = error if isinstance(error, OSError) else error.__cause__
            assert isinstance(cause, OSError)
            reason = cannot("write", place, cause, INSTEAD)
            log.warning("this run is complete but not kept: %s", reason)

    def hand_out(self, kept: RunRecord, run_dir: Path, asked: RunRecord) -> RunRecord:
        """Put the files of a kept run, but for its record, into a run directory.

        Files are linked where the file system can, so a run in many sweeps takes its space once.
        The run as `asked` for may name other options or another data folder.

        Returns:
            The record for the directory.
        """
        artifacts = {}
        for name, sha256 in kept.artifacts.items():
            target = _name_in_run_dir(name, asked)
            _link(self.folder(kept.run_key) / name, run_dir / target)
            artifacts[target] = sha256
        here = {each: getattr(asked, each) for each in ("choices", "config", "note", "tags")}
        return kept.replaced(**here, artifacts=artifacts, reused=True)

    def folder(self, run_key: str) -> Path:
        """Where a run is kept."""
        return self.root / run_key

    def unfinished(self, run_key: str) -> Path:
        """Where a run lies that is still being trained."""
        return self.root / UNFINISHED / run_key

    def checkpoint(self, run_key: str) -> Path:
        """Where such a run keeps its last state."""
        return self.unfinished(run_key) / "state.npz"

    def clear(self, run_key: str) -> None:
        """Remove what is left of a run that has ended, or of killed processes that trained it.

        The run must be claimed. What cannot be removed stays among those that were stopped.
        """
        shutil.rmtree(self.unfinished(run_key), ignore_errors=True)

    def kept(self) -> list[str]:
        """Keys of all kept runs, the one kept first at the beginning."""
        return self._keys(self.root)

    def stopped(self) -> list[str]:
        """Keys of runs that are in training or were stopped: the same command goes on with them."""
        return self._keys(self.root / UNFINISHED)

    def remove(self, path: Path) -> None:
        """Delete a kept run, or what is left of another; run directories stay as they are.

        Raises:
            RecordError: it is in use, or cannot be deleted.
        """
        with self.claim(path.name, wait=False):
            self._delete(path)

    def _keys(self, folder: Path) -> list[str]:
        """What is named after a run in a folder of the store, the oldest first."""
        try:
            found = [path for path in folder.iterdir() if KEY.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise cannot("read", folder, error, INSTEAD) from error
        return [path.name for path in sorted(found, key=lambda path: (written(path), path.name))]

    def _delete(self, path: Path) -> None:
        """Delete a file, a folder or a link; never what a link leads to."""
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise cannot("delete", path, error, INSTEAD) from error


def written(path: Path) -> float:
    """When a file or folder was last written, in seconds since 1970; 0 if it is gone."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _name_in_run_dir(name: str, record: RunRecord) -> str:
    return records.model_name(record.config) if name == MODEL else name


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, one without links, or a file that others own
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
