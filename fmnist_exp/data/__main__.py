"""Finds Fashion-MNIST, or says what a folder holds: `python -m fmnist_exp.data [--dir DIR]`."""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

from fmnist_exp.console import as_command
from fmnist_exp.data import known, other, sources


@as_command()
def main() -> None:
    """Find or fetch Fashion-MNIST and verify it; or check the data in a folder, and name them."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.data", description=main.__doc__)
    parser.add_argument("--dir", type=Path, help="where other data lie, as data.dir of data=idx")
    folder = parser.parse_args().dir
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # a download takes a while
    if folder is None:
        found = sources.find()
        print(f"source  {found.source}\npath    {found.path}\ndata    {known.FASHION_MNIST}")
        _show(sources.SHA256, found.arrays, known.FASHION_MNIST_CLASSES)
    else:
        read = other.read(str(folder))
        unknown = "" if known.name_of(*read.sha256.values()) else ", of no published hashes"
        print(f"source  data.dir\npath    {read.path}\ndata    {read.name}{unknown}")
        _show(read.sha256, read.arrays, read.class_names)


def _show(sha256: Mapping[str, str], arrays: sources.Arrays, class_names: tuple[str, ...]) -> None:
    """Hash and shape of each file, and the classes."""
    for (name, each), array in zip(sha256.items(), arrays, strict=True):
        print(f"sha256  {each}  {Path(name).name}  {array.shape}")
    print(f"classes {len(class_names)}: {', '.join(class_names)}")


if __name__ == "__main__":
    main()
