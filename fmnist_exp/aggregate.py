"""The aggregator: sweep directories in, report out.

python -m fmnist_exp.aggregate multirun/DATE/TIME [MORE DIRS] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

from fmnist_exp.errors import FmnistError
from fmnist_exp.records import FIGURES, write_bytes

EXIT_BAD_INPUT = 2


def aggregate(folders: list[Path], out: Path) -> str:
    """Read every run below `folders` and write tables, figures and `report.md` into `out`.

    Everything is read and computed before the first file is written. Figures of a former report
    in `out` that this one does not have are removed.

    Returns:
        The comparison table for a terminal, and what is missing from it.

    Raises:
        RecordError: nothing to read, a record that cannot be read, or `out` cannot be written.
    """
    # pandas takes half a second
    from fmnist_exp.report import charts, drawing, page, sweeps, tables

    study = sweeps.read_study(folders)
    summary = tables.summarize(study)
    readable = tables.for_reading(summary, study.factors)
    drawn = charts.draw_study(study)
    figures = {
        f"{FIGURES}/{chart.name}.{kind}": drawing.render(
            chart.figure, kind, mark=drawing.mark_of(chart.name)
        )
        for chart in drawn
        for kind in drawing.KINDS
    }
    texts = {
        "runs.csv": tables.csv(study.table),
        "summary.csv": tables.csv(summary),
        "summary.md": tables.markdown(readable),
        "summary.tex": tables.latex(readable),
        "report.md": page.report(study, readable, drawn),
    }
    contents = figures | {name: text.encode() for name, text in texts.items()}
    for name, content in contents.items():
        write_bytes(out / name, content)
    drawing.remove_former(out / FIGURES, [chart.name for chart in drawn])
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
