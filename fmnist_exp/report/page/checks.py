"""What a reader must know before trusting a number: checks of a study, each with a code.

A check is a function of the findings; it returns one sentence with the facts, or None.
docs/checks.md says for each code what it means, why it matters and what to do.
"""

from typing import NamedTuple

import numpy as np

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import listed
from fmnist_exp.report.page import run_checks
from fmnist_exp.report.page.words import Noun, both
from fmnist_exp.report.runs import conditions, differing
from fmnist_exp.rundir.records import Seeds
from fmnist_exp.statistics.seeds import paired_differences, t_interval
from fmnist_exp.statistics.verdicts import MIN_PAIRS, PRIMARY, SESOI


class Fired(NamedTuple):
    """A check that has found something: its code, and one sentence with the facts."""

    code: str
    sentence: str

    @property
    def warning(self) -> str:
        """It in a line of its own."""
        return f"Warning: {self.sentence} ({self.code})"


def fired(findings: Findings) -> list[Fired]:
    """The checks that have found something, the most important first."""
    asked = ((code, check(findings)) for code, check in CHECKS.items())
    return [Fired(code, sentence) for code, sentence in asked if sentence]


def _changed_together(findings: Findings) -> str | None:
    study = findings.study
    chosen = [key for each in study.tuned for key in each.factors]
    found: dict[str, None] = {}
    for members in study.blocks.values():
        together = differing.changed_together([each.config for each in members], chosen)
        for follows, keys in together.items():
            found[f"{listed(keys)} changed only where {' or '.join(follows)} did"] = None
    return f"{'; '.join(found)}: their effects cannot be told apart." if found else None


def _few_seeds(findings: Findings) -> str | None:
    few = [each for each in findings.study.measured if len(each.runs) < MIN_PAIRS]
    text = f"Fewer than {MIN_PAIRS} seeds: {{}}. Read these as exploratory."
    return run_checks.on(few, findings.study, text)


def _unequal_seeds(findings: Findings) -> str | None:
    """Conditions that lack seeds of those that they are compared with, unless it was planned."""
    study = findings.study
    if study.settling is not None:
        return None
    holders: dict[tuple[Seeds, ...], list[str]] = {}  # seeds that others lack -> who has them
    for members in study.blocks.values():
        found = {each.label: set(each.seeds) for each in members if each.runs}
        common = set.intersection(*found.values()) if found else set()
        for name, seeds in found.items():
            if seeds != common:
                holders.setdefault(tuple(sorted(seeds - common)), []).append(name)
    named = []
    for extra, names in holders.items():
        lack = [each.label for each in study.measured if not {*extra} <= {*each.seeds}]
        who = (
            f"not {listed(lack, '; ')}" if len(lack) < len(names) else f"only {listed(names, '; ')}"
        )
        named.append(f"{listed(map(str, extra))} ({who})")
    return f"Seeds that not every condition has: {listed(named, '; ')}." if named else None


def _shared_chance(findings: Findings) -> str | None:
    """Conditions whose runs share the seed of a source of chance, so that they vary too little."""
    told = [
        f"{each.label} ({both(each.shared_chance)})"
        for each in findings.study.measured
        if each.shared_chance
    ]
    text = "Runs share the seed of a source of chance, so intervals may be too narrow:"
    return f"{text} {listed(told, '; ')}." if told else None


def _seeds_added(findings: Findings) -> str | None:
    study = findings.study
    if not study.is_extended or not findings.comparisons[PRIMARY]:
        return None
    if study.has_unused_looks:
        return (
            "Seeds of a sweep were added until it was settled, and its looks do not hold together "
            "with other folders: that at most 5 of 100 studies hold a false statement is true of "
            "its own report alone."
        )
    added = [
        each.label
        for each in study.measured
        if any(run.record.run_key in study.added for run in each.runs)
    ]
    return (
        f"Runs were added after a report was made ({listed(added, '; ')}): that at most 5 of "
        "100 studies hold a false statement is true of the first look alone."
    )


def _reused_runs(findings: Findings) -> str | None:
    """Runs of a sweep with planned looks that another report may have shown before its first."""
    study = findings.study
    count = sum(run.record.reused for each in study.measured for run in each.runs)
    if study.settling is None or not count:
        return None
    return (
        f"{count} of its runs were trained before this study. If a report has shown them, that "
        "report and this one together may make a false statement in up to 10 of 100 such studies."
    )


def _mixed_code(findings: Findings) -> str | None:
    versions = {str(run.record.provenance.get("code_sha256")) for run in findings.study.runs}
    text = f"The runs come from {len(versions)} versions of the code."
    return text if len(versions) > 1 else None


def _uncommitted_code(findings: Findings) -> str | None:
    dirty = any(run.record.provenance.get("git_dirty") for run in findings.study.runs)
    return "Some runs come from code with changes that were not committed." if dirty else None


def _mixed_engines(findings: Findings) -> str | None:
    return _apart(findings, "engine", "were trained by different engines")


def _different_data(findings: Findings) -> str | None:
    return _apart(findings, "data.", "differ in their test images")


def _apart(findings: Findings, start: str, what: str) -> str | None:
    """Conditions that are not compared, as they differ in keys that begin so."""
    found = [
        {key: value for key, value in each.grounds.items() if key.startswith(start)}
        for each in findings.study.measured
    ]
    if len({tuple(each.items()) for each in found}) < 2:
        return None
    keys = conditions.naming_keys(found)
    names = dict.fromkeys(conditions.label(each, keys) for each in found)
    return f"Conditions that {what} are not compared with each other: {listed(names, '; ')}."


def _edge_of_grid(findings: Findings) -> str | None:
    """Factors of numbers whose best value is the smallest or largest tried, and clearly so.

    Its lead over the value next to it matters, and the 95 % interval of this lead leaves out 0.
    Below 0 there is nothing to try.
    """
    told = []
    for key in findings.study.keys:
        levels = findings.by_number(key)
        means = {number: np.mean(list(by.values())) for number, by in levels.items() if by}
        numbers, best = list(means), max(means, key=means.__getitem__, default=0)
        if len(numbers) < 3 or best == 0 or best not in (numbers[0], numbers[-1]):
            continue
        end, beside = ("smallest", numbers[1]) if best == numbers[0] else ("largest", numbers[-2])
        lead = paired_differences(levels[best], levels[beside])
        if t_interval(lead)[0] > 0 and lead.mean() >= SESOI:
            told.append(f"the best {Noun(conditions.column(key)).one}, {best:g}, is the {end}")
    text = f"{'; '.join(told)} that was tried; further ones may be better still."
    return text[0].upper() + text[1:] if told else None


# Code -> check, the most important first.
CHECKS = {
    "failed-runs": run_checks.failed_runs,
    "no-result": run_checks.no_result,
    "at-chance": run_checks.at_chance,
    "too-easy": run_checks.too_easy,
    "changed-together": _changed_together,
    "few-seeds": _few_seeds,
    "unequal-seeds": _unequal_seeds,
    "shared-chance": _shared_chance,
    "seeds-added": _seeds_added,
    "reused-runs": _reused_runs,
    "odd-run": run_checks.odd_run,
    "mixed-code": _mixed_code,
    "uncommitted-code": _uncommitted_code,
    "different-data": _different_data,
    "mixed-engines": _mixed_engines,
    "still-improving": run_checks.still_improving,
    "overfitting": run_checks.overfitting,
    "edge-of-grid": _edge_of_grid,
    "left-out": run_checks.left_out,
}
