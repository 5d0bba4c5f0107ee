"""The aggregator: sweep directories in, report out.

python -m fmnist_exp.aggregate multirun/DATE/TIME [MORE DIRS] [--out DIR] [--baseline NAME]
"""

import argparse
import gc
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from fmnist_exp.console import is_starting

if is_starting(__name__):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends the process quietly until `main` begins

from fmnist_exp.console import as_command, typed
from fmnist_exp.errors import FmnistError
from fmnist_exp.files import write_bytes
from fmnist_exp.rundir.records import FIGURES

if TYPE_CHECKING:
    import numpy as np

    from fmnist_exp.report.findings import Findings
    from fmnist_exp.report.page.rendering import Page, Table

LAST_SHOWN = "test loss [95 % CI]"  # column of the summary in a terminal; files have all
WIDE = 1000  # columns of a file or a pipe, which have no width


def aggregate(
    folders: list[Path],
    out: Path,
    baseline: str | None = None,
    *,
    factor: str | None = None,
    width: int = WIDE,
) -> str:
    """Read every run below `folders` and write tables, figures and the report into `out`.

    Everything is read and computed before the first file is written.

    Args:
        folders: directories of sweeps or runs.
        out: where the report goes.
        baseline: condition that all others are compared with; None compares all pairs.
        factor: the one that is asked about; None asks about the first.
        width: columns of the terminal.

    Returns:
        The answer for a terminal, the table of conditions, and the checks that fired.

    Raises:
        ConfigError: there is no such baseline.
        RecordError: nothing to read, a record that cannot be read, or `out` cannot be written.
    """
    # pandas takes half a second
    from fmnist_exp.report.findings import find
    from fmnist_exp.report.runs.directories import read_study

    return write_report(find(read_study(folders), baseline, factor), out, width)


def write_report(found: "Findings", out: Path, width: int = WIDE) -> str:
    """Write tables, figures and the report of what was found; the rest as `aggregate`."""
    from fmnist_exp.report.charts import drawing, study_charts
    from fmnist_exp.report.csv_files import csv_files
    from fmnist_exp.report.looks import note_look
    from fmnist_exp.report.page import build, condition_tables, rendering

    charts = study_charts.draw_study(found)
    figures = drawing.render_all(charts)
    page = build.build_page(found, charts, images_of(found))
    summary = condition_tables.summary_table(found.study)
    compared = condition_tables.all_comparisons(found)
    texts = {
        "report.md": rendering.to_markdown(page),
        "index.html": rendering.to_html(page, figures),
        **csv_files(found),
    }
    for name, table in (("summary", summary), ("comparisons", compared)):
        texts |= {f"{name}.md": rendering.markdown(table), f"{name}.tex": rendering.latex(table)}
    for name, content in figures.items():
        write_bytes(out / FIGURES / name, content)
    for name, text in texts.items():
        write_bytes(out / name, text.encode())
    return "\n".join([_shown(page, summary, width), *note_look(found)])


def _shown(page: "Page", table: "Table", width: int) -> str:
    """The answer, the first columns of a table, and checks, for a terminal of so many columns."""
    from rich.text import Text

    from fmnist_exp.report.page.terminal import in_columns, printed

    grid = in_columns(table, table.columns.index(LAST_SHOWN) + 1)
    warnings = [Text(check.warning) for check in page.checks]
    lines = [Text(f"- {line}") for line in page.answer.lines]
    first, gap = Text(page.answer.first, style="bold"), Text()
    text = printed(first, gap, *lines, gap, grid, *warnings, width=width)
    # Whole, so that it can be copied.
    return text if page.answer.command is None else f"{text}\n{page.answer.command}"


def images_of(found: "Findings") -> "np.ndarray | None":
    """The images that the runs have answered, from this machine's own copy of their data set.

    None if it has no copy, or one that is not what the runs were trained and tested on.
    """
    import numpy as np

    from fmnist_exp.config.schema import DataConfig
    from fmnist_exp.data import loading

    if not found.predictions:
        return None
    record = found.study.measured[0].runs[0].record
    config = record.config["data"] | {"split_seed": record.seeds.split}
    try:
        splits = loading.load(DataConfig(**config), fetch=False)
    except (FmnistError, ValueError):  # no copy; a config of former code
        return None
    # Records of former code have no hash.
    same = record.provenance.get("data_sha256") in (None, splits.sha256)
    labels = next(iter(found.predictions.values())).labels
    same = same and np.array_equal(splits.test.labels, labels)
    return splits.test.images.reshape(-1, *splits.image_shape) if same else None


@as_command()
def main() -> None:
    """Compare the runs of one or more sweeps: tables, charts and a report."""
    parser = argparse.ArgumentParser(prog=typed("aggregate"), description=main.__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="of a sweep or a run")
    parser.add_argument("--out", type=Path, help="where the report goes; default: DIR/report")
    parser.add_argument("--baseline", metavar="CONDITION", help="compare all others with it")
    parser.add_argument(
        "--factor",
        metavar="NAME",
        help="ask about this factor, at each level of the others; default: the first of the study",
    )
    arguments = parser.parse_args()
    out = arguments.out or arguments.folders[0] / "report"
    # This process ends with the report. Looking for garbage among 10,000 records takes an eighth of
    # its time and finds hardly any.
    gc.disable()
    width = shutil.get_terminal_size((WIDE, 0)).columns
    options = {"factor": arguments.factor, "width": width}
    print(aggregate(arguments.folders, out, arguments.baseline, **options))
    print(f"report: {out / 'index.html'}")


if __name__ == "__main__":
    main()
