"""From a config and data to a trained model, by Keras's own `fit` and callbacks."""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.augmentation import mirrorings, shifts
from fmnist_exp.engine.backend import keras, use_device
from fmnist_exp.engine.checkpoints import Checkpointer
from fmnist_exp.engine.programs import shared_program
from fmnist_exp.engine.schedules import scheduled_rates
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
    """Hands out what every epoch is given, keeps what came of it, and ends a run that diverges.

    Args:
        given: for each epoch, values of the trainer's variables, by their names.
        on_epoch: called with each epoch.
    """

    def __init__(
        self, given: Iterator[dict[str, np.ndarray]], on_epoch: Callable[[Epoch], None]
    ) -> None:
        super().__init__()
        self.given = given
        self.on_epoch = on_epoch
        self.rows: list[Epoch] = []
        self.diverged = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Put what the epoch is given in place, and start the clock."""
        for name, value in next(self.given).items():
            getattr(self.model, name).assign(value)
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


class WeightAveraging(keras.callbacks.Callback):
    """Gives the model its averaged weights at the end of each epoch, and the others back after it.

    So all that looks at an epoch looks at the averages: validation, callbacks, and what is saved
    and measured in the end. The averages are the optimizer's, under its argument `use_ema`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trained: list[np.ndarray] = []  # the weights as trained, while the averages stand in

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Before validation: the averages."""
        variables = self.model.plain.trainable_variables
        self.trained = [variable.numpy() for variable in variables]
        self.model.optimizer.finalize_variable_values(variables)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Before training goes on: the weights as trained; none before the first epoch."""
        variables = self.model.plain.trainable_variables
        for variable, value in zip(variables, self.trained, strict=False):
            variable.assign(value)


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
    given = epochs_given(config, len(splits.train))
    recorder = EpochRecorder(given, on_epoch)
    callbacks = [WeightAveraging()] if config.optimizer.config.get("use_ema") else []
    callbacks += [
        getattr(keras.callbacks, named.class_name)(**named.config)
        for named in config.training.callbacks.values()
    ]
    if checkpointer is not None:
        checkpointer.begin(callbacks, recorder.rows)
    for row in recorder.rows:  # of a saved state
        next(given)
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


def epochs_given(config: RunConfig, num_examples: int) -> Iterator[dict[str, np.ndarray]]:
    """What each epoch is given: values of the variables that `EpochTrainer` names, in turn.

    They follow from the seeds and the number of the epoch alone. Each source of chance draws from
    a stream of its own: what happens to an image does not depend on when it is visited.
    """
    augmentation, seed = config.augmentation, config.seed_of("augmentation")
    orders = visiting_orders(num_examples, config.seed_of("order"))
    mirrored = mirrorings(num_examples, seed) if augmentation.mirror else None
    reach = augmentation.shift_pixels
    moved = shifts(num_examples, reach, seed) if reach else None
    num_steps = math.ceil(num_examples / config.training.batch_size)
    rates = scheduled_rates(config, num_steps) if config.training.schedule else None
    for epoch in itertools.count():
        order = next(orders)
        given = {"order": order}
        if moved is not None:
            given["shifts"] = next(moved)[order]
        if mirrored is not None:
            given["order"] = order + num_examples * next(mirrored)[order].astype(np.int32)
        if rates is not None:
            given["rates"] = rates[epoch]
        yield given


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
