"""Finds or fetches Fashion-MNIST and says where it lies: `python -m fmnist_exp.data`."""

import argparse
import logging
from pathlib import Path

import numpy as np

from fmnist_exp.console import as_command
from fmnist_exp.data import sources
from fmnist_exp.data.loading import FASHION_MNIST_CLASSES


@as_command()
def main() -> None:
    """Find or fetch Fashion-MNIST, verify it, and report where it lies and what it holds."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.data", description=main.__doc__)
    parser.add_argument("--dir", type=Path, help="a folder with the four IDX files")
    folder = parser.parse_args().dir
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # a download takes a while
    found = sources.find(folder)
    print(f"source  {found.source}\npath    {found.path}")
    for name, file in sources.FILES.items():
        print(f"sha256  {file.sha256}  {name}  {file.shape}")
    for split, labels in (("train", found.arrays[1]), ("test", found.arrays[3])):
        counts = np.bincount(labels, minlength=10)
        print(f"classes {split}: " + ", ".join(map("{} {}".format, FASHION_MNIST_CLASSES, counts)))


if __name__ == "__main__":
    main()
