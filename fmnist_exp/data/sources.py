"""Where Fashion-MNIST comes from: every place it may lie, each verified before use.

A copy counts only if the decoded arrays have the known hashes, whatever its compression.
"""

import contextlib
import errno
import hashlib
import logging
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

# Sizes and hashes as published: TensorFlow Datasets, url_checksums/fashion_mnist.txt. Hashes of
# the arrays: computed from the same files; Debian's copy is compressed anew and decodes alike.
FILES = {
    "train-images-idx3-ubyte": IdxFile(
        (60000, 28, 28),
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        26421880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte": IdxFile(
        (60000,),
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        29515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte": IdxFile(
        (10000, 28, 28),
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        4422102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte": IdxFile(
        (10000,),
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        5148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
NUM_CLASSES = 10
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
            log.debug("Fashion-MNIST not from %s: %s", source, error)
    raise DataError(
        "Fashion-MNIST was not found in any of these places:\n"
        + "\n".join(failures)
        + f"\nPut the four files ({', '.join(FILES)}; with or without .gz) into one folder and "
        "pass data.dir=FOLDER, or install Debian's package: apt-get install " + DEBIAN_PACKAGE
    )


def _check_names(folder: Path) -> None:
    """Refuse a folder that lacks a file, and say what lies there instead."""
    missing = [name for name in FILES if locate(folder, name) is None]
    if not missing:
        return
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        raise DataError(
            f"there is no folder {folder}. Pass the folder that holds Fashion-MNIST, or none to "
            "let it be found or downloaded."
        ) from None
    except OSError as error:
        held, below = f"that folder cannot be read ({error.strerror})", []
    else:
        shown = [repr(path.name + "/" * path.is_dir()) for path in entries[:MAX_ENTRIES]]
        more = len(entries) - len(shown)
        held = (
            f"that folder holds {', '.join(shown) or 'nothing'}{f' and {more} more' * (more > 0)}"
        )
        below = [path for path in entries if all(locate(path, name) for name in FILES)]
    raise DataError(
        f"there is no {folder / missing[0]}, with or without .gz: {held}. Looked for are "
        f"{', '.join(FILES)}, each with or without .gz. "
        + (f"They lie in {below[0]}: pass that folder." if below else "Give the files these names.")
    )


def read_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Decode and verify the four files of a folder; arrays as in `FoundData`.

    Raises:
        DataError: a file is missing, damaged, or not the one that was published.
    """
    arrays = {name: read_either(folder, name, file.shape) for name, file in FILES.items()}
    for name, array in arrays.items():
        if array.ndim == 1 and array.max() >= NUM_CLASSES:
            raise DataError(
                f"{folder / name}: labels must lie in 0..{NUM_CLASSES - 1}, received "
                f"{array.max()}. Replace the file with an intact copy."
            )
        if array_sha256(array) != FILES[name].sha256:
            raise DataError(
                f"{folder / name}: the decoded array must have sha256 {FILES[name].sha256}, "
                f"received {array_sha256(array)}: this is not Fashion-MNIST as published. "
                "Replace the file with an intact copy."
            )
    train_images, train_labels, test_images, test_labels = arrays.values()
    return train_images, train_labels.astype(np.int32), test_images, test_labels.astype(np.int32)


def array_sha256(array: np.ndarray) -> str:
    """The sha256 of an array's elements as bytes, the form in which IDX files hold them."""
    return hashlib.sha256(np.ascontiguousarray(array.astype(np.uint8, copy=False)).data).hexdigest()


def _chain(fetch: bool) -> Iterator[tuple[str, Callable[[], Path]]]:
    yield "cache", cache_dir
    yield "Debian's package", lambda: DEBIAN_DIR
    if not fetch:
        return
    for mirror in MIRRORS:
        yield "download", partial(_into_cache, partial(_download, mirror))
    yield "apt-get", partial(_into_cache, _apt_download)


def _into_cache(fetch: Callable[[Path], None]) -> Path:
    """Fetch into a folder beside the cache, verify it, and only then put it in place."""
    target = cache_dir()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(
            dir=target.parent, prefix=".fetch-", ignore_cleanup_errors=True
        )
    except OSError as error:
        raise DataError(f"cannot write to the cache {target}: {error.strerror}") from error
    with work as name:
        fetched = Path(name) / target.name
        fetched.mkdir()
        fetch(fetched)
        read_folder(fetched)
        _put_in_place(fetched, target)
    return target


def _put_in_place(fetched: Path, target: Path) -> None:
    """Move a verified copy into the cache, unless another process was faster."""
    with contextlib.suppress(DataError):
        read_folder(target)
        return
    with contextlib.suppress(FileNotFoundError):  # else it is a damaged copy
        target.rename(fetched.with_name("damaged"))
    try:
        fetched.rename(target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        read_folder(target)


def _download(mirror: str, folder: Path) -> None:
    for name, file in FILES.items():
        url = f"{mirror}/{name}.gz"
        log.info("downloading %s", url)
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:
                if not response.url.startswith("https://"):
                    raise DataError(f"{url} was redirected to {response.url}, which is not https")
                content = response.read(file.gz_size + 1)
        except (OSError, HTTPException) as error:
            raise DataError(f"{url}: {error}") from error
        if hashlib.sha256(content).hexdigest() != file.gz_sha256:
            raise DataError(
                f"{url}: {len(content)} bytes received are not the {file.gz_size} published"
            )
        (folder / f"{name}.gz").write_bytes(content)


def _apt_download(folder: Path) -> None:
    """Download and unpack Debian's package without root.

    A machine may have no package lists yet, so a failed download is tried once more with lists
    of our own, in a folder of our own.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DataError("this machine has no apt-get")
    log.info("fetching Debian's package %s", DEBIAN_PACKAGE)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        work = Path(name)
        options = _private_apt_lists(work)
        try:
            _run("apt-get", "download", DEBIAN_PACKAGE, cwd=work)
        except DataError:
            _run("apt-get", *options, "update", cwd=work)
            _run("apt-get", *options, "download", DEBIAN_PACKAGE, cwd=work)
        for package in work.glob("*.deb"):
            _run("dpkg-deb", "--extract", str(package), str(work / "unpacked"), cwd=work)
        for path in (work / "unpacked" / DEBIAN_DIR.relative_to("/")).glob("*-ubyte.gz"):
            shutil.copy(path, folder)


def _private_apt_lists(work: Path) -> list[str]:
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    return [
        *("-o", f"Dir::State::lists={work / 'lists'}"),
        *("-o", f"Dir::Cache={work}"),
        *("-o", f"Dir::Cache::archives={work / 'archives'}"),
    ]


def _run(*command: str, cwd: Path) -> None:
    result = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=APT_SECONDS, check=False
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(f"{' '.join(command[:1] + command[-2:])}: {last}")
