"""A reader that leaves, as `head` does, ends a command quietly."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import ROOT

COMMANDS = {
    "help": ["-m", "fmnist_exp.train", "--help"],
    "config": ["-m", "fmnist_exp.train", "--cfg", "job"],
    "data": ["-m", "fmnist_exp.data"],
    "kept": ["-m", "fmnist_exp.kept"],
    "aggregator": ["scripts/aggregate.py", "--help"],
}


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
