"""Trains an epoch by epoch.c: the usual dense networks, faster than XLA does, to equal weights.

It does what `engine/trainer.py` does: the same batches, the same dropout masks, the same formulas.
Rounding differs, so float32 runs drift apart; in float64 they agree (test_native.py).
"""

import ctypes
import itertools
import math
from ctypes import POINTER, c_double, c_int32, c_int64, c_uint32, c_void_p
from pathlib import Path
from typing import ClassVar

import numpy as np

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine import keras_private
from fmnist_exp.engine.backend import keras, num_threads, tf
from fmnist_exp.engine.native import c_library
from fmnist_exp.engine.trainer import EpochTrainer, drop_threshold


def _all(kind: type, *names: str) -> list[tuple[str, type]]:
    """Members of one type of a structure."""
    return [(name, kind) for name in names]


# As epoch.c declares them.
class _Parameter(ctypes.Structure):
    _fields_: ClassVar = _all(c_void_p, "value", "first_moment", "second_moment")


class _Layer(ctypes.Structure):
    _fields_: ClassVar = [
        *_all(c_int32, "width", "normalized", "drop_threshold"),
        *_all(c_double, "dropout", "momentum", "epsilon"),
        *_all(_Parameter, "kernel", "bias", "gamma", "beta"),
        *_all(c_void_p, "moving_mean", "moving_variance"),
    ]


class _Epoch(ctypes.Structure):
    _fields_: ClassVar = [
        *_all(c_int32, "num_layers", "num_inputs", "num_examples", "batch_size", "num_threads"),
        ("dropout_seed", c_uint32),
        ("iterations", c_int64),
        *_all(c_double, "learning_rate", "beta_1", "beta_2", "epsilon"),
        *_all(c_void_p, "images", "labels", "order"),
        ("layers", POINTER(_Layer)),
        ("loss", c_double),
        ("correct", c_int64),
    ]


class NativeTrainer(EpochTrainer):
    """An `EpochTrainer` whose epochs run in C; validation is still compiled by XLA.

    Its arguments are the same; the model is one of a config that C knows.
    """

    def __init__(self, model: keras.Model, splits: DataSplits, config: RunConfig) -> None:
        super().__init__(model, splits, config)
        library = c_library.load(keras.config.floatx())
        assert not isinstance(library, str), library  # or the config had settled on XLA
        self.library = library
        # The name tells source, processor and machine code.
        self.provenance = {"engine": "C", "library": Path(library._name).name}
        self.images = np.ascontiguousarray(self.train_images, np.uint8)
        self.labels = np.ascontiguousarray(self.train_labels, np.int32)
        self.validate = tf.function(super().test_step, jit_compile=True)

    def compile(self, optimizer: keras.optimizers.Adam) -> None:
        """Keras is to call `train_step` as it is, without tracing it."""
        keras.Model.compile(self, optimizer=optimizer, run_eagerly=True, jit_compile=False)

    def train_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """Visit every image once; as `EpochTrainer.train_step`.

        Raises:
            MemoryError: there is no memory for a second copy of weights and moments.
        """
        adam, order = self.optimizer, np.array(self.order.numpy())
        moments = keras_private.moments(adam, self.plain.trainable_variables)
        variables = [*self.plain.weights, *itertools.chain(*moments.values())]
        copies = {id(each): np.array(each.numpy(), order="C") for each in variables}
        layers = self._described(moments, copies)
        epoch = _Epoch(
            num_layers=len(layers),
            num_inputs=self.images.shape[1],
            num_examples=len(order),
            batch_size=self.batch_size,
            num_threads=num_threads(),
            dropout_seed=int(self.dropout_seed.numpy()),
            iterations=int(adam.iterations.numpy()),
            learning_rate=float(adam.learning_rate),
            beta_1=adam.beta_1,
            beta_2=adam.beta_2,
            epsilon=adam.epsilon,
            images=self.images.ctypes.data,
            labels=self.labels.ctypes.data,
            order=order.ctypes.data,
            layers=layers,
        )
        if self.library.train_epoch(ctypes.byref(epoch)):
            raise MemoryError("not enough memory to train an epoch")
        self.provenance["threads"] = epoch.num_threads  # not all, where more cannot help
        for variable in variables:
            variable.assign(copies[id(variable)])
        adam.iterations.assign_add(math.ceil(len(order) / self.batch_size))
        means = {"loss": epoch.loss / len(order), "accuracy": epoch.correct / len(order)}
        return {name: tf.constant(mean, keras.config.floatx()) for name, mean in means.items()}

    def test_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `EpochTrainer.test_step`."""
        return self.validate(element)

    def _described(
        self, moments: dict[int, list[keras.Variable]], copies: dict[int, np.ndarray]
    ) -> ctypes.Array:
        """The plain model as epoch.c sees it: dense layers, and what follows each of them.

        Args:
            moments: of each trainable variable, by its `id`.
            copies: what C code writes to: the values of variables and moments, by their `id`.
        """

        def pointer(variable: keras.Variable) -> int:
            return copies[id(variable)].ctypes.data

        def parameter(variable: keras.Variable) -> _Parameter:
            return _Parameter(*map(pointer, (variable, *moments[id(variable)])))

        layers: list[_Layer] = []
        for layer in self.plain.layers:
            if isinstance(layer, keras.layers.Dense):
                kernel, bias = parameter(layer.kernel), parameter(layer.bias)
                layers.append(_Layer(width=layer.units, kernel=kernel, bias=bias))
            elif isinstance(layer, keras.layers.BatchNormalization):
                layers[-1].normalized = True
                layers[-1].momentum, layers[-1].epsilon = layer.momentum, layer.epsilon
                layers[-1].gamma, layers[-1].beta = parameter(layer.gamma), parameter(layer.beta)
                layers[-1].moving_mean = pointer(layer.moving_mean)
                layers[-1].moving_variance = pointer(layer.moving_variance)
            elif isinstance(layer, keras.layers.Dropout):
                layers[-1].dropout = layer.rate
                layers[-1].drop_threshold = drop_threshold(layer.rate)
        return (_Layer * len(layers))(*layers)
