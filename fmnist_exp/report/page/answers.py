"""What a report begins with: the answer in one sentence, what it rests on, and how to go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.claims import judge
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import mean
from fmnist_exp.report.page import words
from fmnist_exp.report.page.chance_lines import chance_lines
from fmnist_exp.report.page.first_line import first_line, grouped
from fmnist_exp.report.page.lines import at, line, on_claims, on_failures, on_odd
from fmnist_exp.report.page.next_step import next_step
from fmnist_exp.report.page.outcomes import outcome
from fmnist_exp.report.page.words import POINTS, Noun
from fmnist_exp.report.runs.setting import network
from fmnist_exp.report.runs.study import Study
from fmnist_exp.statistics.seeds import standard_deviation
from fmnist_exp.statistics.verdicts import (
    MIN_PAIRS,
    PRIMARY,
    SAME,
    Comparison,
    Verdict,
)

MAX_LINES = 10  # comparisons in words; the table has the rest
MANY = 9  # conditions from which on the best of them looks better than it is
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
    average = findings.design.average
    if not any(each.place == average for each in findings.leading):  # it would hide something
        told = [each for each in told if each.place != average]
    first = first_line(findings)
    lines = [
        *_on_means(findings),
        *_on_tuning(findings.study),
        *_in_words(findings, told),
        *[each for each in chance_lines(findings.spreads) if each != first],
        *_on_missing(findings.design),
        *_on_sizes(findings, told),
        *_on_traps(findings, told),
    ]
    steps, command = next_step(findings, told)
    lines += steps
    if any(each.num_pairs >= MIN_PAIRS for each in told):
        ever = "" if findings.study.settling is None else "ever "
        rate = f" In at most 5 of 100 such studies is any of these statements {ever}false."
        shares = [source for each in findings.study.measured for source in each.shared_chance]
        if shares:
            rate = " Runs share seeds of a source of chance, so the statements may be too sure."
        seeds = {at.split for each in findings.study.measured for at in each.seeds}
        split = "" if len(seeds) > 1 else ", data split"
        lines.append(
            "Points are percentage points of test accuracy."
            f"{'' if findings.study.is_extended else rate} The statements are about new seeds of "
            f"this network, recipe{split} and test images."
        )
    lines += on_claims(judge(findings))  # of which many are no part of these 5 %
    return Answer(first, tuple(lines), command)


def _on_means(findings: Findings) -> Iterator[str]:
    measured = list(dict.fromkeys([*findings.design.cells.values(), *findings.study.measured]))
    if not measured:
        return
    networks = {network(each.runs[0].record.config) for each in measured}
    data = dict.fromkeys(each.runs[0].record.data_name for each in measured)
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
            num_new = len(study.confirmed(tuned))
            counts = (
                f" The answer counts its {num_new} new seeds alone; the tables hold the trial's "
                "own as well."
                if num_new
                else ""
            )
            yield (
                f"{tuned.name} was tuned on validation accuracy, "
                f"{counted(tuned.num_trials, 'trial')}: the best is number {number}, {values}, "
                f"with {POINTS * accuracy:.2f} %. The best of many looks better than it is, and "
                f"test accuracies have no part in the choice.{counts}"
            )


def _in_words(findings: Findings, told: Sequence[Comparison]) -> list[str]:
    """A line for each comparison; with several factors for each place, and averages that lead.

    The rest is counted.
    """
    design = findings.design
    lines = [line(each) for each in told]
    if design.is_crossed:
        noun = Noun(design.factor)
        averages = [line(each) for each in told if each.place == design.average]
        places = [
            f"{at(place)}: {words.ended(outcome(group, noun))}{on_failures(group)}"
            f"{on_odd(group)}{_on_guessing(design, place)}"
            for place, group in grouped(design, told).items()
        ]
        lines = [*averages, *places]
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
        frozenset((each.condition_a, each.condition_b)) for each in told if each.verdict in SAME
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
