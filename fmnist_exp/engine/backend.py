"""TensorFlow and Keras, imported in silence; the only module that imports them."""

import contextlib
import ctypes
import os
import platform
from collections.abc import Iterator

from fmnist_exp.errors import ConfigError
from fmnist_exp.machine import ENVIRONMENT, available_threads

# Read once, at import; what the user has set is left alone.
for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
os.environ["KERAS_BACKEND"] = "tensorflow"  # the engine is written for it
os.environ["MPLBACKEND"] = "agg"  # Keras imports pyplot, which a notebook's would break


@contextlib.contextmanager
def _standard_error_held_back() -> Iterator[None]:
    """Hold back what C++ code writes to file descriptor 2; what fails is an exception."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _keep_freed_memory() -> None:
    """Let glibc's malloc keep what is freed instead of handing it back to the system.

    XLA allocates scratch memory for every matrix product. By default threads return it at once
    and get it back as fresh pages that must be zeroed, which takes about a third of an epoch.
    Other C libraries have no such switches and are left alone.

    Source: mallopt(3); glibc's malloc.h for the numbers of the parameters.
    """
    trim_threshold, top_pad, mmap_threshold, arena_max = -1, -2, -3, -8
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(trim_threshold, 512 * 1024**2)
        mallopt(top_pad, 64 * 1024**2)  # the size of a thread's heap, so that none is given back
        mallopt(mmap_threshold, 32 * 1024**2)  # the most that glibc accepts
        mallopt(arena_max, 2)


def num_threads() -> int:
    """Processor threads that this process computes with."""
    return tf.config.threading.get_intra_op_parallelism_threads()


def use_threads(count: int | None) -> None:
    """Give TensorFlow and XLA so many processor threads; None leaves them all there are.

    Raises:
        ConfigError: this process has begun to compute with another number.
    """
    if count is not None:
        with _before_it_computes("threads_per_run", count):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            tf.config.threading.set_inter_op_parallelism_threads(count)


def use_device(engine: str) -> str:
    """Compute on the processor, or for `engine=gpu` on the first graphics card; its name.

    Cards that no engine uses are hidden, or TensorFlow would take all of their memory, and of the
    one that is used it takes what it needs, so that several runs can share it.

    Raises:
        ConfigError: there is no card, or this process has begun to compute on another device.
    """
    cards = tf.config.list_physical_devices("GPU")
    used = cards[:1] if engine == "gpu" else []
    if engine == "gpu" and not used:
        raise ConfigError(
            f"engine=gpu needs a graphics card that TensorFlow can use, and {platform.node()} has "
            "none. Install its driver and tensorflow[and-cuda], or pass engine=xla."
        )
    with _before_it_computes("the device of engine", engine):
        if cards:
            tf.config.set_visible_devices(used, "GPU")
        for card in used:
            tf.config.experimental.set_memory_growth(card, True)
    if not used:
        return "CPU"
    name = tf.config.experimental.get_device_details(used[0]).get("device_name")
    return f"GPU:{name}" if name else "GPU"


@contextlib.contextmanager
def _before_it_computes(key: str, value: object) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ConfigError(
            f"{key} must be the same for all runs of a process, received {value} after another. "
            "Start one sweep for each."
        ) from error


_keep_freed_memory()
with _standard_error_held_back():
    import keras
    import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(available_threads())  # within quotas
keras.config.set_floatx("float32")  # whatever a keras.json in the user's home says

__all__ = ["keras", "num_threads", "tf", "use_device", "use_threads"]
