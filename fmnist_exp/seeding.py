"""Named child seeds: every source of chance in a run has a stream of its own."""

import numpy as np

# The numbers are part of every result: never change one, only add.
STREAMS = {"initializer": 0, "order": 1, "dropout": 2, "synthetic": 3, "augmentation": 4}


def child_sequence(seed: int, stream: str, index: int = 0) -> np.random.SeedSequence:
    """The seed sequence of one named stream of a run.

    Args:
        seed: the run's seed, a non-negative integer; 0 is a seed like any other.
        stream: a key of `STREAMS`.
        index: tells the children of one stream apart, such as the layers of a network.

    Source:
        NumPy's SeedSequence with a spawn key: streams that differ in seed, name or index are
        independent for all practical purposes (numpy.random documentation, Parallel Generation).
    """
    return np.random.SeedSequence(seed, spawn_key=(STREAMS[stream], index))


def child_seed(seed: int, stream: str, index: int = 0) -> int:
    """A 31-bit integer seed for libraries that take no more; arguments as `child_sequence`."""
    return int(child_sequence(seed, stream, index).generate_state(1)[0] >> 1)


def child_generator(seed: int, stream: str, index: int = 0) -> np.random.Generator:
    """A NumPy generator for one named stream; arguments as `child_sequence`."""
    return np.random.default_rng(child_sequence(seed, stream, index))
