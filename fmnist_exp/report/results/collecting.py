"""What of a sweep is published: its tables, one figure, and the words of its report."""

import re
from dataclasses import dataclass
from pathlib import Path

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.interaction_chart import is_crossed
from fmnist_exp.report.charts.study_charts import leading_chart
from fmnist_exp.report.csv_files import csv_files
from fmnist_exp.report.findings import Findings, find
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.build import title_of
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.why import why
from fmnist_exp.report.results.kept import ABOUT, About, portable
from fmnist_exp.report.runs.directories import read_study
from fmnist_exp.report.runs.setting import origins
from fmnist_exp.report.runs.study import Study


@dataclass(frozen=True, eq=False)
class Collected:
    """A sweep as it is to be kept: the name of its study, name -> content of each file."""

    name: str
    files: dict[str, bytes]
    findings: Findings


def collect(sweep: Path) -> Collected:
    """Read a sweep and compute all that is kept of it.

    Raises:
        RecordError: there is no run, or a file cannot be read.
    """
    findings = find(read_study([sweep]))
    chart = leading_chart(findings)
    figures = {} if chart is None else {f"{chart.name}.svg": drawing.render(chart.figure, "svg")}
    answer, study, design = answer_of(findings), findings.study, findings.design
    about = About(
        title=title_of(findings),
        question=" ".join(study.questions) or None,
        first=answer.first,
        lines=answer.lines,
        why=tuple(why(findings, ()).paragraphs),
        warnings=tuple(each.sentence for each in fired(findings)),
        factor=design.factor if is_crossed(design) else None,
        figure=next(iter(figures), None),
        caption="" if chart is None else chart.caption,
        command=portable(study.command or ()),
        is_changed=any(run.record.provenance.get("git_dirty") for run in study.runs),
        origins={name: tuple(values) for name, values in origins(study.runs).items()},
    )
    texts = {ABOUT: about.model_dump_json(indent=1) + "\n", **csv_files(findings)}
    files = {name: text.encode() for name, text in texts.items()} | figures
    return Collected(_name_of(study, sweep), files, findings)


def _name_of(study: Study, sweep: Path) -> str:
    """The experiment that all runs were started by, else the directory; as the name of a folder."""
    experiments = {run.record.choices.get("experiment") for run in study.runs}
    name = experiments.pop() if len(experiments) == 1 else None
    return re.sub(r"[^\w-]+", "_", name or sweep.resolve().name)
