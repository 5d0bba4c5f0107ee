"""The report as a page: the answer first, what to be warned of, then the sections in order."""

from collections.abc import Sequence

import numpy as np

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.answers import answers
from fmnist_exp.report.page.checks import listed, warnings
from fmnist_exp.report.page.rendering import Page
from fmnist_exp.report.page.sections import build_sections
from fmnist_exp.report.runs.conditions import column
from fmnist_exp.report.runs.study import Study

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
    return Page(
        title=_title(findings.study),
        answers=answers(findings),
        warnings=warnings(findings),
        provenance=_provenance(findings.study),
        sections=build_sections(findings, charts, images),
    )


def _title(study: Study) -> str:
    if len(study.conditions) == 1:
        return study.conditions[0].label
    not_compared = {column(key) for each in study.conditions for key in each.grounds}
    compared = [name for name in study.factors if name not in not_compared]
    if not compared:
        return f"Runs that differ in {' and '.join(study.factors)}"
    *others, last = compared
    return f"Do {', '.join(others)} and {last} matter?" if others else f"Does the {last} matter?"


def _provenance(study: Study) -> list[tuple[str, str]]:
    """How many runs there are, and which code, libraries, machines and data they had."""
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
        stated.append((name, listed(value[:length] for value in values)))
    return stated
