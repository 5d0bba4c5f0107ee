"""Finds or fetches Fashion-MNIST and says where it lies: `python -m fmnist_exp.data`."""

import argparse
import logging
from pathlib import Path

from fmnist_exp.console import as_command
from fmnist_exp.data import sources


@as_command()
def main() -> None:
    """Find or fetch Fashion-MNIST, verify it, and report where it lies and what it holds."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.data", description=main.__doc__)
    parser.add_argument("--dir", type=Path, help="a folder with the four IDX files")
    folder = parser.parse_args().dir
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # a download takes a while
    found = sources.find(folder)
    print(f"source  {found.source}\npath    {found.path}")
    for name, sha256 in sources.SHA256.items():
        print(f"sha256  {sha256}  {name}  {sources.FILES[name]}")


if __name__ == "__main__":
    main()
