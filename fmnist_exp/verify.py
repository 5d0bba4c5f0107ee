"""Whether runs are what they say of themselves: a command.

python -m fmnist_exp.verify RUN [RUN ...]
"""

import argparse
import sys
from pathlib import Path

from fmnist_exp.console import EXIT_BAD_INPUT, as_command, complain, typed
from fmnist_exp.errors import FmnistError
from fmnist_exp.rundir import plan
from fmnist_exp.using.retraining import retrain
from fmnist_exp.using.verifying import Check, verify

EXIT_WRONG = 1
CHECKED = """\
Checked are the sha256 of every file, the key and the epochs of the record, the loss and accuracy
that the model has on all three splits, its predictions, and all that was counted of them. Losses
may differ by 0.0001, as another processor rounds otherwise, and classes where two are as probable
to 0.0002. With --retrain nothing may differ by a bit but the seconds. Exit status: 0 if all holds,
1 if something is wrong, 2 if a run cannot be checked."""


def run_dirs_of(place: Path) -> list[Path]:
    """The runs of a sweep, by its plan; of anything else itself. RecordError of a damaged plan."""
    return [place / run.directory for run in plan.read_runs(place)] or [place]


def check(run_dir: Path, again: bool) -> bool:
    """Check a run, and say what was found as soon as it is; whether all holds.

    Raises:
        FmnistError: it cannot be checked.
    """
    print(run_dir, flush=True)
    holds = all([_told(each) for each in verify(run_dir)])
    if again and holds:
        return all([_told(each) for each in retrain(run_dir)])
    if again:
        print("  it is not trained again: first mend what is wrong")
    return holds


def _told(found: Check) -> bool:
    """Say what was found; whether it holds."""
    print(f"  {'holds' if found.holds else 'WRONG'}  {found.found}", flush=True)
    return found.holds


@as_command()
def main() -> None:
    """Check runs against their records: files, model and metrics. Nothing is written."""
    parser = argparse.ArgumentParser(
        prog=typed("verify"),
        description=main.__doc__,
        epilog=CHECKED,
        allow_abbrev=False,
    )
    parser.add_argument("places", nargs="+", type=Path, metavar="RUN", help="or a sweep: all of it")
    parser.add_argument(
        "--retrain", action="store_true", help="train each run again as well, and compare the bits"
    )
    arguments = parser.parse_args()
    found = {0}
    for place in arguments.places:
        try:
            run_dirs = run_dirs_of(place)
        except FmnistError as error:
            complain(error)
            found.add(EXIT_BAD_INPUT)
            continue
        for run_dir in run_dirs:
            try:
                found.add(0 if check(run_dir, arguments.retrain) else EXIT_WRONG)
            except FmnistError as error:
                complain(error)
                found.add(EXIT_BAD_INPUT)
    sys.exit(max(found))


if __name__ == "__main__":
    main()
