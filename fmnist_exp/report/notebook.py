"""A study as tables to compute with, and as the box that its report begins with."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from fmnist_exp.report.charts.drawing import render
from fmnist_exp.report.charts.study_charts import leading_chart
from fmnist_exp.report.findings import Findings, comparison_table
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.build import title_of
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.lines import line
from fmnist_exp.report.page.rendering import CSS_PIXELS, Page, data_address, rendered
from fmnist_exp.report.runs.conditions import column
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.study import Study


def runs_table(study: Study) -> pd.DataFrame:
    """One row per run that has a record, however it ended.

    Columns: run, status, condition, seed, the factors; all of `Run.numbers`, NaN where not
    measured, and `evaluated_epoch`; every key of the config by its full name, where a list is its
    JSON text and a key that a config lacks is empty; note, run_key and path.
    """
    rows, words = [], _levels_in_words(study)
    for run, label in zip(study.runs, study.labels, strict=True):
        record = run.record
        rows.append(
            {
                **{"run": run.name, "status": record.status, "condition": label},
                **{"seed": record.seed, **_levels(run, words[label])},
                **{**run.numbers, "evaluated_epoch": record.evaluated_epoch},
                **{key: value for key, value in _keys(record.config).items() if key != "seed"},
                **{"note": record.note, "run_key": record.run_key, "path": str(run.path)},
            }
        )
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(("num_epochs", "best_epoch", "evaluated_epoch"), "Int64"))


def histories_table(study: Study) -> pd.DataFrame:
    """One row per run and epoch: run, condition, seed, factors, then as in `history.csv`."""
    words = _levels_in_words(study)
    tables = [
        pd.DataFrame(run.history).assign(
            run=run.name, condition=label, seed=run.record.seed, **_levels(run, words[label])
        )
        for run, label in zip(study.runs, study.labels, strict=True)
        if run.history
    ]
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True).astype({"epoch": int})
    measured = list(next(run.history for run in study.runs if run.history))
    return table[[*(name for name in table if name not in measured), *measured]]


def verdicts_table(findings: Findings) -> pd.DataFrame:
    """One row per comparison with a verdict: columns as in `comparisons.csv`, and its sentence."""
    found = findings.judged
    return comparison_table(found).assign(sentence=[line(each) for each in found])


def answer_text(findings: Findings) -> str:
    """The answer of the report, what it rests on, and the checks that fired, a line each."""
    answer = answer_of(findings)
    checks = [each.warning for each in fired(findings)]
    lines = [answer.first, "", *(f"- {each}" for each in answer.lines), *checks]
    return "\n".join([*lines, *([] if answer.command is None else [answer.command])])


def answer_html(findings: Findings) -> str:
    """The answer with its chart and the checks that fired, as one piece of HTML."""
    chart = leading_chart(findings)
    page = Page(title_of(findings), answer_of(findings), fired(findings), chart=chart)
    images = {}
    if chart is not None:
        width, height = CSS_PIXELS * chart.figure.get_size_inches()
        address = data_address("png", render(chart.figure, "png"))  # some viewers show no SVG
        images[chart.name] = {"src": address, "width": round(width), "height": round(height)}
    return rendered("notebook.html.j2", page=page, images=images)


def _levels_in_words(study: Study) -> dict[str, dict[str, str]]:
    """Label of a condition -> its levels: key of the factor -> value in words."""
    return {
        each.label: {key: each.config.get(key, "") for key in study.keys}
        for each in study.conditions
    }


def _levels(run: Run, words: Mapping[str, str]) -> dict[str, Any]:
    """Value of each factor in a run, under its column: as in the config, else in words."""
    config = _keys(run.record.config)
    return {column(key): config.get(key, text) for key, text in words.items()}


def _keys(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Full key -> value of all values in a config; lists as JSON text."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            found |= _keys(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = json.dumps(value) if isinstance(value, list) else value
    return found
