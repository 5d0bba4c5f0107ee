"""How to go on where a study has not settled everything, or has tuned."""

import math
from collections.abc import Sequence

from fmnist_exp.console import counted, typed
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.words import BOUND
from fmnist_exp.report.runs.study import Study
from fmnist_exp.rundir.plan import Settling, path_in_override
from fmnist_exp.statistics import power
from fmnist_exp.statistics.verdicts import ALPHA, SESOI, Comparison, Verdict

NEW_SEEDS = 10  # to begin with: a difference of one SD is found in 80 of 100 cases
MAX_PLANNED = 500  # seeds beyond which nobody is told to go on


def next_step(findings: Findings, told: Sequence[Comparison]) -> tuple[list[str], str | None]:
    """What to do next: sentences, and a command that is ready to copy.

    Args:
        findings: what the study found.
        told: the comparisons that its answer is made of.
    """
    study = findings.study
    if study.settling is not None:
        return _looks(study, study.settling, told)
    if (seeds := _planned(told)) is not None:
        plan = f"about {seeds.num_seeds:,} seeds ({seeds.low:,} to {seeds.high:,})"
        if seeds.num_seeds > MAX_PLANNED:
            why = f"a change of seed alone moves these results by far more than {BOUND} points"
            steps, command = _confirming(study)
            return [f"To settle the rest would take {plan}: {why}.", *steps], command
        reach = f"the truth is no difference or one of {BOUND} points"
        return [
            (
                f"To settle the rest, plan {plan}; finished runs are used again. With so many, "
                f"each is settled in 80 of 100 cases, if {reach}."
            )
        ], _command(study, seeds.num_seeds)
    if any(each.verdict == Verdict.EXPLORATORY for each in told):
        plan = f"{NEW_SEEDS} seeds each, the same for all; finished runs are used again"
        return [f"For an answer, plan {plan}."], _command(study, NEW_SEEDS)
    return _confirming(study)


def _planned(told: Sequence[Comparison]) -> power.Planned | None:
    """Seeds that would settle the comparison that needs most; None if all are settled."""
    needed = [
        power.planned(each.difference_std, each.num_pairs, SESOI, ALPHA / each.num_comparisons)
        for each in told
        if each.verdict == Verdict.UNDECIDED
    ]
    return max(needed, default=None, key=lambda planned: planned.num_seeds)


def _looks(
    study: Study, settling: Settling, told: Sequence[Comparison]
) -> tuple[list[str], str | None]:
    """How far a sweep that adds seeds has come, and its command while a look is to come."""
    most, num_settled = settling.looks[-1], sum(bool(each.settled_after) for each in told)
    looks = f"Seeds were added by a plan, {most} at most, until each comparison was settled"
    total = math.comb(len(settling.levels), 2)  # also where a level has no result
    count = f"{num_settled} of {counted(total, 'comparison')} settled"
    if study.command is None or all(each.settled_after or each.look == most for each in told):
        return [f"{looks}: {count}."], None
    going_on = typed("train", *study.command, into(study))
    return [f"{looks}: {count} so far. The command below goes on."], going_on


def _confirming(study: Study) -> tuple[list[str], str | None]:
    """The command that trains the best trial of a search with new seeds, if none has done so."""
    best = [
        each.confirming
        for each in study.tuned
        if each.confirming and not len(study.confirmed(each))
    ]
    if not best:
        return [], None
    return ["The command below trains the best trial with new seeds."], typed("train", *best[0])


def _command(study: Study, seeds: int) -> str | None:
    """The command of the sweep with so many seeds; None if it is not known, or has others."""
    taken = sorted({run.record.seed for run in study.runs})
    is_crossed = len({run.record.seeds for run in study.runs}) > len(taken)
    if study.command is None or is_crossed or taken != list(range(taken[0], taken[0] + len(taken))):
        return None
    start = f"{taken[0]}," if taken[0] else ""
    given = [each for each in study.command if not each.startswith("seed=")]
    more = f"seed=range({start}{taken[0] + max(seeds, len(taken))})"
    return typed("train", *given, more, into(study))


def into(study: Study) -> str:
    """The directory of the sweep, as an override; there its former reports are known."""
    assert study.directory is not None
    return f"hydra.sweep.dir={path_in_override(study.directory)}"
