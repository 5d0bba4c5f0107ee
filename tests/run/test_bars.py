"""Live bars keep to one line of any terminal, and say first what matters most."""

import errno
import io
import logging
import re
import sys

import pytest
from conftest import epoch_of
from rich.console import Console

from fmnist_exp.run import progress
from fmnist_exp.run.progress import Bars, EpochProgress, time_left

# columns of a terminal -> what it says of a run besides the epoch, of whose 100 there are 88 to go
WHAT_FITS = {
    30: "validation",
    40: "validation accuracy 0",
    60: "validation accuracy 0.8750, about 3 min l",
    80: "validation accuracy 0.8750, about 3 min left, loss 0.5000",
    120: "validation accuracy 0.8750, about 3 min left, loss 0.5000",
}
WIDTHS = sorted(WHAT_FITS)
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal(io.StringIO):
    """What a terminal receives."""

    isatty = lambda self: True  # noqa: E731 (a method without words)


def terminal(width, file=None):
    return Console(file=file or Terminal(), width=width, force_terminal=True, color_system=None)


def lines_of(console):
    """Every line that was drawn, in turn."""
    text = CONTROLS.sub("", console.file.getvalue()).replace("\r", "\n")
    return [line.rstrip() for line in text.split("\n") if line.strip()]


@pytest.fixture
def run_shown_on(monkeypatch):
    """What a terminal of some width shows of a run of 100 epochs: while it starts, and after 12."""

    def show(console):
        monkeypatch.setattr(progress, "Bars", lambda: Bars(console))
        monkeypatch.setattr(progress, "BAR_SECONDS", 0)
        with EpochProgress(100) as shown:
            starting = lines_of(console)[-1]
            shown.show(epoch_of(1, seconds=30.0))
            first = lines_of(console)[-1]
            for epoch in range(2, 13):
                shown.show(epoch_of(epoch))
            return starting, first, lines_of(console)[-1]

    return show


@pytest.mark.parametrize("width", WIDTHS)
def test_case_O13_epoch_and_what_fits_are_shown_on_one_line(width, run_shown_on):
    starting, first, shown = run_shown_on(terminal(width))
    assert "starting" in starting
    assert re.match(r"epoch +0/100", starting)
    assert re.match(r"epoch +1/100", first)
    assert re.match(r"epoch +12/100", shown)
    assert max(map(len, (starting, first, shown))) <= width
    said = shown.replace("\N{BOX DRAWINGS HEAVY HORIZONTAL}", "").partition("12/100")[2]
    assert re.sub(r"\W*(?=validation)", "", said) == WHAT_FITS[width]


def test_first_estimate_of_the_time_left_leaves_the_compilation_out(run_shown_on):
    _, first, shown = run_shown_on(terminal(120))
    assert "left" not in first
    assert "about 3 min left" in shown  # an epoch of 30 s among them would make 6


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_of_a_sweep_keep_to_their_lines(width):
    console = terminal(width)
    bars = Bars(console)
    bars.start()
    bars.add_task("sweep", total=100, completed=3, said="1 failed, about 12 min left, 2 reused")
    name = f"run 12  {'very_' * 10}long_name seed=12"
    bars.add_task(name, total=20, completed=7, said="validation accuracy 0.8750")
    sweep, run = lines_of(console)[-2:]
    bars.stop()
    assert max(map(len, lines_of(console))) <= width
    assert re.match(r"sweep +3/100", sweep)
    assert "1 failed" in sweep
    assert re.match(r"run 12.* 7/20", run)
    assert ("validation accuracy 0.8750" in run) == (width >= 80)


def test_bar_takes_the_room_that_is_left():
    console = terminal(80)
    with Bars(console) as bars:
        bar = bars.add_task("sweep", total=99, said="")
        for said in ("", "1 failed"):
            bars.update(bar, completed=99, said=said, refresh=True)
            # What is left of a bar has no sign without colours.
            assert 78 <= len(lines_of(console)[-1]) <= 80


def test_bars_are_drawn_in_ascii_where_there_is_nothing_else():
    file = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    file.isatty = lambda: True
    bars = Bars(terminal(80, file))
    bars.start()
    bars.add_task("x" * 90, total=4, completed=3, said="")
    bars.stop()
    assert b"3/4" in file.buffer.getvalue()


def test_log_lines_stand_above_the_bars(monkeypatch):
    console = terminal(80)
    monkeypatch.setattr(sys, "stdout", console.file)
    handler = logging.StreamHandler(sys.stdout)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    bars = Bars(console)
    bars.start()
    bars.add_task("epoch", said="starting")
    logging.getLogger().warning("a warning")
    bars.stop()
    assert "a warning" in lines_of(console)  # on a line of its own
    assert handler.stream is console.file


def test_terminal_that_was_closed_stops_no_run(monkeypatch):
    def fail(text):
        raise OSError(errno.EIO, "Input/output error")

    console = terminal(80)
    monkeypatch.setattr(console.file, "write", fail)
    monkeypatch.setattr(progress, "Bars", lambda: Bars(console))
    with EpochProgress(100) as shown:
        shown.show(epoch_of(1))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.9, []),
        (89, ["about 89 s left"]),
        (120, ["about 2 min left"]),
        (64_800, ["about 18.0 h left"]),
    ],
)
def test_times_are_said_in_one_unit(seconds, said):
    assert time_left(seconds) == said
