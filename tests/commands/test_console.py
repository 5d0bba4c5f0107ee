"""A command prints in any encoding, and ends quietly when its reader leaves, as `head` does."""

import contextlib
import io
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, command
from study import write_run, write_sweep

from fmnist_exp import aggregate, store
from fmnist_exp.console import as_command
from fmnist_exp.data import __main__ as data_main
from fmnist_exp.data import sources

COMMANDS = {
    "help": ["-m", "fmnist_exp.train", "--help"],
    "config": ["-m", "fmnist_exp.train", "--cfg", "job"],
    "data": ["-m", "fmnist_exp.data"],
    "kept": ["-m", "fmnist_exp.store"],
    "aggregator": ["scripts/aggregate.py", "--help"],
}


@pytest.mark.slow
@pytest.mark.parametrize("case", COMMANDS)
def test_command_whose_reader_has_left_prints_no_trace(case):
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, *COMMANDS[case]], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert b"Traceback" not in result.stderr
    assert b"Broken pipe" not in result.stderr
    # 141 as a shell reports SIGPIPE; argparse does not mind that its help is not read.
    assert result.returncode in (141, -signal.SIGPIPE, 0)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_case_2_what_an_encoding_lacks_is_shown_as_its_number(encoding, monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", output)
    with as_command():
        print("\N{MINUS SIGN}1.5 pp ± 0.2, Größe …, \ud800 服")
    shown = output.buffer.getvalue().decode(encoding)
    expected = {
        "ascii": r"\u22121.5 pp \xb1 0.2, Gr\xf6\xdfe \u2026, \ud800 \u670d" + "\n",
        "cp1252": "\\u22121.5 pp ± 0.2, Größe …, \\ud800 \\u670d\n",
        "utf-8": "\N{MINUS SIGN}1.5 pp ± 0.2, Größe …, \\ud800 服\n",
    }
    assert shown == expected[encoding]


def test_ctrl_c_ends_a_command_in_one_line(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(aggregate, "aggregate", interrupted)
    monkeypatch.setattr(sys, "argv", ["aggregate", "somewhere"])
    with pytest.raises(SystemExit) as ended:
        aggregate.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aggregate", "data", "kept"])
def test_case_2_command_ends_well_on_an_output_of_ascii(name, tmp_path, monkeypatch):
    """Each is given a folder whose name is no ASCII, and prints it."""
    folder = tmp_path / "Größe"
    if name == "aggregate":
        write_sweep(folder, {"glorot": [0.8, 0.8], "he": [0.7, 0.6]})
        module, arguments = aggregate, [folder]
    elif name == "kept":
        write_run(folder / "0")
        module, arguments = store, ["--store", folder]
    else:
        arrays = [np.zeros(2, dtype=np.int32)] * 4
        found = sources.FoundData("cache", folder, arrays)
        monkeypatch.setattr(sources, "find", lambda: found)
        module, arguments = data_main, []
    output = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    with contextlib.suppress(SystemExit):
        module.main()
    assert r"Gr\xf6\xdfe" in output.buffer.getvalue().decode("ascii")


FONTS = """
from fmnist_exp.console import as_command
with as_command():
    import matplotlib
    matplotlib.get_configdir()
"""


def test_without_a_home_matplotlib_says_nothing(tmp_path):
    """A file stands where its folder should be, since root may write anywhere."""
    (tmp_path / "file").write_text("")
    result = command("-c", FONTS, MPLCONFIGDIR=str(tmp_path / "file" / "folder"))
    assert result.returncode == 0
    assert result.stderr == ""
