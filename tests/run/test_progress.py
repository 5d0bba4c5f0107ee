"""A terminal gets a live bar, anything else one line per epoch, a sweep a file; all a log."""

import os
import pty
import re
import subprocess
import sys

import pytest
from conftest import ROOT, epoch_of, read_or_end

from fmnist_exp.run import progress
from fmnist_exp.run.progress import EpochProgress
from fmnist_exp.rundir.tables import read_history

# Pauses let the bar be drawn; it is drawn ten times a second.
THREE_EPOCHS = """
import logging, sys, time
sys.path.insert(0, "tests")
from conftest import epoch_of
from fmnist_exp.run.progress import EpochProgress
console = logging.StreamHandler(sys.stdout)
console.setLevel(logging.INFO)
handlers = [console, logging.FileHandler(sys.argv[1])]
logging.basicConfig(level="DEBUG", format="%(message)s", handlers=handlers)
with EpochProgress(3) as progress:
    for epoch in (1, 2, 3):
        time.sleep(0.3)
        progress.show(epoch_of(epoch, train_loss=0.5 / epoch, seconds=3.0))
        time.sleep(0.3)
"""
LINE = r"epoch {}/3  loss \S+  validation loss 0.2500  validation accuracy 0.8750  3.00 s{}"
LEFT = {1: "", 2: ", about 3 s left", 3: ""}


def run_in_pipe(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", THREE_EPOCHS, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def run_in_terminal(*arguments, **environment):
    """What a terminal of 80 columns receives, without its control sequences."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", THREE_EPOCHS, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        received = b"".join(iter(lambda: read_or_end(ours), b""))
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", received.decode())


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """What the terminal shows, and the log file."""
    log = tmp_path_factory.mktemp("terminal") / "train.log"
    return run_in_terminal(log), log.read_text()


@pytest.mark.slow
def test_bar_shows_epoch_accuracy_time_left_and_loss(terminal):
    shown, _ = terminal
    for epoch, loss in ((1, "0.5000"), (2, "0.2500"), (3, "0.1667")):
        measured = f"validation accuracy 0.8750{LEFT[epoch]}, loss {loss}"
        assert re.search(rf"epoch {epoch}/3 \S+ {measured}", shown)


@pytest.mark.slow
def test_bar_stays_on_one_line(terminal):
    shown, _ = terminal
    assert max(len(line) for line in shown.replace("\r", "\n").split("\n")) <= 80
    assert "…" not in shown


@pytest.mark.slow
def test_bar_leaves_a_line_per_epoch_in_the_log_file_alone(terminal):
    shown, log = terminal
    assert "validation loss" not in shown
    assert [line[:9] for line in log.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]


@pytest.mark.slow
def test_pipe_gets_one_line_per_epoch(tmp_path):
    lines = run_in_pipe(tmp_path / "train.log", FORCE_COLOR="1").splitlines()
    assert len(lines) == 3
    for epoch, line in enumerate(lines, start=1):
        assert re.fullmatch(LINE.format(epoch, LEFT[epoch]), line)


@pytest.mark.slow
def test_terminal_that_cannot_move_its_cursor_gets_one_line_per_epoch(tmp_path):
    shown = run_in_terminal(tmp_path / "train.log", TERM="dumb")
    for epoch in (1, 2, 3):
        assert len(re.findall(LINE.format(epoch, LEFT[epoch]), shown)) == 1


def test_continued_run_says_where_it_goes_on_and_shows_new_epochs_alone(tmp_path, caplog):
    caplog.set_level("DEBUG")
    with EpochProgress(400, tmp_path) as shown:
        for epoch in range(1, 41):
            shown.show(epoch_of(epoch), 40)
        assert caplog.messages == ["continues after epoch 40 of 400"]
        assert len(read_history(tmp_path / "history.csv")["epoch"]) == 40
        shown.show(epoch_of(41))
    assert caplog.messages[1].startswith("epoch  41/400  loss ")
    assert len(shown.rows) == 41


def test_run_of_a_sweep_writes_its_history_as_it_grows(tmp_path, capsys):
    def num_epochs():
        return len(read_history(tmp_path / "history.csv")["epoch"])

    with EpochProgress(5, tmp_path) as shown:
        shown.show(epoch_of(1))
        assert num_epochs() == 1
        shown.show(epoch_of(2))  # within the same second
        assert num_epochs() == 1
        shown.shown_at -= progress.FILE_SECONDS
        shown.show(epoch_of(3))
        assert num_epochs() == 3
    assert capsys.readouterr().out == ""
