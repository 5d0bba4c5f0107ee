"""What lies in a folder: data sets of four IDX files or of a NumPy archive, and everything else."""

import os
import re
from pathlib import Path

from fmnist_exp.errors import DataError

# Roles of the files of a data set, and how the published ones are called.
ROLES = ("training images", "training labels", "test images", "test labels")
ARCHIVE = "archive"  # role of a file that is a data set by itself
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# EMNIST calls its test files so, and puts a name before all of them; others write dots.
FILE = re.compile(
    r"(?P<name>.*?)(?P<split>train|t10k|test)[-_.](?P<kind>images|labels)[-_.]idx[13][-_.]ubyte"
    r"(\.gz)?"
)
MAX_ENTRIES = 10  # of a folder with other files, in a message


def held(folder: Path) -> str:
    """The first entries of a folder in words; DataError if it cannot be read."""
    try:
        entries = sorted(repr(path.name + "/" * path.is_dir()) for path in folder.iterdir())
    except OSError as error:
        raise DataError(
            f"cannot read the folder {folder}: {error.strerror}. It must hold the data."
        ) from error
    more = f" and {len(entries) - MAX_ENTRIES} more" if len(entries) > MAX_ENTRIES else ""
    return (", ".join(entries[:MAX_ENTRIES]) or "nothing") + more


def find_files(place: Path) -> list[Path]:
    """The files of the one data set in a place: four IDX files in the order of `ROLES`, or .npz.

    Args:
        place: a folder, of which `raw` and those of torchvision below it are looked at as well; or
            a NumPy archive; or a folder and the name that the files of one data set begin with,
            such as `raw/emnist-letters`.

    Raises:
        DataError: there is none, or several; or two files would do as one of the four.
    """
    named = not os.path.isdir(place)
    found = _data_sets(place.parent if named else place)
    if named or len(found.get(place, ())) == len(ROLES):
        found = {each: files for each, files in found.items() if each == place}
    whole = {each: files for each, files in found.items() if {*files} in ({*ROLES}, {ARCHIVE})}
    if len(whole) > 1:
        listed = ", ".join(f"data.dir={each}" for each in sorted(whole))
        raise DataError(f"{place} holds {len(whole)} data sets. Pass one of {listed}.")
    if not whole:
        raise DataError(_nothing_in(place, found))
    (files,) = whole.values()
    for role, (first, *more) in files.items():
        if other := next((path for path in more if path.stem != first.name), None):
            raise DataError(
                f"{first.parent}: one file must hold the {role}, received {first.name} and "
                f"{other.name}. Move one of them elsewhere."
            )
    return [files[role][0] for role in (*ROLES, ARCHIVE) if role in files]


def _data_sets(folder: Path) -> dict[Path, dict[str, list[Path]]]:
    """What names a data set in or below a folder -> role -> the files that may have it."""
    found: dict[Path, dict[str, list[Path]]] = {}
    for each in sorted({folder, folder / "raw", *folder.glob("*/raw")}):
        for path in sorted(each.glob("*")):  # what is not compressed comes first
            match = FILE.fullmatch(path.name)
            if path.suffix == ".npz":
                found[path] = {ARCHIVE: [path]}
            elif match and not path.is_dir():
                name = each / match["name"].rstrip("-_.")
                split = "training" if match["split"] == "train" else "test"
                found.setdefault(name, {}).setdefault(f"{split} {match['kind']}", []).append(path)
    return found


def _nothing_in(place: Path, found: dict[Path, dict[str, list[Path]]]) -> str:
    """What a place holds instead of a data set."""
    for name, files in found.items():
        there = ", ".join(path.name for paths in files.values() for path in paths)
        missing = " and ".join(role for role in ROLES if role not in files)
        return (
            f"{name}: a data set must have four IDX files, received {there}, and no {missing}. Put "
            "what is missing beside them."
        )
    return (
        f"{place} must hold four IDX files or a NumPy archive (.npz), and holds {held(place)}. "
        f"Looked for are {', '.join(FILES)}, with or without .gz and with any name in front. Give "
        "the files such names."
    )
