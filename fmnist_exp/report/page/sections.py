"""The sections of a report between its answer and its methods, each from what was found."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.class_tables import confused_pair_tables, per_class_tables
from fmnist_exp.report.page.formatting import cell, fixed, percent
from fmnist_exp.report.page.leaderboard import comparison_table, leaderboards
from fmnist_exp.report.page.quality_tables import quality_tables
from fmnist_exp.report.page.rendering import FigureReference, Section, Table
from fmnist_exp.report.page.sentences import sentence
from fmnist_exp.report.page.thumbnails import strips
from fmnist_exp.report.runs.conditions import Difference

MAX_ROWS = 100  # rows of a table that a page shows; the CSV files have all


def build_sections(
    findings: Findings, charts: Sequence[Chart], images: np.ndarray | None = None
) -> list[Section]:
    """Every section that has something to show, in the order of a report; see `build_page`."""
    figures = {
        chart.name: FigureReference(
            chart.name, f"{chart.caption}. {chart.note}".strip(), chart.caption
        )
        for chart in charts
    }

    def drawn(*starts: str) -> list[FigureReference]:
        return [figure for name, figure in figures.items() if name.startswith(starts)]

    built = [
        _what_differs(findings),
        Section("leaderboard", "Leaderboard", tables=leaderboards(findings, MAX_ROWS)),
        _differences(findings, drawn("differences")),
        Section(
            "qualities",
            "Convergence, stability, overfitting",
            paragraphs=_on_epochs(findings),
            tables=quality_tables(findings.qualities, MAX_ROWS),
        ),
        Section("seeds", "Every seed", figures=drawn("seeds", "test_accuracy", "test_loss")),
        Section("curves", "Curves", figures=drawn("loss_curves", "accuracy_curves")),
        Section("splits", "Train, validation, test", figures=drawn("train_validation_accuracy")),
        Section(
            "confusion",
            "Confusion of classes",
            figures=drawn("confusion_matrix", "confusion_difference"),
            tables=confused_pair_tables(findings.conditions),
            side_by_side=True,
        ),
        Section(
            "classes",
            "Each class",
            figures=drawn("per_class_f1"),
            tables=per_class_tables(findings.conditions),
        ),
        _calibration(findings, drawn("reliability")),
        _agreement(findings, images),
        _cost(findings),
        _every_run(findings),
    ]
    return [
        section
        for section in built
        if section.figures or section.tables or section.paragraphs or section.thumbnails
    ]


def _what_differs(findings: Findings) -> Section:
    study = findings.study
    varied = [[each.key, _values(each)] for each in study.differences]
    return Section(
        "differs",
        "What differs",
        tables=[
            Table(
                ["key", "values"],
                varied,
                "Every key that differs between conditions; where it changes only together with "
                "others, each value with theirs",
                sortable=False,
            ),
            Table(
                ["key", "value"],
                [[key, value] for key, value in study.constants.items()],
                "Keys that all runs share",
                sortable=False,
                folded=True,
            ),
        ],
    )


def _values(difference: Difference) -> str:
    """The values of a key, each with the levels of the factors that it follows."""
    texts = {"not set" if key is None else key: at for key, at in difference.values.items()}
    if not difference.follows:
        return ", ".join(texts)
    return "; ".join(f"{value} with {' / '.join(levels)}" for value, levels in texts.items())


def _differences(findings: Findings, figures: Sequence[FigureReference]) -> Section:
    shown = {metric: found for metric, found in findings.comparisons.items() if found}
    return Section(
        "differences",
        "Differences, paired by seed",
        paragraphs=[sentence(each) for each in shown.get("test_loss", [])[:10]],
        figures=figures,
        tables=[comparison_table(found, findings, MAX_ROWS) for found in shown.values()],
    )


def _on_epochs(findings: Findings) -> list[str]:
    """In how many runs the weights that were measured are not those of the best epoch."""
    runs = [run.record for condition in findings.conditions for run in condition.runs]
    other = sum(run.evaluated_epoch != run.best_epoch for run in runs)
    if not other:
        return []
    text = f"In {other:,} of {len(runs):,} runs the evaluated epoch is not the best one, which has"
    return [f"{text} the lowest validation loss."]


def _calibration(findings: Findings, figures: Sequence[FigureReference]) -> Section:
    losses = {each.label: each.by_seed("test", "loss") for each in findings.conditions}
    rows = [
        [
            name,
            str(len(each.seeds)),
            fixed(each.ece.mean(), 4),
            fixed(float(np.mean([losses[name][seed] for seed in each.seeds])), 4),
            fixed(each.brier.mean(), 4),
        ]
        for name, each in findings.predictions.items()
    ]
    columns = ["condition", "n", "ECE", "negative log-likelihood", "Brier score"]
    table = Table(columns, rows, "Means over the runs; lower is better")
    return Section("calibration", "Calibration", figures=figures, tables=[table] if rows else [])


def _agreement(findings: Findings, images: np.ndarray | None) -> Section:
    found = findings.agreement
    if found is None:
        return Section("agreement", "Agreement")
    rows = []
    for name, right in found.all_right.items():
        none = found.none_right[name]
        shares = [percent(share, 1) for share in (right, 1 - right - none, none)]
        spread = [percent(each[name]) for each in (found.std, found.independent_std)]
        rows.append([name, *shares, *spread])
    columns = ["condition", "all runs right, %", "runs disagree, %", "no run right, %"]
    columns += ["SD of accuracy, points", "SD if images were independent, points"]
    return Section(
        "agreement",
        "Agreement, image by image",
        paragraphs=[
            (
                f"{len(found.always_wrong):,} of {len(found.share_right):,} test images are "
                "answered wrongly by every run of every condition."
            )
        ],
        tables=[
            Table(
                columns,
                rows,
                "Shares of the test images. Far above the SD of independent images, whole runs are "
                "better or worse; near 0, the seeds had no effect",
            )
        ],
        thumbnails=strips(findings, images),
    )


def _cost(findings: Findings) -> Section:
    rows = []
    for condition in findings.conditions[:MAX_ROWS]:
        epochs = np.concatenate([run.history["seconds"][1:] for run in condition.runs])
        seconds = [run.record.timing_seconds for run in condition.runs]
        rows.append(
            [
                condition.label,
                fixed(float(np.median(epochs)) if len(epochs) else math.nan, 3),
                *(
                    fixed(_median(part.get(name) for part in seconds), 1)
                    for name in ("fit", "total")
                ),
            ]
        )
    columns = ["condition", "seconds an epoch", "seconds of training", "seconds a run"]
    caption = "Medians; epochs after a run's first, which may hold the compilation"
    return Section("cost", "Cost", tables=[Table(columns, rows, caption)] if rows else [])


def _every_run(findings: Findings) -> Section:
    table = findings.study.table
    columns = ["run", "status", "seed", "condition", "test_accuracy", "test_loss", "num_epochs"]
    rows = [[cell(value) for value in row] for row in table[columns].head(MAX_ROWS).to_numpy()]
    more = len(table) - len(rows)
    caption = "Every run" + (f"; {more:,} more are in runs.csv" if more else "")
    headings = [name.replace("_", " ") for name in columns]
    return Section("runs", "Every run", tables=[Table(headings, rows, caption, folded=True)])


def _median(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else math.nan
