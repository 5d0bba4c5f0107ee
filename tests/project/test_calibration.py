"""Studies make false statements as rarely as they say, where the truth is known.

`benchmarks/calibration.py` does the same with more studies.
"""

import calibration
import numpy as np
import pytest

NUM_STUDIES = 60  # of each of 18 settings
# Standard error of a 5 % share of 1,080 independent studies: 0.66 points. Three of them.
TOLERANCE = 3 * (0.05 * 0.95 / (NUM_STUDIES * len(calibration.TRUTHS) * 2)) ** 0.5


@pytest.mark.slow
def test_at_most_5_percent_of_studies_make_any_false_statement():
    rates = [
        calibration.false_rates(name, std, NUM_STUDIES)[0]
        for name in calibration.TRUTHS
        for std in calibration.STDS
    ]
    assert np.mean(rates) <= 0.05 + TOLERANCE


def test_a_large_difference_and_a_small_one_get_the_right_verdicts():
    # SD 0.35 points over ten seeds: the half width is 0.35 * 3.3 / sqrt(10) = 0.37 points.
    truths = {("a", ""): 0.0, ("b", ""): 0.02}
    values = calibration.accuracies(np.random.default_rng(0), truths, 0.0035, 10)
    (found,) = calibration.compared(values)[1]
    assert found.verdict == "better"
    # Two hundred seeds: 0.35 * 2 / sqrt(200) = 0.05 points.
    truths = {("a", ""): 0.0, ("b", ""): 0.0}
    values = calibration.accuracies(np.random.default_rng(0), truths, 0.0035, 200)
    (found,) = calibration.compared(values)[1]
    assert found.verdict == "practically equal"
