"""The first line of a report: the answer to the question of its heading."""

from collections.abc import Mapping, Sequence

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings, depends_on_place
from fmnist_exp.report.formatting import POINTS, fixed, mean
from fmnist_exp.report.page import words
from fmnist_exp.report.page.chance_lines import chance_lines
from fmnist_exp.report.page.lines import short
from fmnist_exp.report.page.outcomes import most_possible, outcome
from fmnist_exp.report.page.words import BOUND, DECIDED, UNSETTLED, Noun, both
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import SHARE, t_interval
from fmnist_exp.statistics.verdicts import MIN_PAIRS, PRIMARY, SAME, Comparison, Verdict


def first_line(findings: Findings) -> str:
    """The answer to the question of a study, `words.MAX_WORDS` words at most."""
    study, design, found = findings.study, findings.design, findings.judged
    if study.tuned:
        return _best_trial(study)
    if not study.measured:
        return "No answer: no run was completed."
    noun, failed = Noun(design.factor), _on_failed(design)
    if len(study.measured) == 1:
        if of_chance := chance_lines(findings.spreads):
            return of_chance[0]
        if is_of_one(study):
            return f"The mean test accuracy is {_mean(study.measured[0].values(PRIMARY))}."
        end = "; there is nothing to compare"
        if study.unfinished:
            end = f"; {counted(len(study.unfinished), 'run')} unfinished, nothing to compare yet"
        return words.ended(_only(study.measured[0]), *(failed or [end]))
    if not found:
        return _not_compared(study, noun)
    if together := _together(findings):
        return words.ended(together, *failed)
    if len(design.places) == 1:
        return words.ended(outcome(found, noun), *failed)
    leading = findings.leading
    verdicts = {each.verdict for each in found if each.place != design.average}
    if len(verdicts) == 1 and verdicts <= {Verdict.EXPLORATORY, Verdict.IDENTICAL}:
        alike = [each for each in found if each.verdict in verdicts]
        return words.ended(outcome(alike, noun), *failed)
    if any(each.place != design.average for each in leading):
        return words.ended(_by_place(findings), *failed)
    ends = [f", {design.average}{end}" for end in failed or [""]]
    return words.ended(outcome(leading, noun), *ends)


def is_of_one(study: Study) -> bool:
    """Whether a study asks a question of its own about its only condition."""
    return len(study.conditions) == len(study.questions) == 1


def _on_failed(design: Design) -> list[str]:
    """What a sentence ends with where levels have no result at all; nothing if all have one."""
    if not design.failed:
        return []
    noun, count = Noun(design.factor), len(design.failed)
    number = f"{count} {noun.many} have" if count > 1 else f"one {noun.one} has"
    named = [f"; no run of {both(design.failed)} was completed"] if count <= words.MAX_NAMES else []
    return [*named, f"; {number} no result"]


def _not_compared(study: Study, noun: Noun) -> str:
    """Why no two conditions with results can be compared."""
    kinds = [each.grounds for each in study.measured]
    differ = {key for kind in kinds for key in kind if len({one.get(key) for one in kinds}) > 1}
    if not differ:
        return f"No answer: no two {noun.many} were tried with the same other factors."
    what = "engines" if differ == {"engine"} else "data"
    return f"No answer: no two of these may be held against each other, as their {what} differ."


def _only(condition: Condition) -> list[str]:
    text = f"reaches {_mean(condition.values(PRIMARY))}"
    return [f"{condition.label} {text}", f"The only condition with results {text}"]


def _mean(accuracy: np.ndarray) -> str:
    """Mean test accuracy, its interval where there are seeds enough, and their number."""
    seeds = counted(len(accuracy), "seed")
    if len(accuracy) < MIN_PAIRS:
        return f"{mean(accuracy, 2, POINTS)} % ({seeds})"
    low, high = (fixed(POINTS * bound, 2) for bound in t_interval(accuracy, SHARE))
    return f"{mean(accuracy, 2, POINTS)} % ({low} to {high}, {seeds})"


def _best_trial(study: Study) -> str:
    tuned = study.tuned[0]
    if tuned.best is None:
        return f"No answer: of {counted(tuned.num_trials, 'trial')}, none was completed."
    number, values, accuracy = tuned.best
    start = f"Best of {counted(tuned.num_trials, 'trial')}"
    end = f", validation {POINTS * accuracy:.2f} %; not yet confirmed with new seeds."
    if len(confirmed := study.confirmed(tuned)):
        end = f"; with new seeds it reaches {_mean(confirmed)}."
    return words.fitting(f"{start}: {values}{end}", f"{start}: number {number}{end}")


def _together(findings: Findings) -> list[str]:
    """The answer where more changed with the factor in all that decides; empty where not."""
    found = findings.judged
    deciding = [each for each in found if each.verdict in DECIDED] or found
    changed = [findings.changed_with_it(each) for each in deciding]
    if not all(changed):
        return []
    first, rest = (
        findings.design.factor,
        list(dict.fromkeys(name for each in changed for name in each)),
    )
    keys = [both([first, *rest]), f"{first} and {counted(len(rest), 'other key')}", "several keys"]
    verdicts = {each.verdict for each in findings.leading}
    if words.winner(found):
        start = "It matters, but what made the difference cannot be told"
        return [f"{start}: {names} changed together" for names in keys]
    if verdicts == {Verdict.IDENTICAL}:
        effect = "had no effect on training: all runs of a seed are the same"
        return [f"{names}, changed together, {effect}" for names in keys]
    if verdicts <= {*SAME}:
        return [
            f"{names}, changed together: no difference of {BOUND} points or more" for names in keys
        ]
    if verdicts <= {*SAME, Verdict.UNDECIDED}:
        end = f"matter, then by at most {most_possible(findings.leading)} points"
        return [f"Not settled yet: if {names}, changed together, {end}" for names in keys]
    return []


def _by_place(findings: Findings) -> list[str]:
    """The first line where places answer differently, or cannot be averaged."""
    design = findings.design
    names = [Noun(each).one for each in design.others]
    if not design.averages:
        names.insert(0, "data")
    groups = grouped(design, findings.leading)
    told = {place: short(groups.get(place, ())) for place in design.places}
    if len(names) == 1 and design.averages:
        noun = Noun(design.others[0])
        told = {noun.level(place): what for place, what in told.items()}
    factor, depends = f"the {both(names)}", depends_on_place(findings.comparisons[PRIMARY])
    if len({*told.values()}) == 1:
        (what,) = {*told.values()}
        much = (
            f"; by how much depends on {factor}"
            if depends and what.endswith(("better", "worse"))
            else ""
        )
        return [f"The same wherever it was tried: {what}{much}", f"The same everywhere{much}"]
    return by_place(factor, told, depends=depends)


def by_place(factor: str, found: Mapping[str, str], *, depends: bool) -> list[str]:
    """The first line where not all places have the same words.

    Args:
        factor: what the places are levels of.
        found: place -> `short` words there.
        depends: whether answers differ, and not only in what is settled.
    """
    places: dict[str, list[str]] = {}
    for place, what in found.items():
        places.setdefault(what, []).append(place)
    start = f"It depends on {factor}: " if depends else f"By {factor}: "
    parts = {what: f"{what} at {both(where)}" for what, where in places.items()}
    settled = [part for what, part in parts.items() if what not in UNSETTLED]
    shorter = f"{start}{'; '.join(settled)}; not settled elsewhere"
    return [
        f"{start}{'; '.join(parts.values())}",
        *([shorter] if 0 < len(settled) < len(parts) else []),
        f"{start}see each line below",
    ]


def grouped(design: Design, found: Sequence[Comparison]) -> dict[str, list[Comparison]]:
    """Place -> what is compared there, without the average."""
    groups: dict[str, list[Comparison]] = {}
    for each in found:
        if each.place != design.average:
            groups.setdefault(each.place, []).append(each)
    return groups
