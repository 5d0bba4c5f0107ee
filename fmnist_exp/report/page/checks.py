"""What a reader must know before trusting a number: one sentence for each thing that was found."""

from collections.abc import Iterable, Iterator

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.runs.conditions import changed_together
from fmnist_exp.report.runs.study import Study
from fmnist_exp.report.statistics.verdicts import MIN_PAIRS

MAX_NAMED = 20  # runs, seeds or conditions named in one sentence


def warnings(findings: Findings) -> list[str]:
    """All that was found."""
    study = findings.study
    return [
        *_about_grounds(study),
        *_about_factors(study),
        *_about_runs(study),
        *_about_seeds(study),
        *_about_code(study),
    ]


def listed(names: Iterable[str], joint: str = ", ") -> str:
    """Names in one text; those of conditions hold commas and take another joint."""
    names = list(names)
    more = f" and {len(names) - MAX_NAMED:,} more" if names[MAX_NAMED:] else ""
    return joint.join(names[:MAX_NAMED]) + more


def _about_grounds(study: Study) -> Iterator[str]:
    """What conditions differ in that are not compared for it."""
    blocks = [each for each, members in study.blocks.items() if any(one.runs for one in members)]
    if len(blocks) > 1:
        named = "; ".join(blocks)
        yield f"Conditions that differ in data or engine are not compared with each other: {named}."


def _about_factors(study: Study) -> Iterable[str]:
    """Which keys change only where a factor does, so that nobody can tell which one it was."""
    chosen = [key for each in study.tuned for key in each.factors]
    found: dict[str, None] = {}
    for members in study.blocks.values():
        together = changed_together([condition.config for condition in members], chosen)
        for follows, keys in together.items():
            text = f"{listed(keys)} changed only where {' or '.join(follows)} did"
            found[f"{text}: their effects cannot be told apart."] = None
    return found


def _about_runs(study: Study) -> Iterator[str]:
    """Runs that are missing from the tables or from a part of them, by name."""
    named = {
        status: [run.name for run in study.runs if run.record.status == status]
        for status in ("diverged", "pruned", "failed", "interrupted")
    }
    named["left out, as another has the same condition and seed"] = study.repeated
    named["unfinished"] = list(study.unfinished)
    named["without stored predictions, left out of calibration and agreement"] = [
        run.name for each in study.measured for run in each.runs if not run.has_predictions
    ]
    for what, names in named.items():
        if names:
            yield f"{counted(len(names), 'run')} {what}: {listed(names)}."


def _about_seeds(study: Study) -> Iterator[str]:
    """Conditions that lack seeds; those that a tuner gave up are no surprise."""
    holders: dict[tuple[int, ...], list[str]] = {}  # seeds that others lack -> who has them
    for members in study.blocks.values():
        found = {each.label: set(each.seeds) for each in members if each.runs}
        common = set.intersection(*found.values()) if found else set()
        for name, seeds in found.items():
            if seeds != common:
                holders.setdefault(tuple(sorted(seeds - common)), []).append(name)
    if holders:
        named = (
            f"{listed(map(str, extra))} (only {listed(names, '; ')})"
            for extra, names in holders.items()
        )
        yield f"Seeds that not every condition has: {listed(named, '; ')}."
    few = [each.label for each in study.measured if len(each.runs) < MIN_PAIRS]
    if few:
        yield f"Fewer than {MIN_PAIRS} seeds: {listed(few, '; ')}. Read these as exploratory."
    empty = [each.label for each in study.conditions if not each.runs and not each.ended("pruned")]
    if empty:
        yield f"No completed run, so no statistics: {listed(empty, '; ')}."


def _about_code(study: Study) -> Iterator[str]:
    versions = {str(run.record.provenance.get("code_sha256")) for run in study.runs}
    if len(versions) > 1:
        yield f"The runs come from {len(versions)} versions of the code."
    if any(run.record.provenance.get("git_dirty") for run in study.runs):
        yield "Some runs come from code with changes that were not committed."
