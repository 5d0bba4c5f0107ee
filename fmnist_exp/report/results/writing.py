"""The page of all studies that are kept: RESULTS.md."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fmnist_exp.console import counted
from fmnist_exp.report.formatting import POINTS, UNKNOWN, fixed, with_interval
from fmnist_exp.report.page.claimed import ruling
from fmnist_exp.report.page.condition_tables import spread_table
from fmnist_exp.report.page.lines import tally
from fmnist_exp.report.page.rendering import Table, rendered, table_of
from fmnist_exp.report.results.kept import REPAIR, Kept, Row, names_in, read_kept, trained_by
from fmnist_exp.report.results.sayings import SOURCE, sayings
from fmnist_exp.rundir.records import cannot_read

SHORT = 7  # characters of a commit
MINUTE, HOUR = 60, 3600  # seconds
MACHINE = ("processor", "threads", "trained by", "TensorFlow", "Keras", "Python")


class Entry(NamedTuple):
    """A study on the page.

    Attributes:
        kept: what is kept of it.
        tally: how many of its claims have which verdict.
        conditions: its results.
        claims: what is claimed, and what the study says of it; no rows without claims.
        chance: where the spread between seeds comes from; no rows in most studies.
        facts: sentences on runs, code, machine and cost.
        command: what trains all of it; None if it is not known.
    """

    kept: Kept
    tally: str
    conditions: Table
    claims: Table
    chance: Table
    facts: list[str]
    command: str | None


def page_of(root: Path, start: Path) -> str:
    """The page of all studies kept in a folder, as Markdown.

    Args:
        root: where they are kept.
        start: folder of the page, from which its links begin.

    Raises:
        RecordError: a file of a study cannot be read.
    """
    entries = [_entry(root / name) for name in names_in(root)]
    judged = [(each.kept.name, one) for each in entries for one in each.kept.judged]
    page = rendered(
        "results.md.j2",
        entries=entries,
        sayings=sayings(judged),
        source=SOURCE,
        folder=Path(os.path.relpath(root, start)).as_posix(),
    )
    return f"{page}\n"


def _entry(folder: Path) -> Entry:
    kept = read_kept(folder)
    about = kept.about
    try:
        return Entry(
            kept,
            tally(kept.judged) or UNKNOWN,
            _crossed(kept.summary, about.factor) if about.factor else _listed(kept.summary),
            table_of(
                [
                    {"claim": f"{each.claim.says} ({each.claim.source})", **ruling(each)}
                    for each in kept.judged
                ]
            ),
            spread_table(kept.spreads),
            list(_facts(kept)),
            trained_by(about.command) if about.command else None,
        )
    except (KeyError, ValueError) as error:  # a table that was edited
        raise cannot_read(
            folder, f"its tables lack a number or a column ({error})", REPAIR
        ) from error


def _accuracy(row: Row) -> str:
    return _with_interval(row, "test_accuracy", 2, POINTS)


def _with_interval(row: Row, metric: str, digits: int, factor: float = 1) -> str:
    """Mean and interval of a condition; a dash without results."""
    mean, low, high = (
        float(row[f"{metric}_{end}"] or "nan") for end in ("mean", "ci_low", "ci_high")
    )
    return with_interval((mean, low, high), digits, factor)


def _ensemble(row: Row) -> str:
    """Test accuracy of all networks of a condition together; empty where it is not known.

    With their number where not all seeds have stored their answers.
    """
    if not row.get("ensemble_test_accuracy"):  # tables of former code lack the column
        return ""
    count = int(row["ensemble_runs"])
    few = "" if count == int(row["num_runs"]) else f" ({counted(count, 'network')})"
    return f"{fixed(POINTS * float(row['ensemble_test_accuracy']), 2)}{few}"


def _levels(row: Row) -> Row:
    """The columns of the factors, which come first."""
    names = list(row)
    return {name: row[name] or UNKNOWN for name in names[: names.index("num_runs")]}


def _listed(summary: list[Row]) -> Table:
    """A row for each condition."""
    has_ensemble = any(map(_ensemble, summary))
    rows = [
        {
            **_levels(row),
            "seeds": row["num_runs"],
            "test accuracy, % [95 % interval]": _accuracy(row),
            **({"ensemble, %": _ensemble(row) or UNKNOWN} if has_ensemble else {}),
            "test loss [95 % interval]": _with_interval(row, "test_loss", 4),
        }
        for row in summary
    ]
    return table_of(rows, "Means over the seeds")


def _crossed(summary: list[Row], factor: str) -> Table:
    """A row for each place, with a column for each level of the factor that is asked about."""
    cells = {(tuple(_others(row, factor).items()), row[factor]): row for row in summary}
    levels = list(dict.fromkeys(level for _, level in cells))
    usual = max(int(row["num_runs"]) for row in summary)

    def shown(row: Row | None) -> str:
        count = int(row["num_runs"]) if row else 0
        few = "" if count in (0, usual) else f", {counted(count, 'seed')}"
        together = f"; ensemble {found}" if row and (found := _ensemble(row)) else ""
        return f"{_accuracy(row)}{few}{together}" if row else UNKNOWN

    rows = [
        {**dict(place), **{level: shown(cells.get((place, level))) for level in levels}}
        for place in dict.fromkeys(place for place, _ in cells)
    ]
    return table_of(rows, f"Test accuracy, %, mean of {counted(usual, 'seed')} [95 % interval]")


def _others(row: Row, factor: str) -> Row:
    """The levels of the factors that cross the one that is asked about."""
    return {name: level for name, level in _levels(row).items() if name != factor}


def _facts(kept: Kept) -> Iterator[str]:
    """Runs, code, machine and cost."""
    about = kept.about
    ended = Counter(row["status"] for row in kept.runs)
    counts = ", ".join(f"{count} {status}" for status, count in ended.items())
    seconds = sum(float(row["total_seconds"] or 0) for row in kept.runs)
    yield f"{counted(len(kept.runs), 'run')} ({counts}), whose times add up to {_time(seconds)}"
    origins = about.origins
    commits = [each[:SHORT] for each in origins["commit"]]
    changed = ", with changes that were not committed" if about.is_changed else ""
    yield f"commit {' and '.join(commits)}{changed}"
    yield "; ".join(f"{name} {' and '.join(origins[name])}" for name in MACHINE)
    several = [name for name in ("commit", "processor") if len(origins[name]) > 1]
    if several:
        yield f"the runs differ in {' and '.join(several)}"


def _time(seconds: float) -> str:
    """A time in words."""
    if seconds < 2 * MINUTE:
        return counted(round(seconds), "second")
    if seconds < 2 * HOUR:
        return counted(round(seconds / MINUTE), "minute")
    return f"{seconds / HOUR:.1f} hours"
