"""The engine: one Keras `train_step` is one epoch, compiled by XLA as one program.

`fit`, `History`, callbacks, optimizers and validation are Keras's own. What differs from the
usual script is what a step is: Keras is handed one element per epoch, the order in which the
images are visited, and the loop over batches runs inside the compiled program.
"""

import functools
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fmnist_exp.backend import keras, tf
from fmnist_exp.config import KerasObject, RunConfig
from fmnist_exp.data import DataSplits, Split
from fmnist_exp.models import build_model, draw_kernels
from fmnist_exp.seeding import child_generator, child_seed

EpochRow = dict[str, float]
MAX_PROGRAMS = 4  # compiled programs kept at a time; a sweep rarely alternates between more
EVALUATION_BATCH = 8192  # bounds the memory of a pass; chosen for size, does not change results


@dataclass(frozen=True)
class FitResult:
    """A trained model and how it came about.

    Attributes:
        model: the plain model, with the weights that are to be saved and measured.
        history: one row per epoch; keys as in `records.HISTORY_COLUMNS`.
        diverged: whether a loss stopped being finite.
        best_epoch: the epoch, from 1, with the lowest validation loss; None if there is none.
        evaluated_epoch: the epoch, from 1, whose weights `model` has.
    """

    model: keras.Model
    history: list[EpochRow]
    diverged: bool
    best_epoch: int | None
    evaluated_epoch: int


class EpochTrainer(keras.Model):
    """Trains a plain model, one whole epoch per `train_step`; never saved itself.

    Args:
        model: plain model, float (batch, num_pixels) -> probabilities (batch, num_classes).
        train: the images and labels to visit.
        batch_size: images per update; the last update of an epoch takes what is left.
    """

    def __init__(self, model: keras.Model, train: Split, batch_size: int) -> None:
        super().__init__()
        self.plain = model
        self.batch_size = batch_size
        self.images, self.labels = tf.constant(train.images), tf.constant(train.labels)
        self.dropout_seed = tf.Variable(0, trainable=False, dtype=tf.int32)

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Probabilities of the plain model."""
        return self.plain(images, training=training)

    def train_step(self, order: tf.Tensor) -> dict[str, tf.Tensor]:
        """Visit every image once, in the given order.

        Args:
            order: int32 (num_examples,); a permutation of the indices of the training split.

        Returns:
            The epoch's mean loss and accuracy, as seen by the updates.
        """
        num_examples = order.shape[0]
        num_full = num_examples // self.batch_size
        rows = tf.reshape(order[: num_full * self.batch_size], (num_full, self.batch_size))

        def one_batch(step: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor) -> tuple:
            batch_loss, batch_correct = self._update(rows[step])
            return step + 1, loss + batch_loss, correct + batch_correct

        _, loss, correct = tf.while_loop(
            lambda step, *_: step < num_full,
            one_batch,
            (0, tf.zeros((), keras.config.floatx()), 0),
            maximum_iterations=num_full,
        )
        if num_examples % self.batch_size:
            batch_loss, batch_correct = self._update(order[num_full * self.batch_size :])
            loss, correct = loss + batch_loss, correct + batch_correct
        return {"loss": loss / num_examples, "accuracy": correct / num_examples}

    def test_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Mean loss and accuracy on one split, in inference mode."""
        images, labels = data
        losses, correct = _losses(self.plain(_brightness(images), training=False), labels)
        return {"loss": tf.reduce_mean(losses), "accuracy": correct / labels.shape[0]}

    def _update(self, indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One optimizer step; the sum of the losses and the number of correct answers before it."""
        labels = tf.gather(self.labels, indices)
        with tf.GradientTape() as tape:
            probabilities = self._forward(_brightness(tf.gather(self.images, indices)))
            losses, correct = _losses(probabilities, labels)
            loss = tf.reduce_mean(losses)
        variables = self.plain.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.reduce_sum(losses), correct

    def _forward(self, activations: tf.Tensor) -> tf.Tensor:
        """The plain model in training mode, with dropout that XLA compiles well.

        Keras's Dropout chooses its random generator at run time, which makes it about fifty
        times slower than the rest of the network under XLA on a CPU.
        """
        for index, layer in enumerate(self.plain.layers):
            if isinstance(layer, keras.layers.Dropout):
                step = tf.cast(self.optimizer.iterations, tf.int32)
                stream = step * len(self.plain.layers) + index
                activations = tf.nn.experimental.stateless_dropout(
                    activations,
                    layer.rate,
                    seed=tf.stack([self.dropout_seed, stream]),
                    rng_alg="threefry",
                )
            else:
                activations = layer(activations, training=True)
        return activations


class EpochRecorder(keras.callbacks.Callback):
    """Keeps one row per epoch under the project's names, and stops a run that diverges."""

    def __init__(self, on_epoch: Callable[[EpochRow], None]) -> None:
        super().__init__()
        self.on_epoch = on_epoch
        self.rows: list[EpochRow] = []
        self.diverged = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch; a loss that is not finite is the end of the run."""
        assert logs is not None
        row = {
            "epoch": epoch + 1,
            "train_loss": float(logs["loss"]),
            "train_accuracy": float(logs["accuracy"]),
            "validation_loss": float(logs["val_loss"]),
            "validation_accuracy": float(logs["val_accuracy"]),
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": time.perf_counter() - self.started,
        }
        self.rows.append(row)
        if not (math.isfinite(row["train_loss"]) and math.isfinite(row["validation_loss"])):
            self.diverged = self.model.stop_training = True
        self.on_epoch(row)


class Program:
    """A compiled trainer that the runs of one architecture share.

    Building and compiling cost seconds and memory that is never given back, so every run starts
    from the same objects with weights, optimizer state and random streams set anew.
    """

    def __init__(self, config: RunConfig, splits: DataSplits) -> None:
        self.plain = build_model(
            config.model,
            config.initializer,
            seed=config.seed,
            num_pixels=splits.train.images.shape[1],
            num_classes=len(splits.class_names),
        )
        self.trainer = EpochTrainer(self.plain, splits.train, config.training.batch_size)
        self.trainer.compile(optimizer=_build_optimizer(config.optimizer), jit_compile=True)
        self.trainer.optimizer.build(self.plain.trainable_variables)
        # For whoever loads the saved model and calls `evaluate` or `fit` on it.
        self.plain.compile(
            optimizer=_build_optimizer(config.optimizer),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        self.initial_weights = self.plain.get_weights()
        self.initial_state = [variable.numpy() for variable in self.trainer.optimizer.variables]
        validation = (splits.validation.images, splits.validation.labels)
        self.validation = tf.data.Dataset.from_tensors(validation)

    def restart(self, config: RunConfig) -> None:
        """Set everything that a run changes to where the run of `config` begins."""
        self.plain.set_weights(self.initial_weights)
        draw_kernels(self.plain, config.initializer, config.seed)
        for variable, value in zip(
            self.trainer.optimizer.variables, self.initial_state, strict=True
        ):
            variable.assign(value)
        learning_rate = config.optimizer.config["learning_rate"]
        self.trainer.optimizer.learning_rate = learning_rate
        self.plain.optimizer.learning_rate = learning_rate
        self.trainer.dropout_seed.assign(child_seed(config.seed, "dropout"))


_programs: dict[tuple[str, DataSplits], Program] = {}


def fit(
    config: RunConfig, splits: DataSplits, on_epoch: Callable[[EpochRow], None] = lambda row: None
) -> FitResult:
    """Train the model that `config` describes.

    Args:
        config: the run.
        splits: images and labels; the test split is not looked at.
        on_epoch: called with each epoch's row, keys as in `records.HISTORY_COLUMNS`.
    """
    program = _shared_program(config, splits)
    program.restart(config)
    recorder = EpochRecorder(on_epoch)
    callbacks = [
        getattr(keras.callbacks, named.class_name)(**named.config)
        for named in config.training.callbacks
    ]
    program.trainer.fit(
        visiting_orders(len(splits.train), config.seed),
        epochs=config.training.epochs,
        steps_per_epoch=1,
        validation_data=program.validation,
        validation_steps=1,
        callbacks=[recorder, *callbacks],
        shuffle=False,  # the order is ours, see visiting_orders
        verbose=0,
    )
    losses = np.array([row["validation_loss"] for row in recorder.rows])
    return FitResult(
        model=program.plain,
        history=recorder.rows,
        diverged=recorder.diverged,
        best_epoch=int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else None,
        evaluated_epoch=_restored_epoch(callbacks) or len(recorder.rows),
    )


def visiting_orders(num_examples: int, seed: int) -> tf.data.Dataset:
    """Endless permutations int32 (num_examples,), a new one for each epoch.

    Keras's own `shuffle=True` repeats one permutation in every epoch once a seed is set.
    """

    def permutations() -> Iterator[np.ndarray]:
        generator = child_generator(seed, "order")
        while True:
            yield generator.permutation(num_examples).astype(np.int32)

    return tf.data.Dataset.from_generator(
        permutations, output_signature=tf.TensorSpec((num_examples,), tf.int32)
    )


def predict_probabilities(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Class probabilities in inference mode.

    Args:
        model: a plain model.
        images: uint8 (num_examples, num_pixels).

    Returns:
        float (num_examples, num_classes).
    """
    predict = _inference(model)
    batches = range(0, len(images), EVALUATION_BATCH)
    parts = [predict(images[start : start + EVALUATION_BATCH]).numpy() for start in batches]
    return np.concatenate(parts)


@functools.lru_cache(maxsize=MAX_PROGRAMS)
def _inference(model: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    signature = [tf.TensorSpec((None, model.input_shape[1]), tf.uint8)]
    return tf.function(
        lambda images: model(_brightness(images), training=False), input_signature=signature
    )


def _shared_program(config: RunConfig, splits: DataSplits) -> Program:
    """The program compiled for this architecture and these data, from an earlier run if any."""
    key = (_compiled_in(config), splits)
    program = _programs.pop(key, None) or Program(config, splits)
    _programs[key] = program  # the most recently used is the last
    while len(_programs) > MAX_PROGRAMS:
        del _programs[next(iter(_programs))]
    return program


def _compiled_in(config: RunConfig) -> str:
    """All of a config but initial weights, seeds, learning rate, epochs and callbacks."""
    optimizer = config.optimizer.config | {"learning_rate": None}
    parts = (vars(config.model), config.optimizer.class_name, optimizer, config.training.batch_size)
    return json.dumps([*parts, keras.config.floatx()], sort_keys=True)


def _build_optimizer(optimizer: KerasObject) -> keras.optimizers.Optimizer:
    return getattr(keras.optimizers, optimizer.class_name)(**optimizer.config)


def _restored_epoch(callbacks: list[keras.callbacks.Callback]) -> int | None:
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.restore_best_weights:
            if callback.best_weights is None:
                continue
            return callback.best_epoch + 1
    return None


def _brightness(images: tf.Tensor) -> tf.Tensor:
    """Bytes to numbers in [0, 1]."""
    return tf.cast(images, keras.config.floatx()) / 255


def _losses(probabilities: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy of each example, and how many are answered correctly."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    answers = tf.argmax(probabilities, axis=-1, output_type=labels.dtype)
    return losses, tf.reduce_sum(tf.cast(tf.equal(answers, labels), tf.int32))
