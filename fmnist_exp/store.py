"""What the store holds: a command that lists it, removes from it and compares the keys of runs.

python -m fmnist_exp.store [--store DIR] [--remove KEY ...] [--older-than DAYS]
python -m fmnist_exp.store --why RUN_DIR RUN_DIR
"""

import argparse
import math
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fmnist_exp.console import EXIT_BAD_INPUT, as_command, complain, counted, typed
from fmnist_exp.errors import RecordError
from fmnist_exp.run.store import SHORT, Store, written
from fmnist_exp.rundir.records import called, read_record, record_of
from fmnist_exp.strict import entries

DAY = 24 * 3600  # seconds
UNFINISHED = "unfinished: stopped, or in training"


def contents(store: Store) -> list[Path]:
    """All that a store holds, the oldest first: kept runs, then those that have not ended."""
    return [*map(store.folder, store.kept()), *map(store.unfinished, store.stopped())]


def describe(store: Store) -> str:
    """A line for each thing in the store, and the space they take."""
    found, num_kept = contents(store), len(store.kept())
    lines = [f"{'key':{SHORT}}  {'days':>6}  {'MB':>7}  holds"] if found else []
    for path in found:
        content = _content(path) if path.parent == store.root else UNFINISHED
        lines.append(f"{path.name[:SHORT]}  {_days(path):6.1f}  {_size(path):7.1f}  {content}")
    counts = f"{counted(num_kept, 'run')}, {len(found) - num_kept} unfinished"
    return "\n".join([*lines, f"{counts}, {_size(store.root):.1f} MB in {store.root}"])


def chosen(store: Store, starts: Iterable[str], older_than: float) -> list[Path]:
    """What is older than so many days, and what has a key that begins as given.

    Raises:
        RecordError: no run has such a key, or several have.
    """
    found = contents(store)
    paths = [path for path in found if _days(path) > older_than]
    for start in starts:
        fitting = [path for path in found if path.name.startswith(start)]
        if (count := len({path.name for path in fitting})) != 1:
            raise RecordError(
                f"--remove must name one run, received {start!r}, which fits {count}. "
                f"`{typed('store')}` lists them."
            )
        paths += fitting
    return list(dict.fromkeys(paths))


def why(*run_dirs: Path) -> str:
    """A line for each part in which the keys of two runs differ; RecordError without the parts."""
    found = []
    for run_dir in run_dirs:
        record = record_of(run_dir)
        if not record.key_parts:
            raise RecordError(f"{run_dir} is of former code, without key_parts: never reused.")
        parts = entries(record.key_parts)
        found.append(
            {name: f"{value}" for name, value in parts if not isinstance(value, dict | list)}
        )
    one, other = found
    names = [name for name in one | other if one.get(name) != other.get(name)]
    lines = [f"{name}: {one.get(name, '-')} -> {other.get(name, '-')}" for name in names]
    return "\n".join(lines) or f"both runs have the key {record.run_key}"


@as_command()
def main() -> None:
    """List the runs that are kept and those unfinished, remove some, or compare two by key."""
    parser = argparse.ArgumentParser(prog=typed("store"), description=main.__doc__)
    parser.add_argument("--store", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--remove", nargs="+", default=[], metavar="KEY", help="or its beginning")
    parser.add_argument(
        "--older-than", type=float, default=math.inf, metavar="DAYS", help="remove what is older"
    )
    parser.add_argument("--why", nargs=2, type=Path, metavar="RUN_DIR", help="how keys differ")
    arguments = parser.parse_args()
    if arguments.why:
        print(why(*arguments.why))
        return
    if not arguments.older_than >= 0:  # nor nan
        raise RecordError(
            f"--older-than must be a number of days from 0 on, received {arguments.older_than:g}. "
            "Pass for example --older-than 30."
        )
    store = Store(arguments.store)
    status = 0
    for folder in chosen(store, arguments.remove, arguments.older_than):
        try:
            store.remove(folder)
            print(f"removed {folder}")
        except RecordError as error:
            complain(error)
            status = EXIT_BAD_INPUT
    print(describe(store))
    sys.exit(status)


def _days(path: Path) -> float:
    return (time.time() - written(path)) / DAY


def _size(folder: Path) -> float:
    """Megabytes of all files in a folder that can be seen."""
    total = 0
    with suppress(OSError):  # gone meanwhile, or of another user, as its line says
        for each in folder.rglob("*"):
            total += each.lstat().st_size
    return total / 1e6


def _content(folder: Path) -> str:
    try:
        record = read_record(folder)
    except RecordError as error:
        return f"cannot be used: {str(error).partition('. ')[0]}"
    config, accuracy = record.config, record.metrics["test"]["accuracy"]
    shown = "-" if accuracy is None else f"{accuracy:.4f}"
    names = [config[group]["name"] for group in ("data", "model")]
    names += [called(config[group]) for group in ("initializer", "optimizer")]
    return f"{record.status:9}  test accuracy {shown}  {' '.join(names)}  seed {record.seed}"


if __name__ == "__main__":
    main()
