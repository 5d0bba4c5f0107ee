"""The verdicts are as often wrong as they say, on simulated studies whose truth is known.

`benchmarks/calibration.py` does the same with more studies. Rates are pooled over the settings:
each is bounded in every setting, so their mean is.
"""

import calibration
import numpy as np
import pytest
from calibration import CORRELATIONS, SEEDS, Setting

SETTINGS = [Setting(count, rho) for count in SEEDS for rho in CORRELATIONS]
NUM_STUDIES = 200  # of each of 6 settings
# Standard error of a 5 % or 95 % share of 1,200 independent studies: 0.63 points. Three of them.
# Without sharing the level about 12 % of studies would have a false verdict.
TOLERANCE = 3 * (0.05 * 0.95 / (NUM_STUDIES * len(SETTINGS))) ** 0.5


@pytest.fixture(scope="module")
def null() -> calibration.Null:
    """Rates without anything to find, pooled."""
    rates = [vars(calibration.null(setting, NUM_STUDIES)) for setting in SETTINGS]
    return calibration.Null(**{name: np.mean([each[name] for each in rates]) for name in rates[0]})


@pytest.mark.slow
def test_false_verdicts_occur_in_at_most_5_percent_of_studies(null):
    assert null.false_verdicts <= 1 - null.simultaneous_coverage <= 0.05 + TOLERANCE


def test_intervals_hold_the_truth_in_95_percent(null):
    assert null.mean_coverage == pytest.approx(0.95, abs=TOLERANCE)
    assert null.difference_coverage == pytest.approx(0.95, abs=TOLERANCE)


def test_simultaneous_intervals_hold_all_truths_in_95_percent(null):
    assert null.simultaneous_coverage >= 0.95 - TOLERANCE


def test_equality_is_falsely_found_in_at_most_5_percent_of_studies():
    rates = [calibration.false_equality(setting, NUM_STUDIES) for setting in SETTINGS]
    assert np.mean(rates) <= 0.05 + TOLERANCE


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_gap_of_twice_the_detectable_difference_gets_the_right_verdict(setting):
    # The true rate is above 99 %; at 80 % the share of 40 would have standard error 6.3 points.
    assert calibration.right_verdicts(setting, 40) >= 0.8
