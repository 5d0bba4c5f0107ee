"""Finds or fetches Fashion-MNIST and says where it lies: `python -m fmnist_exp.data`."""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np

from fmnist_exp.console import EXIT_BAD_INPUT, reader_may_leave
from fmnist_exp.data import sources
from fmnist_exp.data.loading import FASHION_MNIST_CLASSES
from fmnist_exp.errors import FmnistError


@reader_may_leave()
def main() -> None:
    """Find or fetch Fashion-MNIST, verify it, and report where it lies and what it holds."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.data", description=main.__doc__)
    parser.add_argument("--dir", type=Path, help="a folder with the four IDX files")
    folder = parser.parse_args().dir
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # a download takes a while
    try:
        found = sources.find(folder)
    except FmnistError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    print(f"source  {found.source}\npath    {found.path}")
    for name, file in sources.FILES.items():
        print(f"sha256  {file.sha256}  {name}  {file.shape}")
    for split, labels in (("train", found.arrays[1]), ("test", found.arrays[3])):
        counts = np.bincount(labels, minlength=10)
        print(f"classes {split}: " + ", ".join(map("{} {}".format, FASHION_MNIST_CLASSES, counts)))


if __name__ == "__main__":
    main()
