"""What the store keeps: a command that lists it and removes from it.

python -m fmnist_exp.kept [--store DIR] [--remove KEY ...] [--older-than DAYS]
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from fmnist_exp import records
from fmnist_exp.command_line.console import reader_may_leave
from fmnist_exp.errors import FmnistError, RecordError
from fmnist_exp.records import RunRecord, called
from fmnist_exp.sweep.store import Store

EXIT_BAD_INPUT = 2
DAY = 24 * 3600  # seconds


def describe(store: Store) -> str:
    """A line for each kept run, the oldest first, and the space they take."""
    lines = []
    total = 0
    for run_key in store.kept():
        folder = store.folder(run_key)
        size = sum(path.stat().st_size for path in folder.iterdir())
        total += size
        lines.append(
            f"{run_key[:12]}  {_age_in_days(store, run_key):5.1f} days  {_content(folder)}"
        )
    return "\n".join([*lines, f"{len(lines)} runs, {total / 1e6:.1f} MB in {store.root}"])


def remove(store: Store, starts: Iterable[str]) -> list[str]:
    """Remove the kept runs whose keys begin as given; their full keys.

    Raises:
        RecordError: no kept run has such a key, or several have.
    """
    chosen = []
    for start in starts:
        found = [run_key for run_key in store.kept() if run_key.startswith(start)]
        if len(found) != 1:
            raise RecordError(
                f"--remove must name one kept run, received {start!r}, which fits {len(found)}. "
                "`python -m fmnist_exp.kept` lists them."
            )
        chosen += found
    for run_key in dict.fromkeys(chosen):
        store.remove(run_key)
    return chosen


@reader_may_leave()
def main() -> None:
    """List the finished runs that are kept, or remove some; run directories stay as they are."""
    parser = argparse.ArgumentParser(prog="python -m fmnist_exp.kept", description=main.__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--remove", nargs="+", default=[], metavar="KEY", help="or its beginning")
    parser.add_argument("--older-than", type=float, metavar="DAYS", help="remove what is older")
    arguments = parser.parse_args()
    store = Store(arguments.store)
    starts = list(arguments.remove)
    if arguments.older_than is not None:
        starts += [
            run_key
            for run_key in store.kept()
            if _age_in_days(store, run_key) > arguments.older_than
        ]
    try:
        for run_key in remove(store, starts):
            print(f"removed {run_key[:12]}")
    except FmnistError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    print(describe(store))


def _age_in_days(store: Store, run_key: str) -> float:
    path = store.folder(run_key) / records.RECORD
    return (time.time() - path.stat().st_mtime) / DAY


def _content(folder: Path) -> str:
    try:
        record: RunRecord = records.read_record(folder)
    except RecordError:
        return "damaged"
    config = record.config
    accuracy = record.metrics["test"]["accuracy"]
    shown = "-" if accuracy is None else f"{accuracy:.4f}"
    names = [config[group]["name"] for group in ("data", "model")]
    names += [called(config[group]) for group in ("initializer", "optimizer")]
    return f"{record.status:9}  test accuracy {shown}  {' '.join(names)}  seed {record.seed}"


if __name__ == "__main__":
    main()
