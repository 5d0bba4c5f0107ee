"""Where Fashion-MNIST comes from: every place it may lie, each verified before use.

A copy counts only if its unpacked files have the known hashes, whatever its compression.
"""

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

from fmnist_exp.data import known
from fmnist_exp.data.folders import FILES, held
from fmnist_exp.data.idx import read_idx, sha256_of_idx
from fmnist_exp.errors import DataError

log = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Copy = tuple[Path, Arrays]  # the folder of a verified copy, and what it holds; as in `FoundData`
SHAPES: dict[str, tuple[int, ...]] = dict(
    zip(FILES, ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,)), strict=True)
)
SHA256 = known.SHA256[known.FASHION_MNIST]
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_DIR = Path("/usr/share/datasets/fashion-mnist")
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
)
CONNECT_SECONDS = 15  # without an answer for so long, a mirror counts as out of reach
APT_SECONDS = 300


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
    """The first verified copy: `folder` if given, else caches, Debian's package, web, apt.

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
    yield "Keras's cache", lambda: _copy_in(keras_dir())
    yield "Debian's package", lambda: _copy_in(DEBIAN_DIR)
    if fetch:
        for mirror in MIRRORS:
            yield "download", partial(_fetched, partial(_download, mirror))
        yield "apt-get", partial(_fetched, _apt_download)


def cache_dir() -> Path:
    """The folder for Fashion-MNIST in the user's cache; RuntimeError without a home."""
    return user_cache_path("fmnist_exp", appauthor=False) / "fashion-mnist"


def keras_dir() -> Path:
    """Where Keras itself keeps the files that it fetches; RuntimeError without a home."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras")
    return home.expanduser() / "datasets" / "fashion-mnist"


def _copy_in(given: Path) -> Copy:
    """Decode and verify the four files of a folder, or of where torchvision puts them below it.

    Raises:
        DataError: a file is missing, damaged, or not the one that was published.
    """
    below = (given, given / "raw", given / "FashionMNIST" / "raw")
    folder = next((each for each in below if _path_in(each, FILES[0]) is not None), given)
    images, labels, test_images, test_labels = (_read_verified(folder, name) for name in FILES)
    return folder, (images, labels.astype(np.int32), test_images, test_labels.astype(np.int32))


def _path_in(folder: Path, name: str) -> Path | None:
    """A file, compressed or not."""
    candidates = (folder / name, folder / f"{name}.gz")
    # Unlike Path.exists, False also where it cannot be told.
    return next((path for path in candidates if os.path.exists(path)), None)


def _read_verified(folder: Path, name: str) -> np.ndarray:
    path = _path_in(folder, name)
    if path is None:
        raise DataError(
            f"there is no {folder / name}, with or without .gz: that folder holds {held(folder)}. "
            f"Looked for are {', '.join(FILES)}. Give the files these names, or "
            "pass data=idx for other data."
        )
    try:
        array = read_idx(path, SHAPES[name])
    except DataError as error:
        raise DataError(f"{error} Or pass data=idx for other data.") from error
    received = sha256_of_idx(array)
    if other := known.name_of(received) if received != SHA256[name] else None:
        raise DataError(f"{path}: these are {other}'s files; pass data=idx to train on them.")
    if received != SHA256[name]:
        raise DataError(
            f"{path}: the unpacked file must have sha256 {SHA256[name]}, received {received}: this "
            "is not Fashion-MNIST as published. Replace the file with an intact copy, or pass "
            "data=idx for other data."
        )
    return array


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
    for name, shape in SHAPES.items():
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
