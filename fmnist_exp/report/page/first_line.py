"""The first line of a report: the answer to the question of its heading."""

from collections.abc import Sequence

from fmnist_exp.console import counted
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import POINTS, fixed, mean
from fmnist_exp.report.page import words
from fmnist_exp.report.page.words import Noun
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import SHARE, t_interval
from fmnist_exp.statistics.verdicts import MIN_PAIRS, PRIMARY, Comparison, Verdict


def first_line(findings: Findings) -> str:
    """The answer to the question of a study, `words.MAX_WORDS` words at most."""
    study, design, found = findings.study, findings.design, findings.judged
    if study.tuned:
        return _best_trial(study)
    if not study.measured:
        return "No answer: no run was completed."
    if len(study.measured) == 1:
        (condition,) = study.measured
        return _only(condition)
    if not found:
        return "No answer: no two of these may be held against each other, as their data differ."
    if confounded := _confounded(findings, found):
        return confounded
    noun = Noun(design.factor)
    if len(design.places) == 1:
        return words.answer(found, noun)
    leading = findings.leading
    verdicts = {each.verdict for each in found if each.place != design.average}
    if len(verdicts) == 1 and verdicts <= {Verdict.EXPLORATORY, Verdict.IDENTICAL}:
        return words.answer([each for each in found if each.verdict in verdicts], noun)
    if any(each.place != design.average for each in leading):
        return _by_place(findings)
    return words.answer(leading, noun, f", {design.average}")


def _only(condition: Condition) -> str:
    accuracy = condition.values(PRIMARY)
    name, n = condition.label, len(accuracy)
    if n < MIN_PAIRS:
        text = f"reaches {mean(accuracy, 2, POINTS)} % ({counted(n, 'seed')})"
    else:
        low, high = (fixed(POINTS * bound, 2) for bound in t_interval(accuracy, SHARE))
        text = f"reaches {mean(accuracy, 2, POINTS)} % ({low} to {high}, {counted(n, 'seed')})"
    return words.fitting(
        f"{name} {text}; there is nothing to compare.",
        f"The only condition {text}; there is nothing to compare.",
    )


def _best_trial(study: Study) -> str:
    tuned = study.tuned[0]
    if tuned.best is None:
        return f"No answer: none of {counted(tuned.num_trials, 'trial')} was completed."
    number, values, accuracy = tuned.best
    start, end = (
        f"Best of {counted(tuned.num_trials, 'trial')}",
        f"validation {POINTS * accuracy:.2f} %",
    )
    return words.fitting(
        f"{start}: {values}, {end}; confirm it by the command below.",
        f"{start}: number {number}, {end}; confirm it by the command below.",
    )


def _confounded(findings: Findings, found: Sequence[Comparison]) -> str | None:
    """The answer where something matters, and more than the factor changed with it."""
    names = findings.together
    if not names or not words.winner(found):
        return None
    start = "It matters, but what made the difference cannot be told: "
    first, *rest = names
    return words.fitting(
        f"{start}{words.both(names)} changed together.",
        f"{start}{first} and {counted(len(rest), 'other key')} changed together.",
        f"{start}several keys changed together.",
    )


def _by_place(findings: Findings) -> str:
    """The first line where places answer differently, or cannot be averaged."""
    design = findings.design
    names = [Noun(each).one for each in design.others]
    if not design.averages:
        names.insert(0, "data")
    groups = by_place(design, findings.leading)
    if len(names) == 1 and design.averages:
        noun = Noun(design.others[0])
        groups = {noun.level(place): group for place, group in groups.items()}
    short = {place: words.short(group) for place, group in groups.items()}
    if len({*short.values()}) == 1:
        (what,) = {*short.values()}
        return words.fitting(f"The same wherever it was tried: {what}.", "The same everywhere.")
    depends = findings.depends_on_place
    return words.by_place(f"the {words.both(names)}", short, depends=depends)


def by_place(design: Design, found: Sequence[Comparison]) -> dict[str, list[Comparison]]:
    """Place -> what is compared there, without the average."""
    groups: dict[str, list[Comparison]] = {}
    for each in found:
        if each.place != design.average:
            groups.setdefault(each.place, []).append(each)
    return groups
