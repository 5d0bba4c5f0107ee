"""Cells that are called reliable together are hardly ever so by chance."""

import numpy as np
import pytest

from fmnist_exp.statistics.cells import MIN_SEEDS, reliable_cells


def noise(num_seeds, num_cells, seed=0):
    return np.random.default_rng(seed).normal(size=(num_seeds, num_cells))


def test_cells_without_a_difference_are_wrongly_called_reliable_in_at_most_5_percent_of_studies():
    # 400 studies: 20 +/- 4.4 expected at most, 34 is three standard errors more. Without care
    # for the number of cells nearly every study would have one.
    wrong = sum(reliable_cells(noise(8, 50, seed)).any() for seed in range(400))
    assert wrong <= 34


@pytest.mark.parametrize("num_seeds", [10, 30])
def test_a_clear_difference_is_found_among_cells_without_one(num_seeds):
    differences = noise(num_seeds, 50)
    differences[:, 7] += 10
    assert list(np.flatnonzero(reliable_cells(differences))) == [7]


def test_the_order_of_the_cells_means_nothing():
    differences = noise(9, 40) + np.linspace(0, 3, 40)
    found = reliable_cells(differences)
    assert found.any()
    assert not found.all()
    np.testing.assert_array_equal(reliable_cells(differences[:, ::-1]), found[::-1])


def test_below_six_seeds_no_cell_can_be_reliable():
    assert not reliable_cells(np.ones((MIN_SEEDS - 1, 3))).any()
    assert reliable_cells(np.ones((MIN_SEEDS, 3))).all()


def test_cells_that_never_differ_are_not_reliable():
    assert not reliable_cells(np.zeros((10, 4))).any()
