"""The split into train and validation: stratified, and fixed by its own seed."""

import math

import numpy as np

from fmnist_exp.errors import ConfigError


def stratified_split(
    labels: np.ndarray, validation_fraction: float, split_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the train and the validation split, with equal shares of every class.

    Args:
        labels: int (num_examples,); class indices.
        validation_fraction: share of the examples that goes to validation, in (0, 1).
        split_seed: fixes the split; any integer from 0.

    Returns:
        Two disjoint int arrays, sorted, that together hold every index once.

    Raises:
        ConfigError: a class has too few examples to be in both splits.

    Source:
        scikit-learn's `train_test_split`, draw for draw, whose import takes a second.
    """
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    num_validation = math.ceil(validation_fraction * len(labels))
    num_train = len(labels) - num_validation
    if counts.min() < 2 or min(num_train, num_validation) < len(counts):
        raise ConfigError(
            f"data.validation_fraction={validation_fraction} cannot split {len(labels)} images by "
            f"class: it makes {num_train} and {num_validation}, and every class needs an image in "
            "both splits. Pass a fraction nearer to 0.2, or a larger data.num_train."
        )
    generator = np.random.RandomState(split_seed)  # scikit-learn draws by it
    train_counts = _shares(counts, num_train, generator)
    validation_counts = _shares(counts - train_counts, num_validation, generator)
    train, validation = [], []
    for label, count in enumerate(counts):
        members = np.flatnonzero(classes == label)[generator.permutation(count)]
        until = train_counts[label]
        train.append(members[:until])
        validation.append(members[until : until + validation_counts[label]])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(validation))


def _shares(counts: np.ndarray, total: int, generator: np.random.RandomState) -> np.ndarray:
    """How many of `total` examples fall to each class: as many in proportion as can be.

    Args:
        counts: int (num_classes,); examples of each class.
        total: how many are to be chosen.
        generator: decides between classes of equal right.

    Source:
        scikit-learn's `_approximate_mode`.
    """
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    missing = int(total - shares.sum())
    for rest in np.unique(exact - shares)[::-1]:
        if missing > 0:
            equal = np.flatnonzero(exact - np.floor(exact) == rest)
            chosen = generator.choice(equal, size=min(len(equal), missing), replace=False)
            shares[chosen] += 1
            missing -= len(chosen)
    return shares.astype(int)
