"""Tables of conditions and of their comparisons: summary, leaderboard, qualities."""

from collections.abc import Iterable, Sequence

import numpy as np

from fmnist_exp.report.chance import Spread
from fmnist_exp.report.findings import SPEEDS, Findings
from fmnist_exp.report.formatting import (
    MINUS,
    POINTS,
    UNKNOWN,
    amount,
    bounds,
    fixed,
    mean,
    mean_with_interval,
    median,
    p_value,
    with_interval,
)
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.page.words import winner
from fmnist_exp.report.runs.run import TARGET
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import SHARE, standard_deviation
from fmnist_exp.statistics.verdicts import PRIMARY, Comparison

LONG = 8  # rows; the page folds a longer table where a chart or a sentence has the gist
MAX_ROWS = 100  # rows of a table that a page shows; the CSV files have all
CALLED = {
    "first_epoch_train_loss": "training loss in the first epoch",
    "mean_validation_loss": "validation loss, mean over all epochs",
}
ENDS = ("diverged", "pruned", "failed", "interrupted")  # of runs without a result


def summary_table(study: Study) -> Table:
    """Every condition under its factors, with how many of its runs ended otherwise."""
    ends = _ends(study)
    return table_of([_result(study, each, ends) for each in study.conditions])


def _ends(study: Study) -> list[str]:
    """Those of `ENDS` that a run of the study has had."""
    seen = {run.record.status for run in study.runs}
    return [status for status in ENDS if status in seen]


def _result(study: Study, condition: Condition, ends: Sequence[str]) -> dict[str, str]:
    """What tables of results say of a condition, `ends` included: heading -> text."""
    accuracy = condition.values("test_accuracy")
    return {
        **{name: level or UNKNOWN for name, level in study.levels(condition).items()},
        "n": str(len(condition.runs)),
        **{name: str(len(condition.ended(name))) for name in ends},
        "test accuracy, % [95 % CI]": mean_with_interval(accuracy, 2, POINTS, SHARE),
        "SD, points": fixed(POINTS * standard_deviation(accuracy), 2),
        "test loss [95 % CI]": mean_with_interval(condition.values("test_loss"), 4),
        "validation accuracy, %": mean(condition.values("validation_accuracy"), 2, POINTS),
        "train accuracy, %": mean(condition.values("train_accuracy"), 2, POINTS),
        "epochs": mean(condition.values("num_epochs"), 1),
        "seconds": mean(condition.values("fit_seconds"), 1),
    }


def leaderboards(findings: Findings) -> list[Table]:
    """For each block of comparable conditions a table, the highest mean test accuracy first."""
    tables = []
    blocks, ranks, ends = findings.study.blocks, _ranks(findings), _ends(findings.study)
    for block, members in blocks.items():
        ranked = sorted(
            members, key=lambda each: -each.values("test_accuracy").mean() if each.runs else np.inf
        )
        rows = [
            {"rank": ranks.get(each.label, UNKNOWN), **_result(findings.study, each, ends)}
            for each in ranked[:MAX_ROWS]
        ]
        caption = "Rank: the places that the comparisons leave open to a condition"
        if findings.design.is_crossed:
            caption += f", among those that share {' and '.join(findings.design.others)}"
        tables.append(table_of(rows, f"{block}. {caption}" if len(blocks) > 1 else caption))
    return tables


def _ranks(findings: Findings) -> dict[str, str]:
    """Label of a condition -> the ranks that are left to it at its place, such as 1 to 3.

    Empty for a place where not all pairs were compared.
    """
    found = {}
    for place in findings.design.places:
        compared = [each for each in findings.comparisons[PRIMARY] if each.place == place]
        at = {
            level: each for (level, there), each in findings.design.cells.items() if there == place
        }
        if len(at) < 2 or len(compared) < len(at) * (len(at) - 1) / 2:
            continue
        better = winner(compared)
        for level, condition in at.items():
            first = 1 + sum(loser == level for _, loser in better)
            last = len(at) - sum(best == level for best, _ in better)
            text = str(first) if first == last else f"{first} to {last}"
            found[condition.label] = text if last - first < len(at) - 1 else "not told apart"
    return found


def speed_table(conditions: Sequence[Condition]) -> Table:
    """How fast networks learn; a run that never reaches the target is later than any other."""
    rows = []
    for each in conditions:
        epochs = each.values("epochs_to_target", diverged=True)
        if len(epochs):
            losses = {name: mean_with_interval(each.values(name), 4) for name in SPEEDS}
            rows.append(
                {
                    "condition": each.label,
                    "reached": f"{np.isfinite(epochs).sum()} of {len(epochs)}",
                    "after epochs": median(epochs, 1),
                    **{f"{CALLED[name]} [95 % CI]": text for name, text in losses.items()},
                }
            )
    caption = (
        f"Speed. Reached: a validation accuracy of {100 * TARGET:.0f} %, the median over the runs"
    )
    return table_of(rows[:MAX_ROWS], caption, folded=len(rows) > LONG)


def quality_table(conditions: Sequence[Condition]) -> Table:
    """Stability, overfitting and cost, over all that were trained to an end."""
    rows = []
    for each in conditions:
        num_diverged = len(each.ended("diverged"))
        if not (num_runs := len(each.runs) + num_diverged):
            continue
        rises, losses = each.values("largest_rise"), each.values("loss_after_best")
        rows.append(
            {
                "condition": each.label,
                "diverged": f"{num_diverged} of {num_runs}",
                "largest rise of validation loss": fixed(np.fmax.reduce(rises, initial=np.nan), 4),
                "best epoch": median(each.values("best_epoch"), 1),
                f"validation loss, last {MINUS} best [95 % CI]": mean_with_interval(losses, 4),
                f"train {MINUS} test, points [95 % CI]": mean_with_interval(
                    each.values("generalization_gap"), 2, POINTS
                ),
                "seconds an epoch": median(each.values("epoch_seconds"), 3),
                "seconds a run": median(each.values("total_seconds"), 1),
            }
        )
    caption = (
        "Stability, overfitting, cost. Medians over the runs, but for the rise, the largest of "
        "all. Seconds an epoch: without the first, with its compilation"
    )
    return table_of(rows[:MAX_ROWS], caption, folded=len(rows) > LONG)


def comparison_tables(findings: Findings, metrics: Sequence[str]) -> list[Table]:
    """A table for each metric, folded unless short and with verdicts; one of what is described.

    The latter are the interaction and the other factors; of test accuracy alone.
    """
    design, tables = findings.design, []
    for metric in metrics:
        parts: dict[bool, list[Comparison]] = {False: [], True: []}
        for each in findings.comparisons[metric]:
            parts[each.place in design.described].append(each)
        name = _words(metric)
        name = name[0].upper() + name[1:]
        captions = {False: name if metric == PRIMARY else f"{name}, described"}
        if metric == PRIMARY:
            captions[True] = f"{name}, described: interaction and {' and '.join(design.others)}"
        for is_described, caption in captions.items():
            rows = _compared(parts[is_described][:MAX_ROWS], findings)
            folded = is_described or metric != PRIMARY or len(rows) > LONG
            tables.append(table_of(rows, caption, folded=folded))
    return tables


def all_comparisons(findings: Findings) -> Table:
    """All comparisons of all metrics in one table; those that are described lack some cells."""
    rows = [
        {"metric": _words(metric), **row}
        for metric, found in findings.comparisons.items()
        for row in _compared(found, findings)
    ]
    return table_of([dict.fromkeys(rows[0], UNKNOWN) | row for row in rows])


def _compared(comparisons: Iterable[Comparison], findings: Findings) -> list[dict[str, str]]:
    rows = []
    for each in comparisons:
        metric = each.metric
        new_images = findings.new_images.get((each.place, each.condition_a, each.condition_b))
        decisive = {
            "interval for equality": bounds((each.equal_low, each.equal_high), metric),
            "new seeds and images": bounds(new_images, metric),
            "p": p_value(each.p_value),
            "A is": str(each.verdict),
        }
        rows.append(
            {
                **({"where": each.place} if len(findings.design.places) > 1 else {}),
                "A": each.condition_a,
                "B": each.condition_b,
                "pairs": str(each.num_pairs),
                f"A {MINUS} B": amount(each.difference_mean, metric, signed=True),
                "interval for a difference": bounds((each.ci_low, each.ci_high), metric),
                **(decisive if metric == PRIMARY else {}),
            }
        )
    return rows


def _words(metric: str) -> str:
    return CALLED.get(metric, metric.replace("_", " "))


def spread_table(found: Sequence[Spread]) -> Table:
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
