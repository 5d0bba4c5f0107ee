"""The split into train and validation: stratified, and fixed by its own seed."""

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
    """
    # Its import takes a second, which only those who split data are to pay.
    from sklearn.model_selection import train_test_split

    try:
        parts = train_test_split(
            np.arange(len(labels)),
            test_size=validation_fraction,
            random_state=split_seed,
            stratify=labels,
        )
    except ValueError as error:
        raise ConfigError(
            f"data.validation_fraction={validation_fraction} cannot split {len(labels)} images by "
            "class: every class needs an image in both splits. Pass a fraction nearer to 0.2, or a "
            "larger data.num_train."
        ) from error
    train, validation = map(np.sort, parts)
    return train, validation
