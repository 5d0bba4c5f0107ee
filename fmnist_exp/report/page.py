"""The report as one Markdown page, and what a reader must be warned of."""

from collections.abc import Sequence

import pandas as pd

from fmnist_exp.records import FIGURES
from fmnist_exp.report import tables
from fmnist_exp.report.drawing import Chart
from fmnist_exp.report.sweeps import Study

READING = (
    "n: completed runs, which differ in their seed only. Intervals are 95 % t intervals over "
    "seeds. Accuracy and loss are those of the saved weights, in inference mode. Figures show "
    "conditions in the order of the table; they shorten long names."
)
VERSIONS = ("package_version", "git_commit", "tensorflow", "keras", "python", "cpu", "threads")


def warnings(study: Study) -> list[str]:
    """One sentence for each thing that a reader must know before trusting a comparison."""
    found = []
    for status in ("diverged", "failed", "interrupted"):
        found.append((status, list(study.table["run"][study.table["status"] == status])))
    found.append(("left out, as another has the same condition and seed", study.repeated))
    found.append(("unfinished", list(study.unfinished)))
    sentences = [
        f"{_runs(len(names))} {what}: {', '.join(names)}." for what, names in found if names
    ]
    for name, text in (("code_sha256", "the code"), ("data_sha256", "the data")):
        versions = {str(run.record.provenance.get(name)) for run in study.runs}
        if len(versions) > 1:
            sentences.append(f"The runs come from {len(versions)} versions of {text}.")
    return [f"Warning: {sentence}" for sentence in sentences]


def report(study: Study, readable: pd.DataFrame, charts: Sequence[Chart]) -> str:
    """The whole page: warnings, comparison, figures, every run.

    Args:
        study: the runs.
        readable: the summary as text, one row per condition.
        charts: the figures, in order.
    """
    provenance = study.runs[0].record.provenance
    stated = ", ".join(f"{name} {provenance.get(name)}" for name in VERSIONS)
    escape = tables.escape_markdown
    parts = [
        f"# Comparison of {escape(' and '.join(study.factors))}\n",
        *(f"> {escape(sentence)}\n" for sentence in warnings(study)),
        tables.markdown(readable),
        f"{READING}\n",
        *map(_figure, charts),
        "## Every run\n",
        tables.markdown(_every_run(study)),
        f"First run: {escape(stated)}.\n",
    ]
    return "\n".join(parts)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _figure(chart: Chart) -> str:
    image = f"![{tables.escape_markdown(chart.caption)}]({FIGURES}/{chart.name}.png)\n"
    return f"{image}\n{chart.note}\n" if chart.note else image


def _every_run(study: Study) -> pd.DataFrame:
    columns = ["run", "status", "seed", *study.factors, "test_accuracy", "test_loss", "num_epochs"]
    return study.table[columns].map(_cell)


def _cell(value: object) -> str:
    if value is None or value == "" or value != value:  # NaN is not equal to itself
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
