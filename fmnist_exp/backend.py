"""TensorFlow and Keras, imported in silence; the only module that imports them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from fmnist_exp.provenance import ENVIRONMENT

# Read once, at import; what the user has set is left alone.
for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)


@contextmanager
def _standard_error_held_back() -> Iterator[None]:
    """Hold back what C++ code writes to file descriptor 2; print it if the block fails."""
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


with _standard_error_held_back():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
