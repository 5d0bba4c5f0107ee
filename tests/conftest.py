"""Fixtures shared by the suite."""

import contextlib
import csv
import functools
import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra

from fmnist_exp import train as entrypoint
from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine import choice
from fmnist_exp.engine.native import c_library
from fmnist_exp.rundir.tables import Epoch
from fmnist_exp.sweep import composing
from fmnist_exp.sweep.composing import Composer

ROOT = CONFIG_DIR.parent
REUSE = ["reuse=false"]
COLOUR_SWITCHES = {"FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"}  # pipes hold no colours


def compose_config(*overrides: str):
    """The composed config of one run, as Hydra hands it to `parse`."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        return compose("config", list(overrides), return_hydra_config=True)


def config_of(*overrides: str) -> RunConfig:
    """The checked config of one run, made once for each list of overrides."""
    return _config_of(overrides, os.environ.get("HOME"))


@functools.cache
def _config_of(overrides: tuple[str, ...], home: str | None) -> RunConfig:
    config, hydra = _composer().compose_alone(overrides)
    return parse(config, hydra.runtime.choices)


@functools.cache
def _composer() -> Composer:
    """As a sweep composes its runs: Hydra reads its files once for each choice of options."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        return Composer(composing.compose([], multirun=True), loader)


def command(
    *arguments: object, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess:
    """Run Python with these arguments in a child process and capture what it prints."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k not in COLOUR_SWITCHES} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def train(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """Run the training entrypoint in a child process; a store is used only if one is named."""
    named = any(str(argument).startswith("store=") for argument in arguments)
    reuse = [] if named else REUSE
    return command("-m", "fmnist_exp.train", *arguments, *reuse, **environment)


def epoch_of(number: int, **values: float) -> Epoch:
    """An epoch of a run with plausible values, but for those that are given."""
    usual = {"train_loss": 0.5, "train_accuracy": 0.75, "validation_loss": 0.25}
    usual |= {"validation_accuracy": 0.875, "learning_rate": 0.001, "seconds": 2.0}
    return Epoch(number, **usual | values)


@dataclass
class Ended:
    """How a command in this process has ended, and what it has printed."""

    status: int
    out: str
    err: str


@contextlib.contextmanager
def training_here(patch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ended]]:
    """Gives the training command in this process; without a store unless it is named."""
    patch.setattr(logging, "raiseExceptions", True)  # the command sets it; it is put back
    patch.setattr(signal, "signal", lambda number, handler: None)
    # Hydra closes all handlers as it configures logging, and TensorFlow's would close the stream
    # in which pytest captures.
    patch.setattr(logging, "_handlerList", [])
    root = logging.getLogger()
    former = root.handlers[:], root.level

    def train_here(*arguments: object) -> Ended:
        words = [*map(str, arguments)]
        reuse = (
            []
            if any(word.startswith(("store=", "reuse=", "--hydra-help")) for word in words)
            else REUSE
        )
        patch.setattr(sys, "argv", ["train", *words, *reuse])
        # As the command's own streams are: it sets how they write.
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                entrypoint.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        return Ended(status, *(each.buffer.getvalue().decode() for each in (out, err)))

    try:
        yield train_here
    finally:
        for handler in set(root.handlers) - set(former[0]):
            handler.close()
        root.handlers[:], root.level = former


@pytest.fixture
def train_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ended]]:
    """See `training_here`."""
    with training_here(monkeypatch) as train:
        yield train


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of reports are empty files: for tests of words and tables."""
    monkeypatch.setattr("fmnist_exp.report.charts.drawing.render", lambda figure, kind: b"")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names of its columns."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_or_end(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.fixture
def eager() -> Iterator[None]:
    """TensorFlow carries out each operation on its own and compiles nothing."""
    from fmnist_exp.engine.backend import tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session", autouse=True)
def files_without_fsync() -> Iterator[None]:
    """What a test writes need not outlive a power cut, the one thing that fsync is for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True)
def library_of_this_machine() -> Iterator[None]:
    """The C code as each test finds it, not as another did that had no compiler."""
    yield
    c_library.load.cache_clear()
    choice._c_is_here.cache_clear()


@pytest.fixture(scope="session")
def tiny_config() -> Callable[..., RunConfig]:
    """Configs that train in a blink: 160 synthetic images, a ragged last batch."""

    def build(*overrides: str) -> RunConfig:
        sizes = ("data=synthetic", "data.num_train=200", "data.num_test=50")
        recipe = ("training=smoke", "training.batch_size=48")
        return config_of(*sizes, *recipe, "model.hidden=[16]", *overrides)

    return build


@pytest.fixture(autouse=True)
def recipes_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models without a recipe leave one in Hydra's store, which lasts as long as the process."""
    monkeypatch.setitem(ConfigStore.instance().repo, "training", {})


FIELD = (
    *("augmentation=mirror_shift", "training.label_smoothing=0.1", "optimizer=adamw"),
    "training.schedule={class_name:CosineDecay,config:{warmup_epochs:1}}",
    *("+optimizer.config.use_ema=true", "+optimizer.config.ema_momentum=0.9"),
    *("model.layer_normalization=true", "model.dropout=0.3"),
)  # what the field uses, all of it
ENGINES = {"C": "c", "XLA": "xla"}  # as a record names them -> as a config does


@pytest.fixture
def float64():
    """Rounding grows chaotically in float32; in float64 two equal programs stay together."""
    from fmnist_exp.engine.backend import keras

    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)  # Keras keeps the first policy it was asked for
        if dtype == "float64":
            yield


@pytest.fixture(params=[int(seed) for seed in os.environ.get("FMNIST_TEST_SEEDS", "0").split(",")])
def run_seed(request: pytest.FixtureRequest) -> int:
    """A seed; a test that takes it promises to pass for any seed from 0 to 99."""
    return request.param
