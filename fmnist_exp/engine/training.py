"""From a config and data to a trained model, by Keras's own `fit` and callbacks."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.backend import keras, use_device
from fmnist_exp.engine.checkpoints import Checkpointer
from fmnist_exp.engine.programs import shared_program
from fmnist_exp.rundir.tables import Epoch
from fmnist_exp.seeding import child_generator


@dataclass(frozen=True)
class FitResult:
    """A trained model and how it came about.

    Attributes:
        model: the plain model, with the weights that are to be saved and measured.
        history: what is known of each epoch.
        diverged: whether a loss stopped being finite.
        best_epoch: the epoch, from 1, with the lowest validation loss; None if there is none.
        evaluated_epoch: the epoch, from 1, whose weights `model` has.
        provenance: what trained it, `C` (which library of it, with how many threads) or `XLA`; and
            where, `CPU` or `GPU` and what the card is called.
    """

    model: keras.Model
    history: list[Epoch]
    diverged: bool
    best_epoch: int | None
    evaluated_epoch: int
    provenance: dict[str, object]


class EpochRecorder(keras.callbacks.Callback):
    """Hands out the order of every epoch, keeps what came of it, and ends a run that diverges.

    Args:
        orders: int32 (num_examples,) for each epoch, in which it visits the images.
        on_epoch: called with each epoch.
    """

    def __init__(self, orders: Iterator[np.ndarray], on_epoch: Callable[[Epoch], None]) -> None:
        super().__init__()
        self.orders = orders
        self.on_epoch = on_epoch
        self.rows: list[Epoch] = []
        self.diverged = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Put the next order in place, and start the clock."""
        self.model.order.assign(next(self.orders))
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch; a loss that is not finite is the end of the run."""
        assert logs is not None
        row = Epoch(
            epoch=epoch + 1,
            train_loss=float(logs["loss"]),
            train_accuracy=float(logs["accuracy"]),
            validation_loss=float(logs["val_loss"]),
            validation_accuracy=float(logs["val_accuracy"]),
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=time.perf_counter() - self.started,
        )
        self.rows.append(row)
        if not (math.isfinite(row.train_loss) and math.isfinite(row.validation_loss)):
            self.diverged = self.model.stop_training = True
        self.on_epoch(row)


def fit(
    config: RunConfig,
    splits: DataSplits,
    on_epoch: Callable[[Epoch], None] = lambda row: None,
    checkpointer: Checkpointer | None = None,
    on_start: Callable[[keras.Model], None] = lambda model: None,
) -> FitResult:
    """Train the model that `config` describes.

    Args:
        config: the run.
        splits: images and labels; the test split is not looked at.
        on_epoch: called with each epoch; first with those that a saved state already holds.
        checkpointer: saves the state between epochs; if there is a saved one, training goes on
            from it and ends with the same bits as if it had never stopped.
        on_start: called with the plain model and its initial weights, which it must not change;
            also before training goes on from a saved state.

    Raises:
        ConfigError: the engine that the config names cannot be had here.
    """
    device = use_device(config.engine)
    program = shared_program(config, splits)
    program.restart(config)
    on_start(program.plain)
    orders = visiting_orders(len(splits.train), config.seed_of("order"))
    recorder = EpochRecorder(orders, on_epoch)
    callbacks = [
        getattr(keras.callbacks, named.class_name)(**named.config)
        for named in config.training.callbacks.values()
    ]
    if checkpointer is not None:
        checkpointer.begin(callbacks, recorder.rows)
    for row in recorder.rows:  # of a saved state
        next(orders)
        on_epoch(row)
    program.trainer.fit(
        program.one_step.repeat(),
        initial_epoch=len(recorder.rows),
        epochs=config.training.epochs,
        steps_per_epoch=1,
        validation_data=program.one_step,
        validation_steps=1,
        callbacks=[recorder, *callbacks, *filter(None, [checkpointer])],
        shuffle=False,  # the order is ours
        verbose=0,
    )
    program.settle()
    losses = np.array([row.validation_loss for row in recorder.rows])
    return FitResult(
        model=program.plain,
        history=recorder.rows,
        diverged=recorder.diverged,
        best_epoch=int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else None,
        evaluated_epoch=_restored_epoch(callbacks) or len(recorder.rows),
        provenance=program.trainer.provenance | {"device": device},
    )


def visiting_orders(num_examples: int, seed: int) -> Iterator[np.ndarray]:
    """Endless permutations int32 (num_examples,), a new one for each epoch.

    Keras's own `shuffle=True` repeats one permutation in every epoch once a seed is set.
    """
    generator = child_generator(seed, "order")
    while True:
        yield generator.permutation(num_examples).astype(np.int32)


def _restored_epoch(callbacks: list[keras.callbacks.Callback]) -> int | None:
    """The epoch, from 1, whose weights were put back at the end; None if none were.

    Every EarlyStopping that restores does so in its turn, so the last one decides.
    """
    stops = [each for each in callbacks if isinstance(each, keras.callbacks.EarlyStopping)]
    restored = [e for e in stops if e.restore_best_weights and e.best_weights is not None]
    return restored[-1].best_epoch + 1 if restored else None
