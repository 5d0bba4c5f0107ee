"""Which results a reader has seen, noted in their sweeps: seeds that follow are an extension."""

from collections.abc import Iterator
from pathlib import Path

from fmnist_exp.errors import RecordError
from fmnist_exp.report.findings import Findings
from fmnist_exp.rundir import plan
from fmnist_exp.statistics.verdicts import MIN_PAIRS


def note_look(findings: Findings) -> Iterator[str]:
    """Note in each sweep which of its results had verdicts; says where that was impossible."""
    if all(each.num_pairs < MIN_PAIRS for each in findings.judged):
        return
    keys: dict[Path, set[str]] = {}
    for each in findings.study.measured:
        for run in each.runs:
            keys.setdefault(plan.sweep_dir_of(run.path), set()).add(run.record.run_key)
    for sweep, shown in keys.items():
        try:
            looks = plan.read_looks(sweep)
            added = {*looks.added_keys}
            if findings.study.is_extended:
                added |= shown & findings.study.added
            plan.write_looks(sweep, shown.union(looks.run_keys), added)
        except RecordError as error:
            yield f"Warning: not noted which runs this report has shown: {error}"
