"""Learning rates by Keras's schedules, as a config describes them: in epochs, from one rate on."""

import functools
from typing import Any

import numpy as np

from fmnist_exp.config.keras_classes import SCHEDULES, keras_classes
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine.backend import keras, tf


def scheduled_rates(config: RunConfig, steps_per_epoch: int) -> np.ndarray:
    """The learning rate of every step: float (epochs, steps_per_epoch).

    A schedule begins with `optimizer.config.learning_rate`; with a warm-up it begins at 0 and
    reaches that rate at the end of it. Without `decay_epochs` it ends with the last epoch.

    Args:
        config: the run, which has a schedule.
        steps_per_epoch: updates of the weights, the last one with what images are left.
    """
    training, rate = config.training, config.optimizer.config["learning_rate"]
    assert training.schedule is not None
    given, class_name = training.schedule.config, training.schedule.class_name
    arguments = {"initial_learning_rate": rate}
    if warmup := given.get("warmup_epochs", 0):
        arguments |= {"initial_learning_rate": 0.0, "warmup_target": rate}
    if "decay_steps" in keras_classes(SCHEDULES)[class_name]:
        given = {"decay_epochs": training.epochs - warmup} | given
    for name, value in given.items():
        in_epochs = name.endswith("_epochs")
        steps = max(1, round(value * steps_per_epoch)) if in_epochs else value
        arguments[name.replace("_epochs", "_steps")] = steps
    rates = _rates(class_name, tuple(arguments.items()), training.epochs * steps_per_epoch)
    return rates.astype(keras.config.floatx()).reshape(training.epochs, steps_per_epoch)


@functools.lru_cache(maxsize=8)  # runs of a sweep share it, and each program would stay in memory
def _rates(class_name: str, arguments: tuple[tuple[str, Any], ...], num_steps: int) -> np.ndarray:
    """The rates of a Keras schedule, float32 (num_steps,), as Keras computes them."""
    schedule = getattr(keras.optimizers.schedules, class_name)(**dict(arguments))
    steps = tf.range(num_steps, dtype=tf.int64)
    every_step = tf.function(
        lambda: tf.map_fn(schedule, steps, fn_output_signature=tf.float32), jit_compile=True
    )
    rates: np.ndarray = every_step().numpy()
    return rates
