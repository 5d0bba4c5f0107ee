"""The report as one Markdown page, and what a reader must be warned of."""

from collections.abc import Sequence

import pandas as pd

from fmnist_exp.records import FIGURES
from fmnist_exp.report import tables
from fmnist_exp.report.sweeps import Study

CAPTIONS = {
    "test_accuracy": "Test accuracy: mean, 95 % t interval and every seed",
    "test_loss": "Test loss: mean, 95 % t interval and every seed",
    "train_validation_accuracy": "Train, validation and test accuracy of the saved weights",
    "loss_curves": "Loss over the epochs",
    "accuracy_curves": "Accuracy over the epochs",
    "per_class_f1": "F1 of every class",
}


def warnings(study: Study) -> list[str]:
    """One sentence for each thing that a reader must know before trusting a comparison."""
    found = []
    for status in ("diverged", "failed", "interrupted"):
        runs = study.table[study.table["status"] == status]
        if len(runs):
            found.append(f"{len(runs)} runs {status}: {', '.join(runs['run'])}.")
    repeated = (study.table["status"] == "completed").sum() - len(study.measured)
    if repeated:
        found.append(f"{repeated} runs repeat the seed of another run and were left out.")
    if study.unfinished:
        found.append(f"{len(study.unfinished)} runs unfinished: {', '.join(study.unfinished)}.")
    for name, text in (("code_sha256", "the code"), ("data_sha256", "the data")):
        versions = {run.record.provenance.get(name) for run in study.runs}
        if len(versions) > 1:
            found.append(f"The runs come from {len(versions)} versions of {text}.")
    return [f"Warning: {sentence}" for sentence in found]


def report(study: Study, readable: pd.DataFrame, figures: Sequence[str]) -> str:
    """The whole page: warnings, comparison, figures, every run.

    Args:
        study: the runs.
        readable: the summary as text, one row per condition.
        figures: names of the figures, in order.
    """
    provenance = study.runs[0].record.provenance
    parts = ["# Comparison of " + " and ".join(study.factors) + "\n"]
    parts += [f"> {sentence}\n" for sentence in warnings(study)]
    parts.append(tables.markdown(readable))
    parts.append(
        "n: completed runs, which differ in their seed only. Intervals are 95 % t intervals over "
        "seeds. Accuracy and loss are those of the saved weights, in inference mode.\n"
    )
    for name in figures:
        caption = CAPTIONS.get(name, "Confusion matrix, % of each true class")
        parts.append(f"![{caption}]({FIGURES}/{name}.png)\n")
    columns = ["run", "status", "seed", *study.factors, "test_accuracy", "test_loss", "num_epochs"]
    parts.append("## Every run\n\n" + tables.markdown(study.table[columns].map(_cell)))
    versions = ("package_version", "git_commit", "tensorflow", "keras", "python", "cpu", "threads")
    stated = ", ".join(f"{name} {provenance.get(name)}" for name in versions)
    parts.append(f"First run: {stated}.\n")
    return "\n".join(parts)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
