"""Where Fashion-MNIST comes from: every place it may lie, each verified before use.

A copy counts only if the decoded arrays have the known hashes, whatever its compression.
"""

import contextlib
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

from fmnist_exp.data.idx import IdxFile, locate, read_either
from fmnist_exp.errors import DataError

log = logging.getLogger(__name__)

# Hashes of the decoded arrays, computed from the files as published; Debian compresses them anew.
FILES = {
    "train-images-idx3-ubyte": IdxFile(
        (60000, 28, 28), "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012"
    ),
    "train-labels-idx1-ubyte": IdxFile(
        (60000,), "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"
    ),
    "t10k-images-idx3-ubyte": IdxFile(
        (10000, 28, 28), "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"
    ),
    "t10k-labels-idx1-ubyte": IdxFile(
        (10000,), "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"
    ),
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
        path: the folder that holds the files.
        arrays: train images uint8 (60000, 28, 28), train labels int32 (60000,), test images
            uint8 (10000, 28, 28), test labels int32 (10000,).
    """

    source: str
    path: Path
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def cache_dir() -> Path:
    """The user's folder for Fashion-MNIST; without a home to write to, a temporary one.

    Raises:
        DataError: the temporary folder belongs to another user.
    """
    with contextlib.suppress(RuntimeError, OSError):  # no home at all, or one of another user
        cache = user_cache_path("fmnist_exp", appauthor=False) / "fashion-mnist"
        nearest = next(path for path in (cache, *cache.parents) if path.exists())
        if nearest == cache or os.access(nearest, os.W_OK):
            return cache
    folder = Path(tempfile.gettempdir()) / f"fmnist_exp-{os.getuid()}"
    if os.path.lexists(folder) and folder.lstat().st_uid != os.getuid():
        raise DataError(f"{folder} belongs to another user. Set XDG_CACHE_HOME.")
    return folder / "fashion-mnist"


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
        _check_names(folder)
        return FoundData("data.dir", folder, read_folder(folder))
    failures = []
    for source, folder_of in _chain(fetch):
        try:
            path = folder_of()
            return FoundData(source, path, read_folder(path))
        except (DataError, OSError, subprocess.SubprocessError) as error:
            failures.append(f"  {source}: {error}")
    raise DataError(
        "Fashion-MNIST was not found in any of these places:\n" + "\n".join(failures) + "\nPut the "
        f"four files ({', '.join(FILES)}; with or without .gz) into one folder and pass "
        f"data.dir=FOLDER, or install Debian's package: apt-get install {DEBIAN_PACKAGE}"
    )


def _check_names(folder: Path) -> None:
    """Refuse a folder that lacks a file, and say what lies there instead."""
    missing = next((name for name in FILES if locate(folder, name) is None), None)
    if missing is None:
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        raise DataError(
            f"{'there is no' if absent else 'cannot read the'} folder {folder}"
            f"{'' if absent else f': {error.strerror}'}. Pass the folder that holds Fashion-MNIST, "
            "or none to let it be found or downloaded."
        ) from error
    held = [repr(path.name + "/" * path.is_dir()) for path in entries[:MAX_ENTRIES]]
    if len(entries) > len(held):
        held[-1] += f" and {len(entries) - len(held)} more"
    below = [path for path in entries if all(locate(path, name) for name in FILES)]
    repair = (
        f"They lie in {below[0]}: pass that folder." if below else "Give the files these names."
    )
    raise DataError(
        f"there is no {folder / missing}, with or without .gz: that folder holds "
        f"{', '.join(held) or 'nothing'}. Looked for are {', '.join(FILES)}, each with or without "
        f".gz. {repair}"
    )


def read_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Decode and verify the four files of a folder; arrays as in `FoundData`.

    Raises:
        DataError: a file is missing, damaged, or not the one that was published.
    """
    images, labels, test_images, test_labels = (_read_verified(folder, name) for name in FILES)
    return images, labels.astype(np.int32), test_images, test_labels.astype(np.int32)


def _read_verified(folder: Path, name: str) -> np.ndarray:
    array, published = read_either(folder, name, FILES[name].shape), FILES[name].sha256
    received = hashlib.sha256(array.data).hexdigest()
    if received != published:
        raise DataError(
            f"{folder / name}: the decoded array must have sha256 {published}, received "
            f"{received}: this is not Fashion-MNIST as published. Replace the file with an intact "
            "copy."
        )
    return array


def _chain(fetch: bool) -> Iterator[tuple[str, Callable[[], Path]]]:
    yield "cache", cache_dir
    yield "Debian's package", lambda: DEBIAN_DIR
    if fetch:
        for mirror in MIRRORS:
            yield "download", partial(_into_cache, partial(_download, mirror))
        yield "apt-get", partial(_into_cache, _apt_download)


def _into_cache(fetch: Callable[[Path], None]) -> Path:
    """Fetch into a folder inside the cache, verify it, and only then put the files in place.

    Whatever other processes do meanwhile, a file in place is a verified one.
    """
    target = cache_dir()
    try:
        target.mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(dir=target, prefix=".fetch-", ignore_cleanup_errors=True)
    except OSError as error:
        raise DataError(f"cannot write to the cache {target}: {error.strerror}") from error
    with work as name:
        fetch(Path(name))
        read_folder(Path(name))
        for file in FILES:
            (Path(name) / f"{file}.gz").replace(target / f"{file}.gz")
            (target / file).unlink(missing_ok=True)  # it comes first, and may be a damaged one
    return target


def _download(mirror: str, folder: Path) -> None:
    for name, file in FILES.items():
        url = f"{mirror}/{name}.gz"
        log.info("downloading %s", url)
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:
                if not response.url.startswith("https://"):
                    raise DataError(f"it was redirected to {response.url}, which is not https")
                # Compressed, no intact file is longer than its array.
                (folder / f"{name}.gz").write_bytes(response.read(math.prod(file.shape) + 1000))
            _read_verified(folder, name)
        except (OSError, HTTPException, DataError) as error:
            raise DataError(f"{url}: {error}") from error


def _apt_download(folder: Path) -> None:
    """Download and unpack Debian's package without root, with package lists of our own.

    Those of the system may be missing, and only root can fetch them.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DataError("this machine has no apt-get")
    log.info("fetching Debian's package %s", DEBIAN_PACKAGE)
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    options = (
        *("-o", f"Dir::State::lists={folder / 'lists'}"),
        *("-o", f"Dir::Cache={folder}"),
        *("-o", f"Dir::Cache::archives={folder / 'archives'}"),
    )
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
