"""What the store holds: a command that lists it and removes from it.

python -m fmnist_exp.store [--store DIR] [--remove KEY ...] [--older-than DAYS]
"""

import argparse
import math
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fmnist_exp.console import counted, reader_may_leave
from fmnist_exp.errors import FmnistError, RecordError, StoreError
from fmnist_exp.run.store import SHORT, Store, key_of, written
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord, called

EXIT_BAD_INPUT = 2
DAY = 24 * 3600  # seconds
LEFT = "unfinished, and nobody trains it"


def contents(store: Store) -> list[Path]:
    """All that a store holds, the oldest first: kept runs, then what is left of others."""
    return [*map(store.folder, store.kept()), *store.left()]


def describe(store: Store) -> str:
    """A line for each thing in the store, and the space they take."""
    lines = []
    total = 0
    for path in contents(store):
        size = _size(path)
        total += size
        content = _content(path) if path.parent == store.root else LEFT
        shown = f"{_days(path):5.1f} days  {size / 1e6:6.1f} MB  {content}"
        lines.append(f"{key_of(path)[:SHORT]}  {shown}")
    num_left = sum(line.endswith(LEFT) for line in lines)
    counts = f"{counted(len(lines) - num_left, 'run')}, {num_left} unfinished"
    return "\n".join([*lines, f"{counts}, {total / 1e6:.1f} MB in {store.root}"])


def chosen(store: Store, starts: Iterable[str], older_than: float) -> list[Path]:
    """What has a key that begins as given, and what is older than so many days.

    Raises:
        RecordError: no run has such a key, or several have.
    """
    found = contents(store)
    names = set()
    for start in starts:
        # Of former code a name may hold the beginning of the key only.
        fitting = {
            key_of(path)[:SHORT]
            for path in found
            if key_of(path).startswith(start) or start.startswith(key_of(path))
        }
        if len(fitting) != 1:
            raise RecordError(
                f"--remove must name one run, received {start!r}, which fits {len(fitting)}. "
                "`python -m fmnist_exp.store` lists them."
            )
        names |= fitting
    return [path for path in found if key_of(path)[:SHORT] in names or _days(path) > older_than]


@reader_may_leave()
def main() -> None:
    """List the runs that are kept and those unfinished; remove some. Run directories stay."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.store", description=main.__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--remove", nargs="+", default=[], metavar="KEY", help="or its beginning")
    parser.add_argument(
        "--older-than", type=float, default=math.inf, metavar="DAYS", help="remove what is older"
    )
    arguments = parser.parse_args()
    store = Store(arguments.store)
    try:
        gone = [
            _remove(store, path) for path in chosen(store, arguments.remove, arguments.older_than)
        ]
        print(describe(store))
    except FmnistError as error:
        _complain(error)
        sys.exit(EXIT_BAD_INPUT)
    if not all(gone):
        sys.exit(EXIT_BAD_INPUT)


def _remove(store: Store, path: Path) -> bool:
    """Remove a run, and say so; or say why it stays."""
    try:
        store.remove(path)
    except StoreError as error:
        _complain(error)
        return False
    print(f"removed {path}")
    return True


def _complain(error: FmnistError) -> None:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)


def _days(path: Path) -> float:
    return (time.time() - written(path)) / DAY


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder that can be seen."""
    total = 0
    with suppress(OSError):  # gone meanwhile, or of another user, as its line says
        for each in path.iterdir() if path.is_dir() else [path]:
            total += each.lstat().st_size
    return total


def _content(folder: Path) -> str:
    try:
        record: RunRecord = records.read_record(folder)
    except RecordError as error:
        return f"cannot be used: {str(error).partition('. ')[0]}"
    config = record.config
    accuracy = record.metrics["test"]["accuracy"]
    shown = "-" if accuracy is None else f"{accuracy:.4f}"
    names = [config[group]["name"] for group in ("data", "model")]
    names += [called(config[group]) for group in ("initializer", "optimizer")]
    return f"{record.status:9}  test accuracy {shown}  {' '.join(names)}  seed {record.seed}"


if __name__ == "__main__":
    main()
