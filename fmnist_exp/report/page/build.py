"""The report as a page: the answer first, what to be warned of, then the sections in order."""

from collections.abc import Iterable, Sequence

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page import methods, sections
from fmnist_exp.report.page.formatting import with_interval
from fmnist_exp.report.page.rendering import Page
from fmnist_exp.report.page.sentences import sentence
from fmnist_exp.report.runs.conditions import changed_together, column, grounds, label, naming_keys
from fmnist_exp.report.runs.sweeps import Study
from fmnist_exp.report.runs.tuned import Tuned
from fmnist_exp.report.shown import Condition
from fmnist_exp.report.statistics.comparisons import Comparison, Verdict
from fmnist_exp.report.statistics.verdicts import MIN_PAIRS

MAX_SENTENCES = 10  # comparisons in words at the top; the table has the rest
MAX_NAMED = 20  # runs named in one warning
HASH_LENGTH = 12
VERSIONS = {
    "commit": "git_commit",
    "TensorFlow": "tensorflow",
    "Keras": "keras",
    "Python": "python",
    "trained by": "engine",
    "device": "device",
    "processor": "cpu",
    "threads": "threads",
    "data": "data_sha256",
}


def build_page(
    findings: Findings, charts: Sequence[Chart], images: np.ndarray | None = None
) -> Page:
    """The whole report of a study.

    Args:
        findings: what it says.
        charts: its figures.
        images: its test images, uint8 (num_images, height, width); None if there is no copy.
    """
    study = findings.study
    return Page(
        title=_title(study),
        answers=answers(findings),
        warnings=warnings(findings),
        provenance=_provenance(study),
        sections=[*sections.build_sections(findings, charts, images), methods.section(findings)],
    )


def _title(study: Study) -> str:
    if len(study.conditions) == 1:
        return study.conditions[0]
    not_compared = {column(key) for config in study.configs.values() for key in grounds(config)}
    compared = [name for name in study.factors if name not in not_compared]
    if not compared:
        return f"Runs that differ in {' and '.join(study.factors)}"
    *others, last = compared
    return f"Do {', '.join(others)} and {last} matter?" if others else f"Does the {last} matter?"


def answers(findings: Findings) -> list[str]:
    """What a tuner chose; what was found about test accuracy, a sentence for each comparison."""
    chosen = list(map(_chosen, findings.study.tuned))
    comparisons = findings.comparisons["test_accuracy"]
    if not comparisons:
        return [*chosen, _without_comparison(findings)]
    told = [  # of a search, what a single seed shows on test images is no answer
        each for each in comparisons if not chosen or each.verdict != Verdict.EXPLORATORY
    ]
    found = [*chosen, _overall(comparisons), *map(sentence, told[:MAX_SENTENCES])]
    if told[MAX_SENTENCES:]:
        found.append(f"{len(told) - MAX_SENTENCES} more comparisons are in comparisons.csv.")
    return found


def warnings(findings: Findings) -> list[str]:
    """One sentence for each thing that a reader must know before trusting a comparison."""
    study = findings.study
    found = [*_about_grounds(findings.conditions), *_changed_together(study)]
    named: list[tuple[str, Sequence[str]]] = [
        (status, list(study.table["run"][study.table["status"] == status]))
        for status in ("diverged", "pruned", "failed", "interrupted")
    ]
    named += [
        ("left out, as another has the same condition and seed", study.repeated),
        ("unfinished", study.unfinished),
        (
            "without stored predictions, left out of calibration and agreement",
            findings.without_predictions,
        ),
    ]
    found += [
        f"{counted(len(names), 'run')} {what}: {_listed(names)}." for what, names in named if names
    ]
    found += _about_seeds(findings)
    versions = {str(run.record.provenance.get("code_sha256")) for run in study.runs}
    if len(versions) > 1:
        found.append(f"The runs come from {len(versions)} versions of the code.")
    if any(run.record.provenance.get("git_dirty") for run in study.runs):
        found.append("Some runs come from code with changes that were not committed.")
    return found


def _about_grounds(conditions: Sequence[Condition]) -> list[str]:
    """What conditions differ in that are not compared for it."""
    sets = list({frozenset(each.grounds.items()): each.grounds for each in conditions}.values())
    if len(sets) < 2:
        return []
    keys = naming_keys(sets)
    named = "; ".join(label(each, keys) for each in sets)
    return [f"Conditions that differ in data or engine are not compared with each other: {named}."]


def _changed_together(study: Study) -> list[str]:
    """Which keys change only where a factor does, so that nobody can tell which one it was."""
    chosen = [key for each in study.tuned for key in each.factors]
    found = []
    for labels in study.blocks.values():
        for each in changed_together([study.configs[name] for name in labels], chosen):
            text = (
                f"{' and '.join(each.follows)} always changed together with {_listed(each.keys)}"
                if each.always
                else f"{_listed(each.keys)} changed only where {' or '.join(each.follows)} did"
            )
            found.append(f"{text}: their effects cannot be told apart.")
    return list(dict.fromkeys(found))


def _about_seeds(findings: Findings) -> list[str]:
    found = []
    seeds = {each.label: set(each.seeds) for each in findings.conditions}
    holders: dict[tuple[int, ...], list[str]] = {}  # seeds that others lack -> who has them
    for each in findings.conditions:
        peers = [seeds[peer.label] for peer in findings.conditions if peer.grounds == each.grounds]
        if extra := seeds[each.label] - peers[0].intersection(*peers):
            holders.setdefault(tuple(sorted(extra)), []).append(each.label)
    if holders:
        named = (
            f"{_listed(map(str, extra))} (only {_listed(names, '; ')})"
            for extra, names in holders.items()
        )
        found.append(f"Seeds that not every condition has: {_listed(named, '; ')}.")
    few = [name for name, own in seeds.items() if len(own) < MIN_PAIRS]
    if few:
        shown = _listed(few, "; ")
        found.append(f"Fewer than {MIN_PAIRS} seeds: {shown}. Read these as exploratory.")
    table = findings.study.table
    given_up = set(table["condition"][table["status"] == "pruned"])  # named before
    empty = [
        name for name in findings.study.conditions if name not in seeds and name not in given_up
    ]
    if empty:
        found.append(f"No completed run, so no statistics: {_listed(empty, '; ')}.")
    return found


def _chosen(tuned: Tuned) -> str:
    """What a tuned sweep has chosen, by validation accuracy alone."""
    trials = f"{tuned.name} was tuned on validation accuracy, {counted(tuned.num_trials, 'trial')}"
    if tuned.best is None:
        return f"{trials}: none was completed, so there is nothing to choose."
    number, values, accuracy = tuned.best
    return (
        f"{trials}: the best is number {number}, {values}, with {100 * accuracy:.2f} %. "
        "The best of many looks better than it is, and test accuracies have no part in the choice: "
        "train it with several seeds before quoting one."
    )


def _overall(comparisons: Sequence[Comparison]) -> str:
    """How the comparisons of test accuracy came out, counted."""
    counts = [
        (sum(each.verdict in verdicts for each in comparisons), text)
        for verdicts, text in (
            ((Verdict.BETTER, Verdict.WORSE), "different"),
            ((Verdict.EQUAL,), "practically equal"),
            ((Verdict.IDENTICAL,), "identical in every seed"),
            ((Verdict.UNDECIDED,), "undecided"),
            ((Verdict.EXPLORATORY,), "with too few seeds for a verdict"),
        )
    ]
    shown = ", ".join(f"{count} {text}" for count, text in counts if count)
    return f"{counted(len(comparisons), 'comparison')} of test accuracy: {shown}."


def _without_comparison(findings: Findings) -> str:
    if not findings.conditions:
        return "No run was completed: there is nothing to compare."
    if len(findings.conditions) > 1:
        return "No two conditions share data and engine: there is nothing to compare."
    (condition,) = findings.conditions
    row = findings.summary[findings.summary["num_runs"] > 0].iloc[0]
    return (
        f"Only one condition, {condition.label}: nothing to compare. Its test accuracy is "
        f"{with_interval(row, 'test_accuracy', 100, 2, ' %')}, "
        f"{counted(len(condition.runs), 'run')}."
    )


def _provenance(study: Study) -> list[tuple[str, str]]:
    counts = study.table["status"].value_counts()
    runs = ", ".join(f"{count} {status}" for status, count in counts.items())
    stated = [
        ("runs", runs + (f", {len(study.unfinished)} unfinished" if study.unfinished else ""))
    ]
    for name, key in VERSIONS.items():
        values = dict.fromkeys(
            str(run.record.provenance.get(key) or "unknown") for run in study.runs
        )
        length = HASH_LENGTH if key in ("git_commit", "data_sha256") else None
        stated.append((name, _listed(value[:length] for value in values)))
    return stated


def _listed(names: Iterable[str], joint: str = ", ") -> str:
    """Names in one text; those of conditions hold commas and take another joint."""
    names = list(names)
    more = f" and {len(names) - MAX_NAMED:,} more" if names[MAX_NAMED:] else ""
    return joint.join(names[:MAX_NAMED]) + more
