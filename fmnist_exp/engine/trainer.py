"""The engine: one Keras `train_step` is one epoch, compiled by XLA as one program.

What differs from the usual script is what a step is: Keras takes one step per epoch, and the loop
over batches runs inside the compiled program. It trains every model and optimizer that a config can
name; native.py trains the usual ones faster.
"""

import functools
import math
from collections.abc import Iterator

import numpy as np

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.augmentation import framed, shifted, with_mirror_images
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.models import brightness

NUM_DRAWS = 2**16  # values of a draw for dropout; a rate is met to one part in 2**17


class EpochTrainer(keras.Model):
    """Trains a plain model, one whole epoch per `train_step`; never saved itself.

    Args:
        model: plain model, float (batch, num_pixels) -> probabilities (batch, num_classes).
        splits: images and labels; the test split is not looked at.
        config: a run of those that this trains: batch size, augmentation, label smoothing, and
            whether there is a schedule. The last update of an epoch takes what images are left.

    Attributes:
        order: int32 (num_examples,); which image comes when, set for every epoch. From
            num_examples on it names mirror images, where there are some.
        shifts: int32 (num_examples, 2) in that order, where images are shifted.
        rates: float (num_steps,); the learning rates of an epoch, where there is a schedule.
    """

    def __init__(self, model: keras.Model, splits: DataSplits, config: RunConfig) -> None:
        super().__init__()
        self.engine = config.engine
        self.provenance: dict[str, object] = {"engine": "XLA"}  # what a record says of the training
        self.plain = model
        self.batch_size = config.training.batch_size
        self.label_smoothing = config.training.label_smoothing
        self.reach, self.image_shape = config.augmentation.shift_pixels, splits.image_shape
        self.shown = splits, config.augmentation.mirror, self.reach
        self.train_images, self.train_labels = shown_images(*self.shown)
        held_out = splits.validation
        self.validation_set = (tf.constant(held_out.images), tf.constant(held_out.labels))
        order = tf.zeros(len(splits.train), tf.int32)
        self.order = tf.Variable(order, trainable=False)
        self.dropout_seed = tf.Variable(0, trainable=False, dtype=tf.int32)
        if self.reach:
            self.shifts = tf.Variable(tf.zeros((len(splits.train), 2), tf.int32), trainable=False)
        self.is_scheduled = config.training.schedule is not None
        if self.is_scheduled:
            num_steps = math.ceil(len(splits.train) / self.batch_size)
            self.rates = tf.Variable(tf.zeros(num_steps, keras.config.floatx()), trainable=False)

    def compile(self, optimizer: keras.optimizers.Optimizer) -> None:
        """One program for training and one for validation, both compiled by XLA."""
        super().compile(optimizer=optimizer, jit_compile=True)

    def train_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """Visit every image once, in the order that `self.order` holds.

        Args:
            element: what Keras takes from its data set; not looked at, for the images are
                constants of the program and the order int32 (num_examples,) is a variable.

        Returns:
            The epoch's mean loss and accuracy, as seen by the updates.
        """
        with tf.init_scope():  # of the program, not of one trace
            train_set = self.constants()
        order = self.order.read_value()
        num_examples = order.shape[0]
        num_full = num_examples // self.batch_size
        in_batches = num_full * self.batch_size
        rows = tf.reshape(order[:in_batches], (num_full, self.batch_size))
        if self.reach:
            row_shifts = tf.reshape(self.shifts[:in_batches], (num_full, self.batch_size, 2))

        def one_batch(step: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor) -> tuple:
            by = row_shifts[step] if self.reach else None
            batch_loss, batch_correct = self._update(train_set, step, rows[step], by)
            return step + 1, loss + batch_loss, correct + batch_correct

        _, loss, correct = tf.while_loop(
            lambda step, *_: step < num_full,
            one_batch,
            (0, tf.zeros((), keras.config.floatx()), 0),
            maximum_iterations=num_full,
        )
        if num_examples % self.batch_size:
            by = self.shifts[in_batches:] if self.reach else None
            last = self._update(train_set, num_full, order[in_batches:], by)
            batch_loss, batch_correct = last
            loss, correct = loss + batch_loss, correct + batch_correct
        return {"loss": loss / num_examples, "accuracy": correct / num_examples}

    def constants(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Training images and their labels where the engine trains, as `shown_images`."""
        return _constants(*self.shown, device=self.engine)

    def test_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """Mean loss and accuracy on the validation split, in inference mode.

        Args:
            element: as for `train_step`.
        """
        images, labels = self.validation_set
        losses, correct = _losses(self.plain(brightness(images), training=False), labels)
        return {"loss": tf.reduce_mean(losses), "accuracy": correct / labels.shape[0]}

    def _update(
        self,
        train_set: tuple[tf.Tensor, tf.Tensor],
        step: int | tf.Tensor,
        indices: tf.Tensor,
        by: tf.Tensor | None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One optimizer step; the sum of the losses and the number of correct answers before it.

        The losses are those of the true labels, whatever smoothing the gradient follows.
        """
        images, labels = (tf.gather(array, indices) for array in train_set)
        if by is not None:
            images = shifted(images, by, self.image_shape, self.reach)
        with tf.GradientTape() as tape:
            probabilities = self._forward(brightness(images))
            losses, correct = _losses(probabilities, labels)
            followed = self._smoothed(labels, probabilities) if self.label_smoothing else losses
            loss = tf.reduce_mean(followed)
        if self.is_scheduled:
            self.optimizer.learning_rate.assign(self.rates[step])
        variables = self.plain.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.reduce_sum(losses), correct

    def _smoothed(self, labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        """Cross-entropy of each example with its smoothed label.

        Source:
            Szegedy et al. (2016), Rethinking the Inception Architecture, section 7.
        """
        answers = tf.one_hot(labels, probabilities.shape[1], dtype=probabilities.dtype)
        return keras.losses.categorical_crossentropy(
            answers, probabilities, label_smoothing=self.label_smoothing
        )

    def _forward(self, activations: tf.Tensor) -> tf.Tensor:
        """The plain model in training mode, with dropout that XLA compiles well.

        Keras's Dropout chooses its random generator at run time, which makes it about fifty
        times slower than the rest of the network under XLA on a CPU.
        """
        draws = self._draws(activations.shape[0])
        for layer in self.plain.layers:
            if isinstance(layer, keras.layers.Dropout):
                kept = next(draws) >= drop_threshold(layer.rate)
                activations = tf.where(kept, activations / (1 - layer.rate), 0)
            else:
                activations = layer(activations, training=True)
        return activations

    def _draws(self, num_examples: int) -> Iterator[tf.Tensor]:
        """For each dropout layer int32 (num_examples, width), uniform below `NUM_DRAWS`.

        All layers of a step share one call of the generator, and two draws a random word.
        """
        dropout = (layer for layer in self.plain.layers if isinstance(layer, keras.layers.Dropout))
        shapes = [(num_examples, layer.output.shape[1]) for layer in dropout]
        sizes = [rows * columns for rows, columns in shapes]
        if not shapes:
            return
        words = tf.random.stateless_uniform(
            [(sum(sizes) + 1) // 2],
            seed=tf.stack([self.dropout_seed, tf.cast(self.optimizer.iterations, tf.int32)]),
            minval=None,
            maxval=None,
            dtype=tf.uint32,
            alg="threefry",
        )
        draws = tf.cast(tf.reshape(tf.bitcast(words, tf.uint16), [-1]), tf.int32)
        for part, shape in zip(tf.split(draws[: sum(sizes)], sizes), shapes, strict=True):
            yield tf.reshape(part, shape)


# The programs of a sweep share both.
@functools.lru_cache(maxsize=2)
def shown_images(splits: DataSplits, mirror: bool, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Training images as `shifted` and `order` expect them, and the label of each.

    Args:
        splits: images and labels.
        mirror: whether mirror images follow the images.
        reach: width of the black frame.

    Returns:
        uint8 (num_images, num_pixels) and int32 (num_images,).
    """
    images, labels = splits.train.images, splits.train.labels
    if mirror:
        images, labels = with_mirror_images(images, splits.image_shape), np.tile(labels, 2)
    return (framed(images, splits.image_shape, reach) if reach else images), labels


@functools.lru_cache(maxsize=2)
def _constants(
    splits: DataSplits, mirror: bool, reach: int, *, device: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """`shown_images` where the engine called `device` trains."""
    images, labels = shown_images(splits, mirror, reach)
    return tf.constant(images), tf.constant(labels)


def drop_threshold(rate: float) -> int:
    """A unit is dropped if its draw is below this."""
    return round(rate * NUM_DRAWS)


def _losses(probabilities: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy of each example, and how many are answered correctly."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    answers = tf.argmax(probabilities, axis=-1, output_type=labels.dtype)
    return losses, tf.reduce_sum(tf.cast(tf.equal(answers, labels), tf.int32))
