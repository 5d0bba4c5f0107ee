"""Compiled programs, shared by the runs of a sweep that differ in nothing they compile."""

import gc
import json

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.backend import keras, tf
from fmnist_exp.engine.choice import settled
from fmnist_exp.engine.models import build_model, draw_kernels
from fmnist_exp.engine.native.trainer import NativeTrainer
from fmnist_exp.engine.trainer import EpochTrainer
from fmnist_exp.seeding import child_seed

MAX_PROGRAMS = 8  # compiled programs kept at a time; sweeps alternate between their variants


class Program:
    """A compiled trainer that the runs of one architecture share.

    Building and compiling cost seconds and memory that is never given back, so every run starts
    from the same objects with weights, optimizer state and random streams set anew.
    """

    def __init__(self, config: RunConfig, splits: DataSplits) -> None:
        num_pixels, num_classes = splits.train.images.shape[1], len(splits.class_names)
        self.plain = build_model(config, num_pixels=num_pixels, num_classes=num_classes)
        build_trainer = NativeTrainer if settled(config).engine == "c" else EpochTrainer
        self.trainer = build_trainer(self.plain, splits, config)
        optimizer = getattr(keras.optimizers, config.optimizer.class_name)
        self.trainer.compile(optimizer(**config.optimizer.config))
        self.trainer.optimizer.build(self.plain.trainable_variables)
        # For whoever loads the saved model and calls `evaluate` or goes on with `fit`.
        self.plain.compile(
            optimizer=self.trainer.optimizer,
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        # What `fit` iterates over; images, labels and order are the trainer's. Taking down the
        # threads that tune a data set takes up to 0.2 s.
        untuned = tf.data.Options()
        untuned.autotune.enabled = False
        self.one_step = tf.data.Dataset.from_tensors(0).with_options(untuned)
        self.settled = False
        self.initial_weights = self.plain.get_weights()
        self.initial_state = [variable.numpy() for variable in self.trainer.optimizer.variables]

    def restart(self, config: RunConfig) -> None:
        """Set everything that a run changes to where the run of `config` begins."""
        self.plain.set_weights(self.initial_weights)
        draw_kernels(self.plain, config)
        optimizer = self.trainer.optimizer
        for variable, value in zip(optimizer.variables, self.initial_state, strict=True):
            variable.assign(value)
        optimizer.learning_rate = config.optimizer.config["learning_rate"]
        self.trainer.dropout_seed.assign(child_seed(config.seed_of("dropout"), "dropout"))

    def settle(self) -> None:
        """Spare what was built and traced from every later search for garbage: 0.2 s each."""
        if not self.settled:
            gc.collect()
            gc.freeze()
            self.settled = True


_programs: dict[str, Program] = {}


def shared_program(config: RunConfig, splits: DataSplits) -> Program:
    """The program compiled for this architecture and these data, from an earlier run if any.

    Runs share one that differ in initial weights, seeds, learning rates and their schedule, epochs
    or callbacks alone.
    """
    arguments = config.optimizer.config | {"learning_rate": None}
    optimizer = (config.optimizer.class_name, arguments, keras.config.floatx())
    training, images = config.training, config.augmentation
    recipe = (training.batch_size, training.label_smoothing, training.schedule is not None)
    how = (*recipe, images.mirror, images.shift_pixels, config.engine)
    key = json.dumps([config.model.plain(), optimizer, how, splits.sha256], sort_keys=True)
    program = _programs.pop(key, None)
    if program is None:
        while len(_programs) >= MAX_PROGRAMS:
            del _programs[next(iter(_programs))]
            gc.unfreeze()  # or what it held would stay for good
            gc.collect()
        program = Program(config, splits)
    _programs[key] = program  # the most recently used is the last
    return program
