"""Results to publish: sweeps in, `docs/results/` and RESULTS.md out.

python -m fmnist_exp.results [multirun/NAME ...]
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmnist_exp.console import EXIT_BAD_INPUT, as_command, complain, typed
from fmnist_exp.errors import RecordError
from fmnist_exp.files import write_text

if TYPE_CHECKING:
    from fmnist_exp.report.results.collecting import Collected

KEPT, PAGE = Path("docs/results"), Path("RESULTS.md")


def keep(sweeps: Sequence[Path], root: Path) -> tuple[list[str], list[RecordError]]:
    """Collect sweeps into folders below `root`; what cannot be read leaves all as it was.

    Args:
        sweeps: their directories, in the order of the page.
        root: where studies are kept.

    Returns:
        Names of the studies, and what is wrong with sweeps that were not collected.

    Raises:
        RecordError: two sweeps are of one study, or a folder cannot be written.
    """
    from fmnist_exp.report.looks import note_look
    from fmnist_exp.report.results.collecting import collect
    from fmnist_exp.report.results.kept import arrange, write_kept

    found: dict[str, tuple[Path, Collected]] = {}
    errors = []
    for sweep in sweeps:
        try:
            study = collect(sweep)
        except RecordError as error:
            errors.append(error)
            continue
        if study.name in found:
            both = f"{found[study.name][0]} and {sweep}"
            raise RecordError(f"{both} are both of the study {study.name}. Name one of them.")
        found[study.name] = sweep, study
    for name, (_, study) in found.items():
        write_kept(root, name, study.files)
        for warning in note_look(study.findings):
            print(warning)
    if found:
        arrange(root, list(found))
    return list(found), errors


@as_command()
def main() -> None:
    """Keep what is to be published of sweeps, and write the page of all studies that are kept."""
    from fmnist_exp.report.results.kept import names_in
    from fmnist_exp.report.results.writing import page_of

    parser = argparse.ArgumentParser(prog=typed("results"), description=main.__doc__)
    parser.add_argument(
        "sweeps", nargs="*", type=Path, metavar="DIR", help=f"of a sweep, to be kept in {KEPT}"
    )
    names, errors = keep(parser.parse_args().sweeps, KEPT)
    for error in errors:
        complain(error)
    if not names_in(KEPT):
        raise RecordError(f"{KEPT} holds no study. Name directories of sweeps to keep there.")
    write_text(PAGE, page_of(KEPT, PAGE.parent))
    for name in names:
        print(f"kept: {KEPT / name}")
    print(f"results: {PAGE}")
    sys.exit(EXIT_BAD_INPUT if errors else 0)


if __name__ == "__main__":
    main()
