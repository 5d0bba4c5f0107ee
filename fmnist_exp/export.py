"""Hand a sweep over: to a person as a zip file or model cards, or to trackers.

python -m fmnist_exp.export SWEEP --to zip|card|tensorboard|mlflow [--out PATH] [--uri URI]
"""

import argparse
import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmnist_exp.console import as_command, counted, typed
from fmnist_exp.errors import RecordError
from fmnist_exp.files import write_text

URI = "sqlite:///mlflow.db"  # MLflow's own default, in the current directory
MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # with seven, the default, a dead server takes minutes
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",  # seconds
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}  # what the user has set is left alone


def to_zip(folder: Path, out: Path | None) -> list[str]:
    """A zip file that opens elsewhere, with a new report; lines that say where it is."""
    from fmnist_exp.aggregate import write_report
    from fmnist_exp.exporting.shared import read_shared
    from fmnist_exp.exporting.zipped import write_zip

    shared = read_shared(folder)
    out = out or shared.folder.with_name(f"{shared.folder.name}.zip")
    with tempfile.TemporaryDirectory() as temporary:
        write_report(shared.findings, Path(temporary))
        write_zip(shared, Path(temporary), out)
    left_out = [f"left out, not finished: {each}" for each in shared.study.unfinished]
    return [*left_out, f"zip: {out}"]


def to_card(folder: Path, out: Path | None) -> list[str]:
    """A model card beside each model; lines that say where they are."""
    from fmnist_exp.exporting.card import card_of
    from fmnist_exp.exporting.shared import model_of, read_shared
    from fmnist_exp.rundir.records import CARD

    shared = read_shared(folder)
    runs = [run for run in shared.study.runs if model_of(run)]
    if out is not None and len(runs) > 1:
        raise RecordError(
            f"--out is one file, received the {len(runs)} models of {folder}. Name one run, or "
            "leave --out away: each card then goes beside its model."
        )
    if not runs:
        raise RecordError(f"no run in {folder} has left a model. Name one that was completed.")
    for run in runs:
        write_text(out or run.path / CARD, card_of(run, shared.conditions[run.path]))
    return [f"card: {out or run.path / CARD}" for run in runs]


def to_tensorboard(folder: Path, out: Path | None) -> list[str]:
    """A folder of event files; lines that say how to see them."""
    from fmnist_exp.exporting.shared import read_shared

    with needing("tensorboard"):
        from fmnist_exp.exporting.to_tensorboard import write_events
    shared = read_shared(folder)
    out = out or folder / "tensorboard"
    others = write_events(shared, out)
    left_alone = [f"left there, as it is of no run of {folder} now: {path}" for path in others]
    return [*left_alone, f"see them with: tensorboard --logdir {shlex.quote(str(out))}"]


def to_mlflow(folder: Path, uri: str) -> list[str]:
    """A run with children on a server of MLflow; lines that say what was done.

    Raises:
        RecordError: the server does not answer, or something was not exported.
    """
    from fmnist_exp.aggregate import write_report
    from fmnist_exp.exporting.shared import read_shared

    for name, value in MLFLOW.items():
        os.environ.setdefault(name, value)
    with needing("mlflow"):
        from fmnist_exp.exporting.mlflow_server import without_password
        from fmnist_exp.exporting.to_mlflow import Exporter
    shared = read_shared(folder)
    outcome = Exporter(shared, uri).export(lambda report: write_report(shared.findings, report))
    server = without_password(uri)
    told = f"{counted(outcome.exported, 'run')} exported to {server}, {outcome.kept} there before"
    if outcome.failed:
        lines = "".join(f"\n  {place}: {why}" for place, why in outcome.failed.items())
        raise RecordError(
            f"{len(outcome.failed)} of {counted(len(shared.study.runs), 'run')} not exported; "
            f"{told}. Give the same command again to complete it.{lines}"
        )
    start = "mlflow ui --backend-store-uri "
    seen = server if uri.startswith("http") else f"{start}{shlex.quote(server)}"
    left = [f"left there, as it is no run of {folder} now: {place}" for place in outcome.others]
    return [told, *left, f"see them with: {seen}"]


@contextmanager
def needing(package: str) -> Iterator[None]:
    """Import what is optional; RecordError that says what to install if it is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise RecordError(
            f"--to {package} needs the package {error.name}, which is not installed. Run "
            f"`pip install 'fmnist_exp[{package}]'`, or `pip install {package}`."
        ) from error


FILES = {"zip": to_zip, "card": to_card, "tensorboard": to_tensorboard}  # with an --out


@as_command()
def main() -> None:
    """Hand the runs of a sweep over: to a person, as a zip file or model cards, or to a tracker."""
    parser = argparse.ArgumentParser(prog=typed("export"), description=main.__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="of a sweep or a run")
    parser.add_argument(
        "--to", choices=[*FILES, "mlflow"], required=True, help="what it is handed over as"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="of zip: DIR.zip; of tensorboard: DIR/tensorboard; of a card: a file",
    )
    parser.add_argument("--uri", help=f"of MLflow: its server or database; default: {URI}")
    arguments = parser.parse_args()
    if arguments.to == "mlflow":
        if arguments.out:
            parser.error("--out is of files; --to mlflow takes --uri")
        lines = to_mlflow(arguments.folder, arguments.uri or URI)
    else:
        if arguments.uri:
            parser.error("--uri is of --to mlflow")
        lines = FILES[arguments.to](arguments.folder, arguments.out)
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
