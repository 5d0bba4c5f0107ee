"""Small data sets in the form of MNIST, written as IDX files."""

import gzip
from pathlib import Path

import numpy as np

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_bytes(array: np.ndarray) -> bytes:
    """An unpacked IDX file of unsigned bytes."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_idx(path: Path, array: np.ndarray) -> None:
    """An IDX file, compressed if its name ends in .gz."""
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def arrays_of(
    labels: list[int], shape: tuple[int, int] = (4, 3), num_train: int = 20, num_test: int = 5
) -> list[np.ndarray]:
    """Noisy prototypes of classes with these labels, so many of each; as `sources.FoundData`."""
    generator = np.random.default_rng(0)
    prototypes = generator.uniform(0, 255, (len(labels), *shape))
    arrays = []
    for count in (num_train, num_test):
        drawn = np.tile(np.arange(len(labels)), count)
        noisy = prototypes[drawn] + generator.normal(0, 60, (len(drawn), *shape))
        arrays += [np.clip(noisy, 0, 255).astype(np.uint8), np.array(labels, np.uint8)[drawn]]
    return arrays


def write_data(
    folder: Path, arrays: list[np.ndarray], names: tuple[str, ...] = NAMES, ending: str = ""
) -> Path:
    """Four files of a data set; returns their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        write_idx(folder / f"{name}{ending}", array)
    return folder
