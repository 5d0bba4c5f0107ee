"""Numbers are read as numbers; where there is none stands a dash."""

import math

import numpy as np
import pytest

from fmnist_exp.report.formatting import (
    amount,
    bounds,
    fixed,
    mean_with_interval,
    p_value,
    sized,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.25, "1.2"),
        (-1.26, f"{MINUS}1.3"),
        (-0.01, "0.0"),
        (math.nan, "-"),
        (math.inf, "never"),
    ],
)
def test_a_number_with_one_decimal(value, text):
    assert fixed(value, 1) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.2], "20.0"),
        ([0.1, 0.2, 0.3], "20.0"),
        ([0.1, 0.2, 0.3, 0.2, 0.2], "20.0 [11.2, 28.8]".replace("-", MINUS)),
        ([], "-"),
    ],
)
def test_a_mean_has_its_interval_if_there_is_one(values, text):
    assert mean_with_interval(np.array(values), 1, 100) == text


@pytest.mark.parametrize(
    ("interval", "text"),
    [((-0.01, 0.02), f"[{MINUS}1.00, +2.00]"), ((math.nan, math.nan), "-"), (None, "-")],
)
def test_bounds_of_a_difference_have_signs(interval, text):
    assert bounds(interval, "test_accuracy") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "<0.001"), (0.001, "0.001"), (1.0, "1.000"), (math.nan, "-")]
)
def test_small_p_values_are_bounded(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (-0.0021, "test_accuracy", f"{MINUS}0.21 pp"),
        (0.00001, "test_accuracy", "0.00 pp"),
        (-0.00001, "test_accuracy", "0.00 pp"),
        (0.01234, "test_loss", "+0.0123"),
        (math.nan, "test_loss", "-"),
    ],
)
def test_amounts_are_read_in_the_unit_of_the_metric(value, metric, text):
    assert amount(value, metric, signed=True) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0432, 3, "0.0432"),
        (1234.0, 3, "1230"),
        (4.24e-10, 2, "4.2e-10"),
        (0.00098, 1, "0.001"),  # as it reads, it is in the range of plain numbers
        (9999.6, 3, "1.00e4"),
        (0.0, 2, "0.0"),
        (math.inf, 3, "-"),
    ],
)
def test_number_of_any_size_has_as_many_digits_as_count(value, digits, text):
    assert sized(value, digits) == text
