"""A run is given up by the best validation accuracy so far, against the limit of its epoch."""

import math

import pytest
from conftest import epoch_of

from fmnist_exp.run.runner import is_hopeless

LIMITS = {2: 0.6, 3: 0.7}


@pytest.mark.parametrize(
    ("accuracies", "hopeless"),
    [
        ((0.1,), False),  # no limit yet
        ((0.1, 0.59), True),
        ((0.1, 0.6), False),
        ((0.7, 0.1), False),  # the best epoch counts
        ((0.65, 0.65, 0.65), True),
        ((0.1, 0.1, 0.1, 0.1), False),  # beyond the last limit
    ],
)
def test_run_is_hopeless_below_its_limit(accuracies, hopeless):
    epochs = [epoch_of(n, validation_accuracy=a) for n, a in enumerate(accuracies, 1)]
    assert is_hopeless(epochs, LIMITS) == hopeless


@pytest.mark.parametrize("loss", ["train_loss", "validation_loss"])
def test_run_that_diverges_is_left_to_diverge(loss):
    low = {"validation_accuracy": 0.1}
    assert not is_hopeless([epoch_of(1, **low), epoch_of(2, **low, **{loss: math.nan})], LIMITS)
