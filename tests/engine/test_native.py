"""The C engine trains what XLA trains, whatever the machine."""

import dataclasses
import platform
import subprocess

import numpy as np
import pytest
from conftest import ENGINES, ROOT

from fmnist_exp.data import loading
from fmnist_exp.engine import programs, training
from fmnist_exp.engine.choice import settled
from fmnist_exp.engine.keras_private import moments
from fmnist_exp.engine.native import c_library, trainer
from fmnist_exp.errors import ConfigError

# Widths that fill no panel of columns, one that fills one and one that needs two; 160 images in
# batches of 48 leave a ragged last batch of 32, in batches of 53 one image.
ODD = ("model=regularized", "model.hidden=[37,32,5]")


@pytest.fixture(autouse=True)
def anew():
    """No program that another test has compiled, and none left to another."""
    programs._programs.clear()
    yield
    programs._programs.clear()


def fitted(config, engine_name="C"):
    """What `fit` makes of a config by one engine."""
    config = config.replaced(engine=ENGINES[engine_name])
    result = training.fit(config, loading.load(config.data))
    assert result.provenance["engine"] == engine_name
    return result


def weights(config, engine_name="C"):
    """The weights after training, copied."""
    return [array.copy() for array in fitted(config, engine_name).model.get_weights()]


@pytest.mark.parametrize(
    ("overrides", "batch_size"),
    [
        pytest.param(ODD, 48),
        pytest.param((*ODD, "model.dropout=0"), 53, marks=pytest.mark.slow),
        pytest.param((*ODD, "model.batch_normalization=false"), 160, marks=pytest.mark.slow),
        pytest.param(("model.hidden=[1]", "model.dropout=0.5"), 53, marks=pytest.mark.slow),
        pytest.param(("data=digits", "model.hidden=[20]"), 48, marks=pytest.mark.slow),
        pytest.param(
            ("+optimizer.config.beta_1=0.8", "+optimizer.config.epsilon=1e-3"),
            48,
            marks=pytest.mark.slow,
        ),
    ],
    ids=str,
)
def test_weights_and_history_are_those_of_xla_in_float64(
    tiny_config, float64, overrides, batch_size
):
    """Dropout too: both draw the same masks."""
    config = tiny_config(*overrides, f"training.batch_size={batch_size}")
    ours, theirs = fitted(config), fitted(config, "XLA")
    for one, other in zip(ours.model.get_weights(), theirs.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)
    for one, other in zip(ours.history, theirs.history, strict=True):
        expected = dataclasses.asdict(dataclasses.replace(other, seconds=one.seconds))
        assert dataclasses.asdict(one) == pytest.approx(expected, rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("threads", [2, pytest.param(3, marks=pytest.mark.slow), 4])
def test_bits_do_not_depend_on_the_number_of_threads(tiny_config, monkeypatch, threads):
    """Also with more threads than some layers have panels, or the machine has processors."""
    config = tiny_config(*ODD, "model.hidden=[150,32,5]")  # enough panels for four threads
    found = []
    for count in (1, threads):
        monkeypatch.setattr(trainer, "num_threads", lambda count=count: count)
        found.append(weights(config))
    for one, many in zip(*found, strict=True):
        np.testing.assert_array_equal(one, many)


def test_moments_of_dead_units_are_flushed_to_zero(tiny_config):
    """What gets no gradient any more would stay subnormal for ever, and slow down every step.

    Adam's first moment shrinks by a tenth a step; one step takes the least normal number below it.
    """
    config = tiny_config("training.epochs=1")
    splits = loading.load(config.data)
    splits.train.images[:, 5] = 0  # a pixel that is never bright
    program = programs.Program(config, splits)
    program.restart(config)
    kernel = program.plain.layers[0].kernel
    moment, _ = moments(program.trainer.optimizer, program.plain.trainable_variables)[id(kernel)]
    start = moment.numpy()
    start[5] = 1.05 * np.finfo(np.float32).tiny
    moment.assign(start)
    program.trainer.train_step(None)
    assert program.trainer.provenance["engine"] == "C"
    assert (moment.numpy()[5] == 0).all()
    tiny = np.full(4, np.finfo(np.float32).tiny)
    assert (tiny / 2 > 0).all(), "only training threads flush"


def test_no_more_threads_than_can_help(tmp_path):
    """A thread costs a copy of the batch; the program ends with 0 if the cap holds."""
    program = built(tmp_path, "-O1")
    for threads in ("1", "3", "1000"):
        subprocess.run([str(program), threads], check=True)


X86 = platform.machine() == "x86_64"
LAYOUTS = [[], ["-mno-avx512f"], ["-mno-avx"]] if X86 else [[]]  # widths of vectors


@pytest.mark.slow
@pytest.mark.parametrize("flags", LAYOUTS, ids=str)
def test_every_width_of_vectors_gives_the_same_losses(tmp_path, flags):
    """In double precision but for rounding (1e-9); single precision is near (1e-3)."""
    usual = losses(tmp_path, "-DREAL=double")
    assert losses(tmp_path, "-DREAL=double", *flags) == pytest.approx(usual, rel=1e-9)
    assert losses(tmp_path, *flags) == pytest.approx(usual, rel=1e-3)


def losses(folder, *flags):
    """What epoch_main.c prints."""
    command = [str(built(folder, "-O1", *flags)), "2"]
    return [float(x) for x in subprocess.check_output(command, text=True).split()]


@pytest.mark.parametrize("batch_normalization", ["true", "false"])
def test_numbers_out_of_range_end_the_run_as_diverged(tiny_config, batch_normalization):
    """ReLU must hand on what is not a number."""
    config = tiny_config(
        f"model.batch_normalization={batch_normalization}",
        "optimizer.config.learning_rate=1e30",
        "training.epochs=9",
    )
    result = fitted(config)
    assert result.diverged
    assert len(result.history) < 9


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.activation=selu"],
        ["optimizer=sgd"],
        ["optimizer=adamw"],
        ["+optimizer.config.clipnorm=1.0"],
        ["+optimizer.config.amsgrad=true"],
    ],
    ids=str,
)
def test_what_the_c_code_does_not_know_is_left_to_xla(tiny_config, overrides):
    config = tiny_config(*overrides, "training.epochs=1")
    assert settled(config).engine == "xla"
    with pytest.raises(ConfigError, match="the C code does not know"):
        settled(config.replaced(engine="c"))


@pytest.mark.slow
def test_auto_trains_by_xla_what_c_does_not_know(tiny_config):
    config = tiny_config("optimizer=sgd", "training.epochs=1")
    assert training.fit(config, loading.load(config.data)).provenance["engine"] == "XLA"


def built(folder, *flags):
    """The program of epoch_main.c; a warning of the compiler is an error."""
    program = folder / "epoch_main"
    source = ROOT / "tests" / "epoch_main.c"
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-march=native", *flags]
    subprocess.run([*command, str(source), *c_library.LINKED, "-o", str(program)], check=True)
    return program


@pytest.mark.slow
@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_sanitizers_find_nothing(tmp_path, sanitizer):
    """No race between threads, no access beyond what Keras gave or the workspace, no overflow.

    Within the workspace, which is one allocation, arrays beside each other are not told apart.
    """
    checks = [f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-g", "-O1"]
    program = built(tmp_path, *checks)
    for threads in ("1", "2", "5"):
        result = subprocess.run([str(program), threads], capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, "")
