"""What is kept of a study, to be published: tables, a figure, and what these do not say.

Each study has a folder, `docs/results/NAME/`. Beside them `order.txt` holds the names in the order
in which the page shows them.
"""

import csv
import io
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

from fmnist_exp.console import typed
from fmnist_exp.files import cannot, read_regular, write_bytes, write_text
from fmnist_exp.report.chance import Spread
from fmnist_exp.report.claims import Judged, Ruling
from fmnist_exp.report.page.rendering import unquoted
from fmnist_exp.rundir.claims import Claim
from fmnist_exp.rundir.records import MAX_BYTES, cannot_read, read_json
from fmnist_exp.strict import Strict

ABOUT, ORDER = "about.json", "order.txt"
REPAIR = f"Make it again with `{typed('results', 'DIR')}`, or remove its folder."

# Overrides that say where files go on one machine; and a program that is the same, whoever asks.
FOLDERS = ("hydra.sweep.dir=", "hydra.run.dir=", "store=")
PROGRAM = ("python", "-m", "fmnist_exp.train")

T = TypeVar("T")
Row = dict[str, str]  # of a CSV file, by its columns


class About(Strict):
    """What a report says of a study beside its tables.

    Attributes:
        format: version of these files.
        title: the question of the report.
        question: that of the study's file; None without any.
        first: the answer.
        lines: what it rests on.
        why: what the networks were before training, and what that explains.
        warnings: what must be known before a number is trusted.
        factor: column of the factor that is asked about, if others cross it; else None.
        figure: name of the figure's file; None without any.
        caption: what it shows.
        command: words that train all of it, after the program and without folders.
        is_changed: whether the code of a run differed from its commit.
        origins: versions, machines and data of the runs: what each is called -> its values.
    """

    format: Literal[1] = 1
    title: str
    question: str | None
    first: str
    lines: tuple[str, ...]
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    factor: str | None
    figure: str | None
    caption: str
    command: tuple[str, ...]
    is_changed: bool
    origins: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Kept:
    """A study as it is kept.

    Attributes:
        name: of the study and its folder.
        about: what its tables do not say.
        runs: a row for each run.
        summary: a row for each condition.
        judged: its claims, and what it says of them.
        spreads: of runs that vary in single sources of chance; empty in most studies.
    """

    name: str
    about: About
    runs: list[Row]
    summary: list[Row]
    judged: list[Judged]
    spreads: list[Spread]


def portable(words: Iterable[str]) -> tuple[str, ...]:
    """The words of a command without those that say where files go on one machine."""
    return tuple(word for word in words if not word.startswith(FOLDERS))


def trained_by(words: Iterable[str]) -> str:
    """The command that trains what these words describe, for any machine and a published page."""
    return shlex.join([*PROGRAM, *portable(words)])


def read_kept(folder: Path) -> Kept:
    """Read what is kept of a study; RecordError if a file is missing or damaged."""
    about = read_json(folder / ABOUT, About, REPAIR)
    return Kept(
        folder.name,
        about,
        _read_rows(folder / "runs.csv"),
        _read_rows(folder / "summary.csv"),
        _read_each(folder / "claims.csv", _judged),
        _read_each(folder / "chance.csv", _spread) if (folder / "chance.csv").exists() else [],
    )


def write_kept(root: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Put these files in the place of what was kept of a study, all of them or none.

    Raises:
        RecordError: the folder cannot be written.
    """
    folder = root / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=f".{name}.") as place:
            for file, content in files.items():
                write_bytes(Path(place, "new", file), content)
            former = Path(place, "former")
            if folder.exists():
                folder.rename(former)
            try:
                Path(place, "new").rename(folder)
            except OSError:
                if former.exists():
                    former.rename(folder)
                raise
    except OSError as error:
        raise cannot("write", folder, error, "work in another directory") from error


def names_in(root: Path) -> list[str]:
    """The studies that are kept, in the order of the page; those without a place last, by name.

    Raises:
        RecordError: the file of the order cannot be read.
    """
    kept = sorted(path.parent.name for path in root.glob(f"*/{ABOUT}"))
    order = root / ORDER
    try:
        placed = read_regular(order, MAX_BYTES).decode().split() if order.exists() else []
    except (OSError, ValueError) as error:
        raise cannot_read(order, f"{error}", f"Remove {order}.") from error
    return list(dict.fromkeys([*(name for name in placed if name in kept), *kept]))


def arrange(root: Path, given: Sequence[str]) -> None:
    """Bring studies into the order in which they are given; those not named keep their places."""
    former = names_in(root)
    turn = iter(given)
    names = [next(turn) if name in given else name for name in former]
    write_text(root / ORDER, "".join(f"{name}\n" for name in names))


def _read_rows(path: Path) -> list[Row]:
    """The rows of a CSV file; RecordError if it cannot be read."""
    try:
        text = io.StringIO(read_regular(path, MAX_BYTES).decode(), newline="")
        rows = csv.DictReader(text, strict=True)
        return [{unquoted(name): unquoted(cell) for name, cell in row.items()} for row in rows]
    except OSError as error:
        raise cannot_read(path, f"{error.strerror}", REPAIR) from error
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise cannot_read(path, f"it is no such table ({error})", REPAIR) from error


def _read_each(path: Path, read: Callable[[Row], T]) -> list[T]:
    """What the rows of a CSV file hold; RecordError if it is something else."""
    rows = _read_rows(path)
    try:
        return [read(row) for row in rows]
    except (KeyError, ValueError) as error:
        raise cannot_read(path, f"it is no such table ({error})", REPAIR) from error


def _spread(row: Row) -> Spread:
    """The spread of a kind of runs from its row of `chance.csv`."""
    names = [field.name for field in fields(Spread)][3:]
    numbers = [float(row[name] or "nan") for name in names]
    return Spread(row["condition"], row["varied"], int(row["num_runs"]), *numbers)


def _judged(row: Row) -> Judged:
    """A claim from its row of `claims.csv`."""
    numbers = {name: float(row[name] or "nan") for name in ("mean", "low", "high")}
    return Judged(
        Claim(**{name: row[name] for name in Claim.model_fields}),
        Ruling(row["verdict"]),
        row["reason"],
        num_pairs=int(row["num_pairs"]),
        **numbers,
    )
