"""What a report begins with: the answer in one sentence, what it rests on, and how to go on."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import mean
from fmnist_exp.report.page import words
from fmnist_exp.report.page.first_line import first_line, grouped
from fmnist_exp.report.page.lines import at, line, on_failures, on_odd
from fmnist_exp.report.page.words import POINTS, Noun
from fmnist_exp.report.runs.setting import network
from fmnist_exp.report.runs.study import Study
from fmnist_exp.statistics import power
from fmnist_exp.statistics.seeds import standard_deviation
from fmnist_exp.statistics.verdicts import (
    ALPHA,
    MIN_PAIRS,
    PRIMARY,
    SESOI,
    Comparison,
    Verdict,
)

MAX_LINES = 10  # comparisons in words; the table has the rest
MANY = 9  # conditions from which on the best of them looks better than it is
NEW_SEEDS = 10  # to begin with: a difference of one SD is found in 80 of 100 cases
MAX_PLANNED = 500  # seeds beyond which nobody is told to go on
MAX_NAMED = 8  # conditions whose means stand in one line


@dataclass(frozen=True)
class Answer:
    """The beginning of a report.

    Attributes:
        first: the answer, 25 words at most.
        lines: what it rests on, a sentence or two each.
        command: what goes on where something is not settled, or confirms the best trial of a
            search; None if nothing is to be done.
    """

    first: str
    lines: tuple[str, ...]
    command: str | None = None


def answer_of(findings: Findings) -> Answer:
    """The answer that a study gives."""
    told = findings.judged
    if findings.study.tuned:  # of a search, what a single seed shows on test images is no answer
        told = [each for each in told if each.verdict != Verdict.EXPLORATORY]
    lines = [
        *_on_means(findings),
        *_on_tuning(findings.study),
        *_in_words(findings, told),
        *_on_missing(findings.design),
        *_on_sizes(findings, told),
        *_on_traps(findings, told),
    ]
    command = _confirming(findings.study)
    if findings.study.settling is not None:
        command = _going_on(findings.study, told)
        lines += _on_looks(findings.study, told, is_over=command is None)
    elif (seeds := _planned(told)) is not None:
        plan = f"about {seeds.num_seeds:,} seeds ({seeds.low:,} to {seeds.high:,})"
        if seeds.num_seeds > MAX_PLANNED:
            lines.append(
                f"To settle the rest would take {plan}: a change of seed alone moves these "
                f"results by far more than {words.BOUND} points."
            )
        else:
            lines.append(
                f"To settle the rest, plan {plan}; finished runs are used again. With so many, "
                "each is settled in 80 of 100 cases, if the truth is no difference or one of "
                f"{words.BOUND} points."
            )
            command = _command(findings.study, seeds.num_seeds)
    elif any(each.verdict == Verdict.EXPLORATORY for each in told):
        command = _command(findings.study, NEW_SEEDS)
        plan = f"{NEW_SEEDS} seeds each, the same for all; finished runs are used again"
        lines.append(f"For an answer, plan {plan}.")
    if any(each.num_pairs >= MIN_PAIRS for each in told):
        ever = "" if findings.study.settling is None else "ever "
        rate = f" In at most 5 of 100 such studies is any of these statements {ever}false."
        lines.append(
            "Points are percentage points of test accuracy."
            f"{'' if findings.study.is_extended else rate} The statements are about new seeds of "
            "this network, recipe, data split and test images."
        )
    return Answer(first_line(findings), tuple(lines), command)


def _on_means(findings: Findings) -> Iterator[str]:
    measured = list(dict.fromkeys([*findings.design.cells.values(), *findings.study.measured]))
    if not measured:
        return
    networks = {network(each.runs[0].record.config) for each in measured}
    data = dict.fromkeys(str(each.runs[0].record.config["data"]["name"]) for each in measured)
    counts = sorted({len(each.runs) for each in measured})
    seeds = f"{counts[0]} to {counts[-1]} seeds" if len(counts) > 1 else counted(counts[0], "seed")
    named = [f"{each.label} {mean(each.values(PRIMARY), 2, POINTS)} %" for each in measured]
    if len(named) > MAX_NAMED:
        means = {each.label: float(each.values(PRIMARY).mean()) for each in measured}
        ends = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
        named = [f"from {100 * means[name]:.2f} % ({name})" for name in ends]
        named = [f"{named[0]} to {named[1].removeprefix('from ')}"]
    about = [
        *([f"Network: {next(iter(networks))}"] if len(networks) == 1 else []),
        f"{'data' if len(networks) == 1 else 'Data'}: {words.both(list(data))}",
        f"{seeds} each",
    ]
    parts = "; " if any(", " in name for name in named) else ", "
    yield f"Mean test accuracy: {parts.join(named)}. {'; '.join(about)}."


def _on_tuning(study: Study) -> Iterator[str]:
    for tuned in study.tuned:
        if tuned.best is not None:
            number, values, accuracy = tuned.best
            yield (
                f"{tuned.name} was tuned on validation accuracy, "
                f"{counted(tuned.num_trials, 'trial')}: the best is number {number}, {values}, "
                f"with {POINTS * accuracy:.2f} %. The best of many looks better than it is, and "
                "test accuracies have no part in the choice."
            )


def _in_words(findings: Findings, told: Sequence[Comparison]) -> list[str]:
    """A line for each comparison; with several factors one for each place. The rest is counted."""
    design, leading = findings.design, findings.leading
    averages = [line(each) for each in told if each.place == design.average]
    lines = [line(each) for each in told]
    if design.is_crossed:
        noun = Noun(design.factor)
        places = [
            f"{at(place)}: {words.ended(words.found(group, noun))}{on_failures(group)}"
            f"{on_odd(group)}{_on_guessing(design, place)}"
            for place, group in grouped(design, told).items()
        ]
        averages_lead = any(each.place == design.average for each in leading)
        lines = [*averages, *places] if averages_lead else [*places, *averages]
    if more := len(lines[MAX_LINES:]):
        return [*lines[:MAX_LINES], f"{more} more are in comparisons.csv."]
    return lines


def _on_guessing(design: Design, place: str) -> str:
    """Which levels have learned next to nothing at a place, so that equality there says little."""
    cells = {level: design.cells.get((level, place)) for level in design.levels}
    named = [level for level, each in cells.items() if each and each.is_guessing]
    return f" Not above guessing: {words.both(named)}." if named else ""


def _on_missing(design: Design) -> Iterator[str]:
    """Cells of a design of several factors that no result stands for."""
    missing = [f"{level} at {place}" for level, place in design.missing()]
    if design.is_crossed and missing:
        named = "; ".join(missing[:MAX_NAMED])
        more = f" and {len(missing) - MAX_NAMED} more" if missing[MAX_NAMED:] else ""
        yield (
            f"There is no result: {named}{more}. Levels are compared where both are there, and "
            "averaged only if they are there everywhere."
        )


def _on_sizes(findings: Findings, told: Sequence[Comparison]) -> Iterator[str]:
    """How much a change of seed alone moves the result, beside what the factor does."""
    design = findings.design
    if all(each.num_pairs < MIN_PAIRS for each in told):
        return
    spreads = sorted(
        standard_deviation(each.values(PRIMARY))
        for each in design.cells.values()
        if len(each.runs) >= MIN_PAIRS
    )
    means = [
        [each.values(PRIMARY).mean() for (_, at), each in design.cells.items() if at == place]
        for place in design.places
    ]
    apart = max(float(np.ptp(found)) for found in means if found)
    least, most = (words.points(each) for each in (spreads[0], spreads[-1]))
    alone = most if least == most else f"{least} to {most}"
    up_to = "up to " if len(design.places) > 1 else ""
    yield (
        f"A change of seed alone moves a result by {alone} points (SD); the means of the "
        f"{Noun(design.factor).many} lie {up_to}{words.points(apart)} points apart (observed)."
    )


def _on_traps(findings: Findings, told: Sequence[Comparison]) -> Iterator[str]:
    """What readers misread: small steps that add up, the luck of the best."""
    better = words.winner(told)
    equal = {
        frozenset((each.condition_a, each.condition_b))
        for each in told
        if each.verdict in words.SAME
    }
    chains = [
        (a, b, c)
        for a, c in better
        for b in words.arms_of(told)
        if frozenset((a, b)) in equal and frozenset((b, c)) in equal
    ]
    if chains and len(findings.design.places) == 1:
        a, b, c = chains[0]
        yield (
            f"Steps of less than {words.BOUND} points can add up: {b} can be exchanged with {a} "
            f"and with {c}, and yet {a} is better than {c}."
        )
    if len(findings.study.measured) >= MANY and not findings.study.tuned:
        yield (
            "The best of many looks better than it is, as luck had a part in its place: train it "
            "with new seeds before its accuracy is quoted."
        )


def _planned(told: Sequence[Comparison]) -> power.Planned | None:
    """Seeds that would settle the comparison that needs most; None if all are settled."""
    needed = [
        power.planned(each.difference_std, each.num_pairs, SESOI, ALPHA / each.num_comparisons)
        for each in told
        if each.verdict == Verdict.UNDECIDED
    ]
    return max(needed, default=None, key=lambda planned: planned.num_seeds)


def _going_on(study: Study, told: Sequence[Comparison]) -> str | None:
    """The command of a sweep that adds seeds, while one of its looks is to come; else None."""
    assert study.settling is not None
    most = study.settling.looks[-1]
    if study.command is None or all(each.settled_after or each.look == most for each in told):
        return None
    return _train([*study.command, f"hydra.sweep.dir={study.directory}"])


def _on_looks(study: Study, told: Sequence[Comparison], *, is_over: bool) -> Iterator[str]:
    """How far a sweep that adds seeds has come."""
    assert study.settling is not None
    most, num_settled = study.settling.looks[-1], sum(bool(each.settled_after) for each in told)
    looks = f"Seeds were added by a plan, {most} at most, until each comparison was settled"
    count = f"{num_settled} of {counted(len(told), 'comparison')} settled"
    if is_over:
        yield f"{looks}: {count}."
    else:
        yield f"{looks}: {count} so far. The command below goes on."


def _confirming(study: Study) -> str | None:
    """The command that trains the best trial of a search with new seeds, if there is one."""
    best = [each.confirming for each in study.tuned if each.confirming]
    return _train(best[0]) if best else None


def _train(words_after: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "fmnist_exp.train", *words_after])


def _command(study: Study, seeds: int) -> str | None:
    """The command of the sweep with so many seeds; None if it is not known, or has others."""
    taken = sorted({run.record.seed for run in study.runs})
    if study.command is None or taken != list(range(taken[0], taken[0] + len(taken))):
        return None
    start = f"{taken[0]}," if taken[0] else ""
    given = [each for each in study.command if not each.startswith("seed=")]
    return _train([*given, f"seed=range({start}{taken[0] + max(seeds, len(taken))})"])
