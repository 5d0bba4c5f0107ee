"""A sweep as a zip file that opens elsewhere: report, records, models and how to repeat it."""

import shlex
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fmnist_exp.exporting.card import card_of
from fmnist_exp.exporting.shared import OPTIONS, Shared, files_of, model_of
from fmnist_exp.files import atomic_path
from fmnist_exp.report.page.build import title_of
from fmnist_exp.report.page.rendering import escape_markdown, markdown, table_of
from fmnist_exp.report.runs.setting import origins
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.records import CARD

OF_SWEEP = (plan.STUDY, plan.LOOKS)
VERSIONS = "requirements.txt"
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")  # whose versions a record holds
CONTENTS = {
    "report/index.html": "the whole report in one file: open it in a browser",
    "report/report.md, report/*.csv": "the same as text and tables",
    "*/run.json": "the record of a run: config, metrics, versions, hashes of its files",
    "*/*_model.keras, */MODEL_CARD.md": "its model, which Keras loads, and what describes it",
    "*/history.csv, */predictions.npz, ...": "its epochs, answers to the test images, tables",
    "study.json, plan/": "what was planned before the first run",
    VERSIONS: "the versions that the runs were trained with",
}


def write_zip(shared: Shared, report: Path, out: Path) -> None:
    """Write a sweep, its report and its model cards into one zip file.

    Args:
        shared: the sweep.
        report: directory of its report.
        out: the file; one that is there is replaced.

    Raises:
        RecordError: a file of a run is damaged, or `out` cannot be written.
    """
    top = shared.folder.name
    with (
        atomic_path(out) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        for name, content in _written(shared):
            archive.writestr(f"{top}/{name}", content)
        held = {*archive.namelist()}
        for source, name in _copied(shared, report):
            # Those of a former zip, unpacked here, are replaced; and `out` may lie here as well.
            if f"{top}/{name}" not in held and source.resolve() != out.resolve():
                archive.write(source, f"{top}/{name}")


def _written(shared: Shared) -> Iterator[tuple[str, str]]:
    """Name and text of what is written for the archive."""
    yield "README.md", read_me(shared)
    yield VERSIONS, versions(shared)
    for run in shared.study.runs:
        if model_of(run):
            prefix = run.path.relative_to(shared.folder)
            yield (prefix / CARD).as_posix(), card_of(run, shared.conditions[run.path])


def _copied(shared: Shared, report: Path) -> Iterator[tuple[Path, str]]:
    """Path and name of each file that is copied."""
    for path in sorted(report.rglob("*")):
        if path.is_file():
            yield path, f"report/{path.relative_to(report).as_posix()}"
    planned = sorted((shared.folder / plan.FOLDER).glob("*.json"))
    for path in [*(shared.folder / name for name in OF_SWEEP), *planned]:
        if path.is_file():
            yield path, path.relative_to(shared.folder).as_posix()
    for source, name in shared.own_options.items():
        yield source, f"{OPTIONS}/{name}"
    for run in shared.study.runs:
        for path in files_of(run):
            yield path, path.relative_to(shared.folder).as_posix()


def read_me(shared: Shared) -> str:
    """What the archive holds, what it answers, and how to train it again."""
    facts = {name: ", ".join(values) for name, values in origins(shared.study.runs).items()}
    folder = shared.folder.name
    top = shlex.quote(folder)
    command = shared.command(f"{folder}/{OPTIONS}")
    again = (
        f"With fmnist_exp installed, in the folder that holds `{escape_markdown(folder)}`:\n\n"
        f"```\npip install -r {top}/{VERSIONS}\n{command}\n```"
        if command
        else "The command is not known; `config` in each `run.json` has every value."
    )
    if shared.own_options:
        again += "\n\nIts own options are as they were when this file was made."
    elif shared.options is not None:
        again += (
            f"\n\nThe options that were given with `--config-dir` were not found, so `{OPTIONS}` "
            "is not here. `config` in each `run.json` has every value."
        )
    own = {f"{OPTIONS}/": "the options that were given with --config-dir"}
    contents = CONTENTS | (own if shared.own_options else {})
    unfinished = [f"- {escape_markdown(each)}" for each in shared.study.unfinished]
    parts = [
        f"# {escape_markdown(title_of(shared.findings))}",
        escape_markdown(shared.answer.first),
        "\n".join(f"- {escape_markdown(each)}" for each in shared.answer.lines),
        "## What is here",
        _listed("file", contents),
        *(["## Unfinished, and not here", "\n".join(unfinished)] if unfinished else []),
        "## Train it again",
        again,
        "## Read it with fmnist_exp",
        "Unpacked, it is a directory of runs like any other. In the folder that holds it:",
        f"```\npython -m fmnist_exp.aggregate {top}\n```",
        "## Where it comes from",
        _listed("what", {"runs": str(len(shared.study.runs))} | facts),
        "fmnist_exp is free software under the MIT licence.",
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _listed(heading: str, values: Mapping[str, str]) -> str:
    return markdown(table_of([{heading: name, "holds": text} for name, text in values.items()]))


def versions(shared: Shared) -> str:
    """The versions that all runs share, as pip reads them; others as comments."""
    lines = []
    for name in PACKAGES:
        key = name.replace("-", "_")
        found = {run.record.provenance.get(key) for run in shared.study.runs} - {None}
        mark = "" if len(found) == 1 else "# several: "
        lines += [f"{mark}{name}=={version}" for version in sorted(map(str, found))]
    return "\n".join(lines) + "\n"
