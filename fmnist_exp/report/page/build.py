"""The report as a page: the answer first, what to be warned of, then the sections in order."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.charts.study_charts import ANSWER, INTERACTION
from fmnist_exp.report.claims import judge
from fmnist_exp.report.design import CONDITION
from fmnist_exp.report.findings import RESULTS, SPEEDS, Findings
from fmnist_exp.report.formatting import POINTS, fixed, listed, mean
from fmnist_exp.report.page import condition_tables
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.chance_lines import chance_lines
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.claimed import claimed
from fmnist_exp.report.page.class_tables import hard_images, per_class
from fmnist_exp.report.page.compared import compared
from fmnist_exp.report.page.condition_tables import MAX_ROWS
from fmnist_exp.report.page.first_line import is_of_one
from fmnist_exp.report.page.methods import faster, methods
from fmnist_exp.report.page.published import published_table
from fmnist_exp.report.page.reading import glossary, section
from fmnist_exp.report.page.rendering import Page, Section, Table, table_of
from fmnist_exp.report.page.why import why
from fmnist_exp.report.page.words import Noun, both
from fmnist_exp.report.runs.conditions import column
from fmnist_exp.report.runs.setting import origins
from fmnist_exp.report.runs.study import Study


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
        title=title_of(findings),
        answer=answer_of(findings),
        checks=fired(findings),
        sections=_sections(findings, charts, images),
        chart=next((chart for chart in charts if chart.name in (INTERACTION, ANSWER)), None),
    )


def title_of(findings: Findings) -> str:
    """The question that the answer answers."""
    study, design = findings.study, findings.design
    if len(study.conditions) == 1:
        return study.questions[0] if is_of_one(study) else study.conditions[0].label
    if len(design.places) > 1 and design.factor != CONDITION:
        names = [
            *([] if design.averages else ["data"]),
            *(Noun(each).one for each in design.others),
        ]
        others = both([f"the {name}" for name in names], "or")
        return f"Does the {Noun(design.factor).one} matter, and does it depend on {others}?"
    not_compared = {column(key) for each in study.conditions for key in each.grounds}
    factors = list(map(column, study.keys))
    asked = [f"the {Noun(name).one}" for name in factors if name not in not_compared]
    if not asked:
        return f"Runs that differ in {both(factors)}"
    return f"{'Do' if asked[1:] else 'Does'} {both(asked)} matter?"


def _sections(
    findings: Findings, charts: Sequence[Chart], images: np.ndarray | None
) -> list[Section]:
    """Every section that has something to show, in the order of a page; see `build_page`."""
    study = findings.study

    def drawn(*starts: str) -> list[Chart]:
        return [chart for chart in charts if chart.name.startswith(starts)]

    built = [
        compared(findings, images),
        section("leaderboard", tables=condition_tables.leaderboards(findings)),
        section(
            "differences",
            figures=drawn("differences"),
            tables=condition_tables.comparison_tables(findings, RESULTS),
        ),
        claimed(judge(findings)),
        section(
            "seeds",
            figures=drawn("test_accuracy", "test_loss"),
            paragraphs=chance_lines(findings.spreads),
            tables=[condition_tables.spread_table(findings.spreads)],
        ),
        section("curves", figures=drawn("curves")),
        why(findings, drawn("signal")),
        section(
            "training",
            paragraphs=faster(findings),
            folded=drawn("train_validation_accuracy"),
            tables=[
                condition_tables.speed_table(study.conditions),
                *condition_tables.comparison_tables(findings, SPEEDS),
                condition_tables.quality_table(study.conditions),
            ],
        ),
        section(
            "errors",
            figures=drawn("confusion_mean", "confusion_difference", "per_class_f1"),
            tables=[per_class(study.measured)],
        ),
        hard_images(findings, images),
        section("published", tables=[published_table(study)]),
        section("calibration", tables=[_calibration(findings)]),
        section("runs", tables=[_provenance(study), _every_run(study)]),
        section("methods", paragraphs=methods(findings)),
        glossary(),
    ]
    whole = [replace(each, tables=[t for t in each.tables if t.rows]) for each in built]
    return [each for each in whole if each.figures or each.tables or each.paragraphs]


def _provenance(study: Study) -> Table:
    """How many runs there are, and which code, libraries, machines and data they had."""
    counts = study.table["status"].value_counts()
    runs = ", ".join(f"{count} {status}" for status, count in counts.items())
    unfinished = f", {len(study.unfinished)} unfinished" if study.unfinished else ""
    rows = [{"of the runs": "number", "value": f"{runs}{unfinished}"}]
    for name, values in origins(study.runs).items():
        length = 12 if name in ("commit", "data") else None
        rows.append({"of the runs": name, "value": listed(value[:length] for value in values)})
    return table_of(rows, "Code, libraries, machine, data", folded=True)


def _calibration(findings: Findings) -> Table:
    """How right the runs of a condition are together, how sure, and how often they agree."""
    rows = []
    for name, found in list(findings.predictions.items())[:MAX_ROWS]:
        right = found.correct.mean(axis=0)  # of each image, the share of the runs
        rows.append(
            {
                "condition": name,
                "n": str(len(found.seeds)),
                "mean test accuracy, %": mean(found.correct.mean(axis=1), 2, POINTS),
                "ensemble, %": fixed(POINTS * found.ensemble_accuracy, 2),
                "ECE": mean(found.ece, 4),
                "all runs right, %": mean(right == 1, 1, POINTS),
                "runs disagree, %": mean((right > 0) & (right < 1), 1, POINTS),
                "no run right, %": mean(right == 0, 1, POINTS),
            }
        )
    caption = (
        "Ensemble: test accuracy of the n networks together, one number without an interval over "
        "seeds. Mean ECE of the runs; shares of the test images"
    )
    return table_of(rows, caption, folded=True)


def _every_run(study: Study) -> Table:
    rows = [
        {
            "run": run.name,
            "status": run.record.status,
            "seed": str(run.record.seeds),
            "condition": label,
            "test accuracy": fixed(run.numbers["test_accuracy"], 4),
            "test loss": fixed(run.numbers["test_loss"], 4),
            "epochs": str(run.record.num_epochs),
        }
        for run, label in zip(study.runs[:MAX_ROWS], study.labels, strict=False)
    ]
    more = len(study.runs) - len(rows)
    caption = "Every run" + (f"; {more:,} more are in runs.csv" if more else "")
    return table_of(rows, caption, folded=True)
