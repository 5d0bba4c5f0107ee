"""The aggregator: sweep directories in, report out.

python -m fmnist_exp.aggregate multirun/DATE/TIME [MORE DIRS] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

from fmnist_exp.errors import FmnistError
from fmnist_exp.records import FIGURES, write_text

EXIT_BAD_INPUT = 2


def aggregate(folders: list[Path], out: Path) -> str:
    """Read every run below `folders` and write tables, figures and `report.md` into `out`.

    Returns:
        The comparison table for a terminal, and what is missing from it.

    Raises:
        RecordError: nothing to read, a record that cannot be read, or `out` cannot be written.
    """
    from fmnist_exp.report import charts, page, sweeps, tables  # pandas takes half a second

    study = sweeps.read_study(folders)
    summary = tables.summarize(study)
    readable = tables.for_reading(summary, study.factors)
    tables.write_csv(out / "runs.csv", study.table)
    tables.write_csv(out / "summary.csv", summary)
    write_text(out / "summary.md", tables.markdown(readable))
    write_text(out / "summary.tex", tables.latex(readable))
    figures = charts.draw_study(study, out / FIGURES)
    write_text(out / "report.md", page.report(study, readable, figures))
    return "\n".join([tables.plain(readable), *page.warnings(study)])


def main() -> None:
    """Compare the runs of one or more sweeps: tables, charts and a report."""
    parser = argparse.ArgumentParser(prog="aggregate", description=main.__doc__)
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="sweep or run directory"
    )
    parser.add_argument("--out", type=Path, help="where the report goes; default: DIR/report")
    arguments = parser.parse_args()
    out = arguments.out or arguments.folders[0] / "report"
    try:
        print(aggregate(arguments.folders, out))
    except FmnistError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    print(f"report: {out / 'report.md'}")


if __name__ == "__main__":
    main()
