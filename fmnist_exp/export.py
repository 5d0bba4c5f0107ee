"""Hand a sweep over: to a person as a zip file or model cards, or to trackers.

python -m fmnist_exp.export SWEEP --to zip|card
"""

import argparse
import tempfile
from pathlib import Path

from fmnist_exp.console import as_command, typed
from fmnist_exp.errors import RecordError
from fmnist_exp.files import write_text


def to_zip(folder: Path, out: Path | None) -> list[str]:
    """A zip file that opens elsewhere, with a new report; lines that say where it is."""
    from fmnist_exp.aggregate import aggregate
    from fmnist_exp.exporting.shared import read_shared
    from fmnist_exp.exporting.zipped import write_zip

    shared = read_shared(folder)
    out = out or shared.folder.with_name(f"{shared.folder.name}.zip")
    with tempfile.TemporaryDirectory() as temporary:
        aggregate([folder], Path(temporary))
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


WAYS = {"zip": to_zip, "card": to_card}


@as_command()
def main() -> None:
    """Hand the runs of a sweep over: as a zip file, or as model cards."""
    parser = argparse.ArgumentParser(prog=typed("export"), description=main.__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="of a sweep or a run")
    parser.add_argument("--to", choices=WAYS, required=True, help="what it is handed over as")
    parser.add_argument("--out", type=Path, help="where it goes; each way has a default")
    arguments = parser.parse_args()
    print(*WAYS[arguments.to](arguments.folder, arguments.out), sep="\n")


if __name__ == "__main__":
    main()
