"""The aggregator writes a whole report or none, the same for the same runs, without TensorFlow."""

import sys

import pytest
from conftest import ROOT, command
from study import write_run, write_sweep

from fmnist_exp.aggregate import aggregate, main
from fmnist_exp.console import EXIT_BAD_INPUT
from fmnist_exp.errors import RecordError
from fmnist_exp.rundir.records import CONFUSION_MATRIX, HISTORY, RECORD, SIGNAL

TEXTS = {"index.html", "report.md", "runs.csv", "claims.csv"}
TEXTS |= {f"{name}.{kind}" for name in ("summary", "comparisons") for kind in ("csv", "md", "tex")}
PROBE = """
import sys
from fmnist_exp import aggregate
aggregate.main()
print("IMPORTED", {"tensorflow", "keras", "sklearn", "hydra"} & sys.modules.keys())
"""


def files(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def run_main(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["aggregate", *map(str, arguments)])
    main()


@pytest.mark.slow
def test_report_is_whole_and_the_same_for_the_same_runs(tmp_path):
    write_sweep(tmp_path / "s", {"he": (0.7, 0.8, 0.75), "lecun": (0.6, 0.9, 0.8)}, answers=True)
    reports = []
    for name in ("1", "2"):
        table = aggregate([tmp_path / "s"], tmp_path / name)
        assert "he_normal" in table
        written = files(tmp_path / name)
        reports.append({name: path.read_bytes() for name, path in written.items()})
    assert reports[0] == reports[1]
    assert {name for name in reports[0] if "/" not in name} == TEXTS
    figures = {name for name in reports[0] if "/" in name}
    assert {name.rpartition(".")[2] for name in figures} == {"png", "svg"}
    on_page = {name for name in figures if "confusion_matrix_" not in name}
    for name in on_page:
        assert name.rpartition(".")[0] + ".png" in reports[0]["report.md"].decode()


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("width", [100, 60, 40])
def test_table_and_sentences_fit_a_narrow_terminal(tmp_path, width):
    write_sweep(tmp_path / "s", {"he": (0.7, 0.8, 0.75, 0.7, 0.8), "lecun": (0.6, 0.9)})
    shown = aggregate([tmp_path / "s"], tmp_path / "report", width=width)
    assert max(map(len, shown.splitlines())) <= width
    assert {"75.00", "[68.79,", "81.21]", "Warning:"} <= set(shown.split())


@pytest.mark.parametrize("name", [RECORD, HISTORY, SIGNAL, CONFUSION_MATRIX])
def test_damaged_run_leaves_no_half_written_report(tmp_path, name):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}")
    (tmp_path / "s" / "1" / name).write_text("{")
    with pytest.raises(RecordError, match=f"cannot read .*1/{name}"):
        aggregate([tmp_path / "s"], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_error_while_drawing_leaves_no_half_written_report(tmp_path, monkeypatch):
    write_run(tmp_path / "s" / "0")

    def fail(*arguments, **options):
        raise ValueError("cannot draw")

    monkeypatch.setattr("fmnist_exp.report.charts.drawing.render", fail)
    with pytest.raises(ValueError, match="cannot draw"):
        aggregate([tmp_path / "s"], tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("case", ["file", "empty", "missing", "unreadable"])
def test_what_holds_no_runs_is_refused_with_status_2(case, tmp_path, monkeypatch, capsys):
    target = tmp_path / "target"
    if case == "file":
        target.write_text("")
    elif case != "missing":
        target.mkdir()
    if case == "unreadable":
        (target / RECORD).write_text("{")
    with pytest.raises(SystemExit) as caught:
        run_main(monkeypatch, target)
    assert caught.value.code == EXIT_BAD_INPUT
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("RecordError: ")
    assert str(target) in printed.err
    assert not (target / "report").exists()


def test_unwritable_place_is_refused_with_status_2(tmp_path, monkeypatch, capsys):
    write_run(tmp_path / "0", status="failed")
    (tmp_path / "out").write_text("")
    with pytest.raises(SystemExit):
        run_main(monkeypatch, tmp_path / "0", "--out", tmp_path / "out")
    assert "cannot write" in capsys.readouterr().err


def test_report_without_completed_runs_has_tables_and_warnings(tmp_path, monkeypatch, capsys):
    write_run(tmp_path / "s" / "0", status="diverged")
    run_main(monkeypatch, tmp_path / "s")
    printed = capsys.readouterr().out
    assert "Warning: 1 run diverged: s/0." in printed
    assert printed.endswith(f"report: {tmp_path / 's' / 'report' / 'index.html'}\n")
    assert files(tmp_path / "s" / "report").keys() == TEXTS


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_cases_1_2_21_a_report_needs_no_terminal_backend_or_settings(tmp_path, encoding):
    write_sweep(tmp_path / "s", {"he": (0.7, 0.8), "lecun": (0.6, 0.9)})
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nlines.linewidth: 9\n")
    foreign = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(tmp_path),
        "PYTHONIOENCODING": encoding,
        "COLUMNS": "80",
    }
    script = ROOT / "scripts" / "aggregate.py"
    result = command(script, tmp_path / "s", **foreign)
    assert (result.returncode, result.stderr) == (0, "")
    shown = result.stdout
    lines = shown.splitlines()
    assert lines[-1] == f"report: {tmp_path / 's' / 'report' / 'index.html'}"
    assert "No answer yet: fewer than 5 common seeds." in shown
    assert "lecun_normal against he_normal: 2 seeds" in " ".join(shown.split())
    assert max(map(len, lines[:-1])) <= 80
    aggregate([tmp_path / "s"], tmp_path / "here")
    written = files(tmp_path / "s" / "report")
    for name, path in files(tmp_path / "here").items():
        assert path.read_bytes() == written[name].read_bytes()


@pytest.mark.slow
def test_whole_aggregation_imports_neither_tensorflow_nor_hydra(tmp_path):
    write_run(tmp_path / "0")
    result = command("-W", "error", "-c", PROBE, tmp_path / "0")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "IMPORTED set()"
    assert result.stderr == ""
