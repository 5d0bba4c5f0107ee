"""What the processor can do at all: the limit that every epoch is measured against."""

import atexit
import functools
import itertools
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.machine import available_threads

SOURCE = Path(__file__).with_suffix(".c")


def gflops() -> float:
    """Multiply-adds on registers, on all threads, in GFLOP/s; takes a fifth of a second."""
    command = [_program(), str(available_threads())]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@functools.cache
def _program() -> str:
    """peak.c, compiled for this processor."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    built = Path(folder.name) / "peak"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    flags = ["-std=gnu11", "-O3", "-march=native", "-lpthread"]
    subprocess.run([*compiler, str(SOURCE), *flags, "-o", str(built)], check=True)
    return str(built)


def gflop_of_an_epoch(config: RunConfig, num_examples: int, num_pixels: int) -> float:
    """Nominal work of one epoch of training, in GFLOP: its matrix products, zeros included.

    Forward products, gradients of the kernels and gradients of the inputs, which the first layer
    has no use for; two operations for each multiply-add.
    """
    widths = [num_pixels, *config.model.hidden, 10]
    weights = [rows * columns for rows, columns in itertools.pairwise(widths)]
    return 2e-9 * num_examples * (3 * sum(weights) - weights[0])
