"""Where Fashion-MNIST comes from: every place it may lie, each verified before use.

A copy counts only if the decoded arrays have the known hashes, whatever its compression.
"""

import hashlib
import logging
import math
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from fmnist_exp.data.idx import read_idx
from fmnist_exp.errors import DataError

log = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Copy = tuple[Path, Arrays]  # the folder of a verified copy, and what it holds; as in `FoundData`
FILES: dict[str, tuple[int, ...]] = {  # name -> shape of the array
    "train-images-idx3-ubyte": (60000, 28, 28),
    "train-labels-idx1-ubyte": (60000,),
    "t10k-images-idx3-ubyte": (10000, 28, 28),
    "t10k-labels-idx1-ubyte": (10000,),
}
# Hashes of the decoded arrays, computed from the files as published; Debian compresses them anew.
SHA256 = {
    "train-images-idx3-ubyte": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train-labels-idx1-ubyte": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "t10k-images-idx3-ubyte": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "t10k-labels-idx1-ubyte": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_DIR = Path("/usr/share/datasets/fashion-mnist")
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
)
CONNECT_SECONDS = 15  # without an answer for so long, a mirror counts as out of reach
APT_SECONDS = 300
MAX_ENTRIES = 10  # of a folder with other files, in a message


@dataclass(frozen=True)
class FoundData:
    """A verified copy: where it came from, where it lies, and its arrays.

    Attributes:
        source: which place of the chain it was found in.
        path: the folder that holds the files, or did so before they could not be kept.
        arrays: train images uint8 (60000, 28, 28), train labels int32 (60000,), test images
            uint8 (10000, 28, 28), test labels int32 (10000,).
    """

    source: str
    path: Path
    arrays: Arrays


def find(folder: Path | None = None, *, fetch: bool = True) -> FoundData:
    """The first verified copy: `folder` if given, else cache, Debian's package, web, apt.

    Args:
        folder: the only place to look in, if given.
        fetch: whether to go on to the web and to apt if this machine has no copy.

    Raises:
        DataError: the copy in `folder` is missing or damaged; or, without a folder, no place
            has an intact copy, and the message lists each place and what was wrong with it.
    """
    if folder is not None:
        return FoundData("data.dir", *_copy_in(folder))
    failures = []
    for source, read in _places(fetch):
        try:
            return FoundData(source, *read())
        except (DataError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            failures.append(f"  {source}: {error}")
    raise DataError(
        "Fashion-MNIST was not found in any of these places:\n" + "\n".join(failures) + "\nPut the "
        f"four files ({', '.join(FILES)}; with or without .gz) into one folder and pass "
        f"data.dir=FOLDER, or install Debian's package: apt-get install {DEBIAN_PACKAGE}"
    )


def _places(fetch: bool) -> Iterator[tuple[str, Callable[[], Copy]]]:
    """Name of each place, and what reads the copy that lies there."""
    yield "cache", lambda: _copy_in(cache_dir())
    yield "Debian's package", lambda: _copy_in(DEBIAN_DIR)
    if fetch:
        for mirror in MIRRORS:
            yield "download", partial(_fetched, partial(_download, mirror))
        yield "apt-get", partial(_fetched, _apt_download)


def cache_dir() -> Path:
    """The folder for Fashion-MNIST in the user's cache; RuntimeError without a home."""
    return user_cache_path("fmnist_exp", appauthor=False) / "fashion-mnist"


def _copy_in(folder: Path) -> Copy:
    """Decode and verify the four files of a folder.

    Raises:
        DataError: a file is missing, damaged, or not the one that was published.
    """
    images, labels, test_images, test_labels = (_read_verified(folder, name) for name in FILES)
    return folder, (images, labels.astype(np.int32), test_images, test_labels.astype(np.int32))


def _read_verified(folder: Path, name: str) -> np.ndarray:
    candidates = (folder / name, folder / f"{name}.gz")
    # Unlike Path.exists, False also where it cannot be told.
    path = next((path for path in candidates if os.path.exists(path)), None)
    if path is None:
        raise _lacks(folder, name)
    published, array = SHA256[name], read_idx(path, FILES[name])
    received = hashlib.sha256(array.data).hexdigest()
    if received != published:
        raise DataError(
            f"{path}: the decoded array must have sha256 {published}, received {received}: this is "
            "not Fashion-MNIST as published. Replace the file with an intact copy."
        )
    return array


def _lacks(folder: Path, name: str) -> DataError:
    """The error that says what a folder holds instead of a file."""
    try:
        entries = sorted(repr(path.name + "/" * path.is_dir()) for path in folder.iterdir())
    except OSError as error:
        return DataError(
            f"cannot read the folder {folder}: {error.strerror}. It must hold Fashion-MNIST."
        )
    held = ", ".join(entries[:MAX_ENTRIES]) or "nothing"
    more = f" and {len(entries) - MAX_ENTRIES} more" if len(entries) > MAX_ENTRIES else ""
    return DataError(
        f"there is no {folder / name}, with or without .gz: that folder holds {held}{more}. Looked "
        f"for are {', '.join(FILES)}. Give the files these names."
    )


def _fetched(fetch: Callable[[Path], None]) -> Copy:
    """Fetch into a temporary folder, verify, and only then put the files into the cache.

    Whatever other processes do meanwhile, a file in place is a verified one. Without a cache that
    can be written, the next process fetches them anew.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        fetch(Path(name))
        folder, arrays = _copy_in(Path(name))
        try:
            cache = cache_dir()
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as beside:
                for file in FILES:
                    copied = shutil.copy(folder / f"{file}.gz", beside)
                    os.replace(copied, cache / f"{file}.gz")
                    (cache / file).unlink(missing_ok=True)  # it comes first, and may be damaged
            return cache, arrays
        except (OSError, RuntimeError) as error:
            log.warning("Fashion-MNIST is not kept for later processes: %s", error)
    return folder, arrays


def _download(mirror: str, folder: Path) -> None:
    for name, shape in FILES.items():
        url = f"{mirror}/{name}.gz"
        log.info("downloading %s", url)
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:
                if not response.url.startswith("https://"):
                    raise DataError(f"it was redirected to {response.url}, which is not https")
                # Compressed, no intact file is longer than its array.
                (folder / f"{name}.gz").write_bytes(response.read(math.prod(shape) + 1000))
            _read_verified(folder, name)
        except (OSError, HTTPException, DataError) as error:
            raise DataError(f"{url}: {error}") from error


def _apt_download(folder: Path) -> None:
    """Download and unpack Debian's package without root, with package lists of our own.

    Those of the system may be missing, and only root can fetch them.
    """
    log.info("fetching Debian's package %s", DEBIAN_PACKAGE)
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    options = (f"-oDir::State::lists={folder / 'lists'}", f"-oDir::Cache={folder}")
    _run("apt-get", *options, "update", cwd=folder)
    _run("apt-get", *options, "download", DEBIAN_PACKAGE, cwd=folder)
    for package in folder.glob("*.deb"):
        _run("dpkg-deb", "--extract", str(package), str(folder), cwd=folder)
    for path in (folder / DEBIAN_DIR.relative_to("/")).glob("*-ubyte.gz"):
        path.rename(folder / path.name)


def _run(*command: str, cwd: Path) -> None:
    result = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=APT_SECONDS, check=False
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(f"{' '.join(command[:1] + command[-2:])}: {last}")
