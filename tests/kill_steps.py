"""Kills a sweep before each step of its second run on the file system, and starts it again.

python tests/kill_steps.py FOLDER store|alone

Every attempt is a child of one process, so nothing is imported twice. Training is played by a
few multiplications without TensorFlow; all that writes, links, moves and removes is the product's.
Prints one line of JSON: how many steps it took, and what went wrong where.
"""

import functools
import json
import os
import shutil
import signal
import sys
import types
import zipfile
from pathlib import Path

import numpy as np

NUM_EPOCHS = 3
SEEDS = (0, 1)
# Steps: what Python reports to its audit hooks just before it asks the system.
STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


class Variable:
    """An array as Keras's variables hold it."""

    def __init__(self):
        self.value = np.zeros(3)

    def numpy(self):
        """The array."""
        return self.value

    def assign(self, value):
        """Put another array in place."""
        self.value = value


class Model:
    """Weights that each epoch changes, so that an epoch too few or too many shows."""

    def __init__(self, seed):
        self.variables = [Variable()]
        self.optimizer = types.SimpleNamespace(variables=[Variable()])
        self.seed = seed
        self.stop_training = False

    def step(self, epoch):
        """Train for an epoch."""
        self.variables[0].value = 3 * self.variables[0].value + epoch + self.seed

    def save(self, path):
        """Write config and weights into an archive, as Keras does."""
        weights = self.variables[0].value.tobytes()
        for mode, name in (("w", "config.json"), ("a", "weights")):  # a kill can fall between them
            with zipfile.ZipFile(path, mode) as archive:
                archive.writestr(name, "{}" if mode == "w" else weights)


class Callback:
    """Keras's base class, as far as ours use it."""

    params = types.MappingProxyType({"epochs": NUM_EPOCHS})


def put_in_place_of_tensorflow(log):
    """Let the runner import these functions instead of those that compute."""
    keras = types.SimpleNamespace(
        callbacks=types.SimpleNamespace(Callback=Callback),
        initializers=types.SimpleNamespace(Initializer=object),
        Model=object,
        Variable=object,
    )
    tf = types.SimpleNamespace(Tensor=object)
    _module("backend", keras=keras, tf=tf, use_threads=lambda count: None)
    from fmnist_exp.engine import models

    def fit(config, splits, on_epoch, checkpointer, on_start):
        rows, savers = [], [*filter(None, [checkpointer])]
        model = Model(config.seed)
        on_start(model)
        for saver in savers:
            saver.begin([], rows)
        for row in rows:
            on_epoch(row)
        for saver in savers:
            saver.model = model
            saver.on_train_begin()
        for epoch in range(len(rows), NUM_EPOCHS):
            os.write(log, f"{config.seed} {epoch}\n".encode())
            model.step(epoch)
            row = tables.Epoch(epoch + 1, *[0.5] * (len(tables.HISTORY_COLUMNS) - 1))
            rows.append(row)
            on_epoch(row)
            for saver in savers:
                saver.on_epoch_end(epoch)
        return types.SimpleNamespace(
            model=model,
            history=rows,
            diverged=False,
            best_epoch=1,
            evaluated_epoch=NUM_EPOCHS,
            provenance={"engine": "C", "device": "CPU"},
        )

    def predict_probabilities(model, images):
        generator = np.random.default_rng(int(model.variables[0].value.sum()))
        return generator.dirichlet(np.ones(10), len(images))

    from fmnist_exp.rundir import tables

    layer = tables.LayerSignal(1, 784, 10, *[0.5] * (len(tables.SIGNAL_COLUMNS) - 3))
    _module("training", fit=fit)
    _module("signal_of_model", initial_signal=lambda *about: [layer])
    models.predict_probabilities = predict_probabilities


def _module(name, **content):
    from fmnist_exp import engine

    module = types.ModuleType(f"fmnist_exp.engine.{name}")
    vars(module).update(content)
    sys.modules[module.__name__] = module
    setattr(engine, name, module)
    globals()[name] = module


@functools.cache
def config(seed):
    from conftest import config_of

    small = ("data=synthetic", "data.num_train=200", "data.num_test=50", "training=smoke")
    return config_of(*small, "training.batch_size=8", f"seed={seed}")


def sweep(folder, with_store):
    """The command that is killed and given again."""
    from fmnist_exp.config.schema import ExecutionConfig
    from fmnist_exp.run import runner

    for seed in SEEDS:
        runner.run(
            config(seed),
            folder / "sweep" / str(seed),
            {"initializer": "he"},
            ExecutionConfig(store=str(folder / "runs"), reuse=with_store, checkpoint_seconds=0),
        )


def attempt(folder, with_store, kill_before=None):
    """Run the sweep in a child; its wait status, and how many steps it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event, arguments):
            nonlocal count
            if event in STEPS and str(arguments[0]).startswith(str(folder)):
                if count == kill_before:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1

        sys.addaudithook(watch)
        status = 1
        try:
            sweep(folder, with_store)
            status = 0
        finally:
            os.write(writing, str(count).encode())
            os._exit(status)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return status, pipe.read()


def results(folder):
    """Seed -> what its record says, but for times and for where the run came from."""
    from fmnist_exp import files
    from fmnist_exp.rundir import records

    found = {}
    for seed in SEEDS:
        run_dir = folder / "sweep" / str(seed)
        if (run_dir / records.RECORD).exists():
            record = records.read_record(run_dir)
            for name, sha256 in record.artifacts.items():
                assert files.sha256_of(run_dir / name) == sha256, f"{name} is not whole"
            found[seed] = record.model_dump() | {"timing_seconds": {}, "reused": None}
    return found


def litter(folder):
    """What no finished sweep may leave."""
    marks = [*folder.rglob(".running"), *folder.rglob(".*.tmp*")]
    return [*marks, *(folder / "runs" / "unfinished").glob("*")]


def check(folder, log_path, with_store, step, expected):
    """Kill before one step, look, start again, look again.

    Raises:
        AssertionError: something was lost, spoilt, trained twice or left behind.
    """
    from fmnist_exp.run.store import Store
    from fmnist_exp.rundir.presence import state_without_record

    log_path.write_bytes(b"")
    status, _ = attempt(folder, with_store, kill_before=step)
    assert os.WIFSIGNALED(status), f"it was not killed but ended with {status}"
    before = results(folder)
    assert all(expected[seed] == result for seed, result in before.items()), "a wrong result"
    begun = [seed for seed in SEEDS if (folder / "sweep" / str(seed) / ".running").exists()]
    for seed in set(begun) - before.keys():
        state = state_without_record(folder / "sweep" / str(seed))
        assert state.startswith("interrupted"), f"seen as {state}"
    kept = {Store(folder / "runs").find(key).seed for key in Store(folder / "runs").kept()}
    trained = len(log_path.read_bytes().split(b"\n"))
    assert attempt(folder, with_store)[0] == 0, "the same command failed"
    assert results(folder) == expected, "another result"
    assert not litter(folder), f"left behind: {litter(folder)}"
    again = [line.split() for line in log_path.read_text().split("\n")[trained - 1 :] if line]
    assert not kept & {int(seed) for seed, _ in again}, "a kept run was trained again"
    if with_store:
        epochs = [line for line in log_path.read_text().split("\n") if line]
        # The epoch under way, or the last one, whose state is not saved.
        assert len(epochs) <= len(SEEDS) * NUM_EPOCHS + 1, f"epochs trained again: {epochs}"


def main():
    folder, with_store = Path(sys.argv[1]), sys.argv[2] == "store"
    log_path = folder.parent / "trained.log"
    put_in_place_of_tensorflow(os.open(log_path, os.O_CREAT | os.O_APPEND | os.O_WRONLY))
    os.fsync = lambda handle: None  # a kill, unlike a power cut, loses nothing that was written
    sweep(folder, with_store)  # so that no child imports or composes anything
    assert "tensorflow" not in sys.modules, "a process with its threads must not fork"
    shutil.rmtree(folder)
    status, steps = attempt(folder, with_store)
    assert status == 0
    expected = results(folder)
    problems = {}
    half = int(steps) // len(SEEDS)  # up to here the first run takes the steps of the second
    for step in range(half, int(steps)):
        shutil.rmtree(folder)
        try:
            check(folder, log_path, with_store, step, expected)
        except Exception as error:
            problems[step] = repr(error)
    print(json.dumps({"steps": int(steps) - half, "problems": problems}))


if __name__ == "__main__":
    main()
