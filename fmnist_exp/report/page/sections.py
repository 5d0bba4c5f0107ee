"""The sections of a report below its answer, each from what was found."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import cell, mean, percent
from fmnist_exp.report.page import methods
from fmnist_exp.report.page.answers import MAX_SENTENCES, sentence
from fmnist_exp.report.page.class_tables import confused_pairs, per_class
from fmnist_exp.report.page.comparison_tables import comparison_tables
from fmnist_exp.report.page.condition_tables import (
    MAX_ROWS,
    cost_table,
    leaderboards,
    quality_tables,
)
from fmnist_exp.report.page.rendering import Section
from fmnist_exp.report.page.tables import Table, table_of
from fmnist_exp.report.page.thumbnails import strips
from fmnist_exp.report.runs.differences import Difference, differences, what_is_shared


def build_sections(
    findings: Findings, charts: Sequence[Chart], images: np.ndarray | None = None
) -> list[Section]:
    """Every section that has something to show, in the order of a report; see `build_page`."""
    conditions = findings.conditions
    losses = findings.comparisons["test_loss"][:MAX_SENTENCES]

    def drawn(*starts: str) -> list[Chart]:
        return [chart for chart in charts if chart.name.startswith(starts)]

    built = [
        Section("differs", "What differs", tables=_what_differs(findings)),
        Section("leaderboard", "Leaderboard", tables=leaderboards(findings)),
        Section(
            "differences",
            "Differences, paired by seed",
            list(map(sentence, losses)),
            drawn("differences"),
            comparison_tables(findings, MAX_ROWS),
        ),
        Section(
            "qualities",
            "Convergence, stability, overfitting",
            _on_epochs(findings),
            tables=quality_tables(findings.study.conditions),
        ),
        Section("seeds", "Every seed", figures=drawn("seeds", "test_accuracy", "test_loss")),
        Section("curves", "Curves", figures=drawn("loss_curves", "accuracy_curves")),
        Section("splits", "Train, validation, test", figures=drawn("train_validation_accuracy")),
        Section(
            "confusion",
            "Confusion of classes",
            figures=drawn("confusion_matrix", "confusion_difference"),
            tables=[confused_pairs(conditions)],
            side_by_side=True,
        ),
        Section("classes", "Each class", [], drawn("per_class_f1"), [per_class(conditions)]),
        Section("calibration", "Calibration", [], drawn("reliability"), [_calibration(findings)]),
        Section(
            "agreement",
            "Agreement, image by image",
            _on_agreement(findings),
            tables=[_agreement(findings)],
            thumbnails=strips(findings, images),
        ),
        Section("cost", "Cost", tables=[cost_table(conditions)]),
        Section("runs", "Every run", tables=[_every_run(findings)]),
        Section("methods", "Methods", methods.paragraphs(findings)),
    ]
    whole = [replace(each, tables=[t for t in each.tables if t.rows]) for each in built]
    return [each for each in whole if each.figures or each.tables or each.paragraphs]


def _what_differs(findings: Findings) -> list[Table]:
    study = findings.study
    return [
        table_of(
            [
                {"key": each.key, "values": _values(each)}
                for each in differences(study.configs, study.keys)
            ],
            "Every key that differs between conditions; where it changes only together with "
            "others, each value with theirs",
            sortable=False,
        ),
        table_of(
            [{"key": key, "value": value} for key, value in what_is_shared(study.configs).items()],
            "Keys that all runs share",
            sortable=False,
            folded=True,
        ),
    ]


def _values(difference: Difference) -> str:
    """The values of a key, each with the levels of the factors that it follows."""
    texts = {"not set" if key is None else key: at for key, at in difference.values.items()}
    if not difference.follows:
        return ", ".join(texts)
    return "; ".join(f"{value} with {' / '.join(levels)}" for value, levels in texts.items())


def _on_epochs(findings: Findings) -> list[str]:
    """In how many runs the weights that were measured are not those of the best epoch."""
    runs = [run.record for condition in findings.conditions for run in condition.runs]
    other = sum(run.evaluated_epoch != run.best_epoch for run in runs)
    if not other:
        return []
    text = f"In {other:,} of {len(runs):,} runs the evaluated epoch is not the best one, which has"
    return [f"{text} the lowest validation loss."]


def _calibration(findings: Findings) -> Table:
    losses = {each.label: each.by_seed("test_loss") for each in findings.conditions}
    rows = [
        {
            "condition": name,
            "n": str(len(each.seeds)),
            "ECE": mean(each.ece, 4),
            "negative log-likelihood": mean(np.array([losses[name][s] for s in each.seeds]), 4),
            "Brier score": mean(each.brier, 4),
        }
        for name, each in findings.predictions.items()
    ]
    return table_of(rows, "Means over the runs; lower is better")


def _on_agreement(findings: Findings) -> list[str]:
    found = findings.agreement
    if found is None:
        return []
    wrong = f"{len(found.always_wrong):,} of {found.num_images:,} test images"
    return [f"{wrong} are answered wrongly by every run of every condition."]


def _agreement(findings: Findings) -> Table:
    """How often the runs of a condition agree; empty unless all have the same images."""
    answers = {} if findings.agreement is None else findings.predictions
    rows = [
        {
            "condition": name,
            "all runs right, %": percent(each.all_right, 1),
            "runs disagree, %": percent(1 - each.all_right - each.none_right, 1),
            "no run right, %": percent(each.none_right, 1),
        }
        for name, each in answers.items()
    ]
    return table_of(rows, "Shares of the test images")


def _every_run(findings: Findings) -> Table:
    table = findings.study.table
    columns = ["run", "status", "seed", "condition", "test_accuracy", "test_loss", "num_epochs"]
    rows = [[cell(value) for value in row] for row in table[columns].head(MAX_ROWS).to_numpy()]
    more = len(table) - len(rows)
    caption = "Every run" + (f"; {more:,} more are in runs.csv" if more else "")
    return Table([name.replace("_", " ") for name in columns], rows, caption, folded=True)
