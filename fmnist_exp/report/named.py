"""What the words of a claim mean in a study: levels and places as its report calls them."""

import difflib
from collections.abc import Sequence
from dataclasses import replace

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import listed
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.claims import BETWEEN, Claim, typed
from fmnist_exp.statistics.verdicts import Comparison, Verdict

TURNED = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


def compared_by(claim: Claim, findings: Findings) -> Comparison | None:
    """The comparison that a claim names, its first condition as `condition_a`; None if none is."""
    wanted, average = claim.comparison, findings.design.average
    for found in findings.comparisons[claim.metric]:
        for each in (found, _turned(found)):
            names = f"{each.condition_a}{BETWEEN}{each.condition_b}"
            places = [f", {each.place}"] if each.place else [""]
            if each.place == average:  # which is meant where no place is named
                places.append("")
            if wanted in (typed(names + place) for place in places):
                return each
    return None


def condition_of(claim: Claim, findings: Findings) -> Condition | None:
    """The condition with results that a claim names, by its label or by level and place."""
    wanted = claim.comparison
    for each in findings.study.measured:
        if wanted == typed(each.label):
            return each
    for (level, place), each in findings.design.cells.items():
        if wanted == typed(f"{level}, {place}" if place else level):
            return each
    return None


def why_not(claim: Claim, findings: Findings) -> tuple[bool, str]:
    """Why a report has no interval of what a claim names.

    Returns:
        Whether all that it names is part of the study, and the reason.
    """
    design, text = findings.design, claim.comparison
    places = [each for each in design.places if each]
    if design.is_crossed and claim.is_difference:
        places.append(design.average)
    place = next((each for each in places if text.endswith(typed(f", {each}"))), "")
    names = text.removesuffix(typed(f", {place}") if place else "").split(BETWEEN, 1)
    for name in names:
        if name not in map(typed, design.levels):
            return _not_of_design(name, findings, places)
    if len(design.places) > 1 and not place and not (design.averages and claim.is_difference):
        return False, f"it names no place ({listed(places, '; ')})"
    missing = [
        f"{level} at {at}" if at else level
        for level, at in design.missing()
        if typed(level) in names and (place in (at, design.average) or not place)
    ]
    if missing:
        return True, f"no run was completed: {listed(missing, '; ')}"
    if design.baseline is not None and design.baseline not in names:
        return False, f"this report compares with {design.baseline} alone"
    return False, "this report does not compare them"


def _not_of_design(name: str, findings: Findings, places: list[str]) -> tuple[bool, str]:
    """What is wrong with a name that is no level; as `why_not`."""
    design = findings.design
    without = (typed(each.label) for each in findings.study.conditions if not each.runs)
    if name in without:
        return True, f"no run was completed: {name}"
    levels = [typed(each) for each in design.levels]
    level = next((each for each in levels if name.startswith(f"{each}, ")), None)
    if level is None:
        return False, f"{name} is no {design.factor} of this study {_known(name, levels)}"
    place = name.removeprefix(f"{level}, ")
    if place in map(typed, places):
        return False, "A and B must share a place, named once at the end"
    which = _known(place, places) if places else f"(only the {design.factor} varies)"
    return False, f"{place} is no place of this study {which}"


def _known(word: str, known: Sequence[str]) -> str:
    """In brackets, the known word that is meant; else the known words."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"(did you mean {near[0]}?)" if near else f"(it has {listed(known, '; ')})"


def _turned(each: Comparison) -> Comparison:
    """The same comparison from its other side."""
    return replace(
        each,
        condition_a=each.condition_b,
        condition_b=each.condition_a,
        difference_mean=-each.difference_mean,
        ci_low=-each.ci_high,
        ci_high=-each.ci_low,
        equal_low=-each.equal_high,
        equal_high=-each.equal_low,
        verdict=TURNED.get(each.verdict, each.verdict),
        num_failed_a=each.num_failed_b,
        num_failed_b=each.num_failed_a,
    )
