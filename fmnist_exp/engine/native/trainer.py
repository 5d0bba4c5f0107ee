"""Trains an epoch by epoch.c: the usual dense networks, faster than XLA does, to equal weights.

It does what `engine/trainer.py` does: the same batches, the same dropout masks, the same formulas.
Rounding differs, so float32 runs drift apart; in float64 they agree (test_native.py).
"""

import ctypes
import math
from ctypes import POINTER, c_double, c_int32, c_int64, c_uint32, c_void_p
from pathlib import Path
from typing import ClassVar

import numpy as np

from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine import keras_private
from fmnist_exp.engine.backend import keras, num_threads, tf
from fmnist_exp.engine.native import c_library
from fmnist_exp.engine.trainer import EpochTrainer, drop_threshold


class _Parameter(ctypes.Structure):
    _fields_: ClassVar = [
        ("value", c_void_p),
        ("first_moment", c_void_p),
        ("second_moment", c_void_p),
    ]


class _Layer(ctypes.Structure):
    _fields_: ClassVar = [
        ("width", c_int32),
        ("normalized", c_int32),
        ("drop_threshold", c_int32),
        ("dropout", c_double),
        ("momentum", c_double),
        ("epsilon", c_double),
        ("kernel", _Parameter),
        ("bias", _Parameter),
        ("gamma", _Parameter),
        ("beta", _Parameter),
        ("moving_mean", c_void_p),
        ("moving_variance", c_void_p),
    ]


class _Epoch(ctypes.Structure):
    _fields_: ClassVar = [
        ("num_layers", c_int32),
        ("num_inputs", c_int32),
        ("num_examples", c_int32),
        ("batch_size", c_int32),
        ("num_threads", c_int32),
        ("dropout_seed", c_uint32),
        ("iterations", c_int64),
        ("learning_rate", c_double),
        ("beta_1", c_double),
        ("beta_2", c_double),
        ("epsilon", c_double),
        ("images", c_void_p),
        ("labels", c_void_p),
        ("order", c_void_p),
        ("layers", POINTER(_Layer)),
        ("loss", c_double),
        ("correct", c_int64),
    ]


class NativeTrainer(EpochTrainer):
    """An `EpochTrainer` whose epochs run in C; validation is still compiled by XLA.

    Args:
        model: plain model that `build_model` made of a config that C knows.
        splits: images and labels; the test split is not looked at.
        batch_size: images per update; the last update of an epoch takes what is left.
    """

    engine = "C"

    def __init__(self, model: keras.Model, splits: DataSplits, batch_size: int) -> None:
        super().__init__(model, splits, batch_size)
        library = c_library.load(keras.config.floatx())
        assert not isinstance(library, str), library  # or the config had settled on XLA
        self.library = library
        self.threads: int | None = None  # that were used; not all of them where more cannot help
        self.images = np.ascontiguousarray(splits.train.images, np.uint8)
        self.labels = np.ascontiguousarray(splits.train.labels, np.int32)
        self.validate = tf.function(super().test_step, jit_compile=True)

    @property
    def provenance(self) -> dict[str, object]:
        """As `EpochTrainer.provenance`; the library's name tells source, processor and compiler."""
        threads = {} if self.threads is None else {"threads": self.threads}
        return {"engine": self.engine, "library": Path(self.library._name).name, **threads}

    def compile(self, optimizer: keras.optimizers.Adam) -> None:
        """Keras is to call `train_step` as it is, without tracing it."""
        keras.Model.compile(self, optimizer=optimizer, run_eagerly=True, jit_compile=False)

    def train_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """Visit every image once; as `EpochTrainer.train_step`.

        Raises:
            MemoryError: there is no memory for a second copy of weights and moments.
        """
        weights = _Borrowed()
        adam, order = self.optimizer, np.array(self.order.numpy())
        layers = self._described(weights)
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
        self.threads = epoch.num_threads
        weights.give_back()
        adam.iterations.assign_add(math.ceil(len(order) / self.batch_size))
        means = {"loss": epoch.loss / len(order), "accuracy": epoch.correct / len(order)}
        return {name: tf.constant(mean, keras.config.floatx()) for name, mean in means.items()}

    def test_step(self, element: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `EpochTrainer.test_step`."""
        return self.validate(element)

    def _described(self, weights: "_Borrowed") -> ctypes.Array:
        """The plain model as epoch.c sees it: dense layers, and what follows each of them."""
        moments = keras_private.moments(self.optimizer, self.plain.trainable_variables)

        def parameter(variable: keras.Variable) -> _Parameter:
            return _Parameter(*map(weights.pointer, (variable, *moments[id(variable)])))

        layers: list[_Layer] = []
        for layer in self.plain.layers:
            if isinstance(layer, keras.layers.Dense):
                kernel, bias = parameter(layer.kernel), parameter(layer.bias)
                layers.append(_Layer(width=layer.units, kernel=kernel, bias=bias))
            elif isinstance(layer, keras.layers.BatchNormalization):
                layers[-1].normalized = True
                layers[-1].momentum, layers[-1].epsilon = layer.momentum, layer.epsilon
                layers[-1].gamma, layers[-1].beta = parameter(layer.gamma), parameter(layer.beta)
                layers[-1].moving_mean = weights.pointer(layer.moving_mean)
                layers[-1].moving_variance = weights.pointer(layer.moving_variance)
            elif isinstance(layer, keras.layers.Dropout):
                layers[-1].dropout = layer.rate
                layers[-1].drop_threshold = drop_threshold(layer.rate)
        return (_Layer * len(layers))(*layers)


class _Borrowed:
    """Copies of variables that C code writes to, until they are given back."""

    def __init__(self) -> None:
        self.copies: list[tuple[keras.Variable, np.ndarray]] = []

    def pointer(self, variable: keras.Variable) -> int:
        """The address of a copy, row by row."""
        values = np.array(variable.numpy(), order="C")
        self.copies.append((variable, values))
        return values.ctypes.data

    def give_back(self) -> None:
        """Give every variable the values of its copy."""
        for variable, values in self.copies:
            variable.assign(values)
