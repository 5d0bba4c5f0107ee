"""Where the spread between seeds comes from: a table and what it says."""

from collections.abc import Sequence

from fmnist_exp.report.chance import ALL, Spread
from fmnist_exp.report.formatting import POINTS, fixed, with_interval
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.page.words import both

MOST = 0.7  # of the whole spread, from which a source alone is said to make most of it


def chance_rows(found: Sequence[Spread]) -> Table:
    """A row for each kind of runs, in points."""
    rows = [
        {
            "condition": each.condition,
            "what follows the seed": each.varied,
            "n": str(each.num_runs),
            "mean test accuracy, %": fixed(POINTS * each.mean, 2),
            "SD, points": with_interval((each.std, each.std_low, each.std_high), 2, POINTS),
            "SD of independent errors": fixed(POINTS * each.independent_std, 2),
        }
        for each in found
    ]
    return table_of(rows, "Where the spread between seeds comes from")


def chance_lines(found: Sequence[Spread]) -> list[str]:
    """For each condition with runs that vary in all sources, what single sources make of it."""
    lines = []
    for label in dict.fromkeys(each.condition for each in found):
        kinds = {each.varied: each for each in found if each.condition == label}
        whole = kinds.pop(ALL, None)
        alone = {name: each for name, each in kinds.items() if " and " not in name}
        if whole is None or not alone:
            continue
        told = both([f"{name} {fixed(POINTS * each.std, 2)}" for name, each in alone.items()])
        lines.append(
            f"Test accuracy spreads by {fixed(POINTS * whole.std, 2)} points (SD) if all follows "
            f"the seed; if one source alone does: {told}."
        )
        most = [name for name, each in alone.items() if each.std >= MOST * whole.std]
        if len(most) == len(alone) > 1:
            lines.append(
                "Each source alone makes most of the spread: training amplifies any difference."
            )
    return lines
