"""One peer of the benchmark in a process of its own; driven by bench.py over pipes.

Prints the kinds of epoch that it can run. For each kind that it reads it trains the epochs before
those that count, prints `warm`, waits for a line, and prints the seconds of those that count.
Epochs 8 to 12 count: what slows training down by and by has done so by then.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from hydra import compose, initialize_config_dir

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data import loading
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine import keras_private

if TYPE_CHECKING:
    from fmnist_exp.engine.programs import Program

WARM_UP = 7  # epochs
NUM_TIMED = 5
NUM_EPOCHS = WARM_UP + NUM_TIMED
Pause = Callable[[], None]  # called between the two
Epochs = dict[str, Callable[[Pause], list[float]]]  # what is timed -> its seconds


class Recorder:
    """Collects the seconds of epochs, and pauses before those that count."""

    def __init__(self, pause: Pause) -> None:
        self.pause = pause
        self.seconds: list[float] = []

    def add(self, seconds: float) -> None:
        """Take down an epoch that has ended."""
        self.seconds.append(seconds)
        if len(self.seconds) == WARM_UP:
            self.pause()

    def timed(self) -> list[float]:
        """The seconds of the epochs that count."""
        return self.seconds[WARM_UP:]


def repeated(epoch: Callable[[], object]) -> Callable[[Pause], list[float]]:
    """One call after the other, each an epoch."""

    def run(pause: Pause) -> list[float]:
        recorder = Recorder(pause)
        for _ in range(NUM_EPOCHS):
            started = time.perf_counter()
            epoch()
            recorder.add(time.perf_counter() - started)
        return recorder.timed()

    return run


def engine(config: RunConfig, splits: DataSplits) -> Epochs:
    """fmnist_exp: training and validation as `fit` runs them, and training alone."""
    from fmnist_exp.engine import training
    from fmnist_exp.engine.programs import Program

    def epoch(pause: Pause) -> list[float]:
        recorder = Recorder(pause)
        training.fit(config, splits, lambda row: recorder.add(row.seconds))
        return recorder.timed()

    program = Program(config, splits)
    program.trainer.make_train_function()  # what `fit` calls once an epoch
    train, elements = program.trainer.train_function, iter(program.one_step.repeat())

    def training_alone(pause: Pause, dead: bool = False) -> list[float]:
        program.restart(config)
        if dead:
            kill_half(program)
        orders = training.visiting_orders(len(splits.train), config.seed)

        def step() -> None:
            program.trainer.order.assign(next(orders))
            float(train(elements)["loss"])

        return repeated(step)(pause)

    return {
        "epoch": epoch,
        "training": training_alone,
        "training, half of the units dead": lambda pause: training_alone(pause, dead=True),
    }


def kill_half(program: "Program") -> None:
    """Let every other hidden unit answer 0 for ever, after it had gradients.

    Its first moments fade below the least normal number in a few hundred steps. An Intel core is
    slow with what is left of them, unless it is flushed to zero.
    """
    moments = keras_private.moments(program.trainer.optimizer, program.plain.trainable_variables)
    *hidden, _ = (layer for layer in program.plain.layers if hasattr(layer, "kernel"))
    for layer in hidden:
        bias = layer.bias.numpy()
        bias[::2] = -1e6
        layer.bias.assign(bias)
        moment, _ = moments[id(layer.kernel)]
        values = moment.numpy()
        values[:, ::2] = 1e-30
        moment.assign(values)


def xla_alone(config: RunConfig, splits: DataSplits) -> Epochs:
    """fmnist_exp without its C code."""
    return engine(config.replaced(engine="xla"), splits)


def keras_fit(config: RunConfig, splits: DataSplits) -> Epochs:
    """Plain Keras `fit`, as the usual script writes it: arrays in, defaults everywhere."""
    import keras  # not through fmnist_exp.engine.backend, whose settings the usual script lacks

    layers: list = [keras.Input((784,))]
    for width in config.model.hidden:
        layers.append(keras.layers.Dense(width, activation="relu"))
        if config.model.batch_normalization:
            layers.append(keras.layers.BatchNormalization())
        if config.model.dropout:
            layers.append(keras.layers.Dropout(config.model.dropout))
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    images = splits.train.images.astype("float32") / 255
    validation = (splits.validation.images.astype("float32") / 255, splits.validation.labels)

    class Clock(keras.callbacks.Callback):
        def __init__(self, recorder: Recorder) -> None:
            super().__init__()
            self.recorder = recorder

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.recorder.add(time.perf_counter() - self.started)

    def epoch(pause: Pause) -> list[float]:
        recorder = Recorder(pause)
        model.fit(
            images,
            splits.train.labels,
            batch_size=config.training.batch_size,
            epochs=NUM_EPOCHS,
            validation_data=validation,
            callbacks=[Clock(recorder)],
            verbose=0,
        )
        return recorder.timed()

    return {"epoch": epoch}


def scikit_learn(config: RunConfig, splits: DataSplits) -> Epochs:
    """scikit-learn's MLPClassifier: training alone, it has no batch normalisation or dropout."""
    from sklearn.neural_network import MLPClassifier

    images = splits.train.images.astype("float32") / 255
    model = MLPClassifier(tuple(config.model.hidden), batch_size=config.training.batch_size)
    classes = np.arange(10)
    return {
        "training": repeated(
            lambda: model.partial_fit(images, splits.train.labels, classes=classes)
        )
    }


def pytorch(config: RunConfig, splits: DataSplits) -> Epochs:
    """PyTorch, eager, fused Adam, tensors in memory: training and validation."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    width_in = splits.train.images.shape[1]
    for width in config.model.hidden:
        layers += [nn.Linear(width_in, width), nn.ReLU()]
        if config.model.batch_normalization:
            layers.append(nn.BatchNorm1d(width))
        if config.model.dropout:
            layers.append(nn.Dropout(config.model.dropout))
        width_in = width
    model = nn.Sequential(*layers, nn.Linear(width_in, 10))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    images = torch.from_numpy(splits.train.images).float() / 255
    labels = torch.from_numpy(splits.train.labels).long()
    held_out = torch.from_numpy(splits.validation.images).float() / 255
    held_out_labels = torch.from_numpy(splits.validation.labels).long()

    def epoch() -> None:
        model.train()
        order = torch.randperm(len(images))
        for batch in order.split(config.training.batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            nn.functional.cross_entropy(model(held_out), held_out_labels).item()

    return {"epoch": repeated(epoch)}


PEERS = {
    "fmnist_exp": engine,
    "engine=xla": xla_alone,
    "keras": keras_fit,
    "scikit-learn": scikit_learn,
    "pytorch": pytorch,
}


def warm() -> None:
    """Say that the epochs that count come next, and wait."""
    print("warm", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Serve one peer until standard input ends."""
    peer, model = sys.argv[1:]
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        overrides = [f"model={model}", f"training.epochs={NUM_EPOCHS}"]
        composed = compose("config", overrides, return_hydra_config=True)
    config = parse(composed)
    without_callbacks = config.replaced(training=config.training.replaced(callbacks={}))
    epochs = PEERS[peer](without_callbacks, loading.load(config.data))
    print(json.dumps(list(epochs)), flush=True)
    for line in sys.stdin:
        print(json.dumps(epochs[line.strip()](warm)), flush=True)


if __name__ == "__main__":
    main()
