"""One peer of the benchmark in a process of its own; driven by bench.py over pipes.

Prints the kinds of epoch that it can run once everything is compiled and loaded, then for each
line it reads runs one epoch of that kind and prints its seconds.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from hydra import compose, initialize_config_dir

from fmnist_exp import data
from fmnist_exp.config import CONFIG_DIR, RunConfig, parse
from fmnist_exp.data import DataSplits

Epochs = dict[str, Callable[[], float]]  # what is timed -> run it once, return its seconds


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """`work`, returning its seconds."""

    def run() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return run


def engine(config: RunConfig, splits: DataSplits) -> Epochs:
    """fmnist_exp: training and validation as `fit` runs them, and training alone."""
    from fmnist_exp.engine import training
    from fmnist_exp.engine.programs import Program

    def epoch() -> float:
        rows: list[training.EpochRow] = []
        training.fit(config, splits, rows.append)
        return rows[-1]["seconds"]  # the second of a fit, as with plain Keras

    program = Program(config, splits)
    program.restart(config)
    program.trainer.make_train_function()  # what `fit` calls once an epoch
    train, elements = program.trainer.train_function, iter(program.one_step.repeat())
    program.trainer.order.assign(next(training.visiting_orders(len(splits.train), config.seed)))
    return {"epoch": epoch, "training": timed(lambda: float(train(elements)["loss"]))}


def xla_alone(config: RunConfig, splits: DataSplits) -> Epochs:
    """fmnist_exp without its C code."""
    return engine(replace(config, engine="xla"), splits)


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
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.seconds = time.perf_counter() - self.started

    clock = Clock()

    def epoch() -> float:
        """The second epoch of a fit: the first one also builds its iterators."""
        model.fit(
            images,
            splits.train.labels,
            batch_size=config.training.batch_size,
            epochs=2,
            validation_data=validation,
            callbacks=[clock],
            verbose=0,
        )
        return clock.seconds

    return {"epoch": epoch}


def matrix_products(config: RunConfig, splits: DataSplits) -> Epochs:
    """The floor: `products_of_an_epoch`, once as a TensorFlow graph and once compiled by XLA."""
    from fmnist_exp.engine.backend import tf

    products = products_of_an_epoch(config, splits)
    graph, xla = tf.function(products), tf.function(products, jit_compile=True)
    return {"graph": timed(lambda: graph()[-1].numpy()), "xla": timed(lambda: xla()[-1].numpy())}


def products_of_an_epoch(config: RunConfig, splits: DataSplits) -> Callable[[], list]:
    """The matrix products of one epoch on the real images, and nothing else.

    Forward products, gradients of the kernels and gradients of the inputs (but the first
    layer's), each fed by the one before, over contiguous batches that need no gathering.

    Returns:
        A function that computes them all and returns the kernels' gradients of the last batch,
        preceded by those of the last full batch if the last one is not full. The loop hands
        gradients on from step to step, so no compiler may leave out a part of a product, and
        nothing else is computed to keep them alive.
    """
    from fmnist_exp.engine.backend import tf

    size = config.training.batch_size
    num_full = len(splits.train) // size
    widths = [splits.train.images.shape[1], *config.model.hidden, 10]
    generator = np.random.default_rng(0)
    kernels = [
        tf.constant(generator.normal(0, pair[0] ** -0.5, pair), tf.float32)
        for pair in itertools.pairwise(widths)
    ]
    images = tf.constant(splits.train.images.astype("float32") / 255)

    def gradients(batch: tf.Tensor) -> list[tf.Tensor]:
        inputs = [batch]
        for kernel in kernels:
            inputs.append(tf.matmul(inputs[-1], kernel))
        gradient = inputs.pop()
        found = []
        for layer in reversed(range(len(kernels))):
            found.append(tf.matmul(inputs[layer], gradient, transpose_a=True))
            if layer:
                gradient = tf.matmul(gradient, kernels[layer], transpose_b=True)
        return found[::-1]

    def step(index: tf.Tensor, *_: tf.Tensor) -> list[tf.Tensor]:
        return [index + 1, *gradients(tf.slice(images, [index * size, 0], [size, widths[0]]))]

    def products() -> list[tf.Tensor]:
        start = [0, *(tf.zeros_like(kernel) for kernel in kernels)]
        _, *last = tf.while_loop(
            lambda index, *_: index < num_full, step, start, parallel_iterations=1
        )
        if len(splits.train) % size:
            last += gradients(images[num_full * size :])
        return last

    return products


def scikit_learn(config: RunConfig, splits: DataSplits) -> Epochs:
    """scikit-learn's MLPClassifier: training alone, it has no batch normalisation or dropout."""
    from sklearn.neural_network import MLPClassifier

    images = splits.train.images.astype("float32") / 255
    model = MLPClassifier(tuple(config.model.hidden), batch_size=config.training.batch_size)
    classes = np.arange(10)
    return {
        "training": timed(lambda: model.partial_fit(images, splits.train.labels, classes=classes))
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

    return {"epoch": timed(epoch)}


PEERS = {
    "fmnist_exp": engine,
    "engine=xla": xla_alone,
    "keras": keras_fit,
    "floor": matrix_products,
    "scikit-learn": scikit_learn,
    "pytorch": pytorch,
}


def main() -> None:
    """Serve epochs of one peer until standard input ends."""
    peer, model = sys.argv[1:]
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        config = parse(compose("config", [f"model={model}", "training.epochs=2"]))
    epochs = PEERS[peer](config, data.load(config.data))
    for run in epochs.values():
        run()  # the first time compiles
    print(*epochs, flush=True)
    for line in sys.stdin:
        print(epochs[line.strip()](), flush=True)


if __name__ == "__main__":
    main()
