"""What a reader must know before trusting a number: one sentence for each thing that was found."""

from collections.abc import Iterable, Iterator

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.runs.conditions import changed_together
from fmnist_exp.report.runs.study import Study
from fmnist_exp.statistics.verdicts import MIN_PAIRS

CEILING = 0.999  # accuracy above which nothing is left to tell apart
MAX_NAMED = 20  # runs, seeds or conditions named in one sentence


def warnings(findings: Findings) -> list[str]:
    """All that was found."""
    study = findings.study
    return [
        *_about_grounds(study),
        *_about_factors(study),
        *_about_runs(study),
        *_about_seeds(study),
        *_about_looks(findings),
        *_about_limits(study),
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
    if holders and study.settling is None:
        named = []
        for extra, names in holders.items():
            lack = [each.label for each in study.measured if not {*extra} <= {*each.seeds}]
            who = (
                f"not {listed(lack, '; ')}"
                if len(lack) < len(names)
                else f"only {listed(names, '; ')}"
            )
            named.append(f"{listed(map(str, extra))} ({who})")
        yield f"Seeds that not every condition has: {listed(named, '; ')}."
    few = [each.label for each in study.measured if len(each.runs) < MIN_PAIRS]
    if few:
        yield f"Fewer than {MIN_PAIRS} seeds: {listed(few, '; ')}. Read these as exploratory."
    empty = [each.label for each in study.conditions if not each.runs and not each.ended("pruned")]
    if empty:
        yield f"No completed run, so no statistics: {listed(empty, '; ')}."


def _about_looks(findings: Findings) -> Iterator[str]:
    """Whether seeds were added after a report was made: then 5 % hold for the first look alone."""
    looked = findings.study.looked
    seen = {
        each.label: [run.record.run_key in looked for run in each.runs]
        for each in findings.study.measured
    }
    added = [name for name, were in seen.items() if any(were) and not all(were)]
    if findings.study.settling is None and added and findings.comparisons["test_accuracy"]:
        yield (
            f"Seeds were added after a report was made ({listed(added, '; ')}): that at most 5 of "
            "100 studies hold a false statement is true of the first look alone."
        )


def _about_limits(study: Study) -> Iterator[str]:
    """Accuracies that tell nothing: all at chance level, or all at the most there is."""
    accuracies = {each.label: each.values("test_accuracy") for each in study.measured}
    if not accuracies:
        return
    chance = 1 / len(study.measured[0].class_names)
    low = [name for name, values in accuracies.items() if values.mean() < 1.5 * chance]
    if low:
        yield (
            f"At the level of guessing, {100 * chance:.0f} %, or little above it: "
            f"{listed(low, '; ')}. These networks have learned next to nothing."
        )
    if len(accuracies) > 1 and all(values.min() >= CEILING for values in accuracies.values()):
        yield (
            f"Every run is right on {100 * CEILING:g} % of the test images or more: this task is "
            "too easy to tell conditions apart."
        )


def _about_code(study: Study) -> Iterator[str]:
    versions = {str(run.record.provenance.get("code_sha256")) for run in study.runs}
    if len(versions) > 1:
        yield f"The runs come from {len(versions)} versions of the code."
    if any(run.record.provenance.get("git_dirty") for run in study.runs):
        yield "Some runs come from code with changes that were not committed."
