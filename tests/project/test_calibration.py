"""Studies make false statements as rarely as they say, where the truth is known.

`benchmarks/calibration.py` does the same with more studies.
"""

from itertools import combinations

import calibration
import numpy as np
import pytest

from fmnist_exp.statistics.sequential import follow
from fmnist_exp.statistics.verdicts import Arm, Statement

NUM_STUDIES = 60  # of each of 18 settings
# Standard error of a 5 % share of 1,080 independent studies: 0.66 points. Three of them.
TOLERANCE = 3 * (0.05 * 0.95 / (NUM_STUDIES * len(calibration.TRUTHS) * 2)) ** 0.5


@pytest.mark.slow
def test_at_most_5_percent_of_studies_make_any_false_statement():
    rates = [
        calibration.false_rates(name, std, NUM_STUDIES, num_looks=1)[0]
        for name in calibration.TRUTHS
        for std in calibration.STDS
    ]
    assert np.mean(rates) <= 0.05 + TOLERANCE


def test_adding_seeds_until_settled_keeps_the_5_percent_over_all_looks():
    num_studies = 4000
    # Three standard errors of a 5 % share: 1.0 points. Looking as often without a plan: 9 to 22 %.
    tolerance = 3 * (0.05 * 0.95 / num_studies) ** 0.5
    for name in calibration.ONE_FACTOR:
        for std in calibration.STDS:
            assert calibration.adding(name, std, num_studies)[0] <= 0.05 + tolerance


def test_studies_that_are_followed_at_once_have_the_verdicts_of_each():
    truths = calibration.TRUTHS["3 pairs, (0, 0, 0.3)"]
    values = calibration.accuracies(np.random.default_rng(0), truths, 0.006, (100, 60))
    expected = []
    for runs in zip(*values.values(), strict=True):
        arms = [Arm("", dict(enumerate(each.tolist()))) for each in runs]
        pairs = [Statement(b, a) for a, b in combinations(arms, 2)]
        found = follow(pairs, calibration.LOOKS, 3, resolution=calibration.RESOLUTION)
        expected.append([(each.verdict, each.settled_after or 60) for each in found])
    assert len({verdict for study in expected for verdict, _ in study}) >= 3
    for place, (a, b) in enumerate(combinations(values.values(), 2)):
        found = calibration.followed((b - a).round(12), 3)
        assert list(zip(*(each.tolist() for each in found), strict=True)) == [
            study[place] for study in expected
        ]


def test_a_large_difference_and_a_small_one_get_the_right_verdicts():
    # SD 0.35 points over ten seeds: the half width is 0.35 * 3.3 / sqrt(10) = 0.37 points.
    truths = {("a", ""): 0.0, ("b", ""): 0.02}
    values = calibration.accuracies(np.random.default_rng(0), truths, 0.0035, (10,))
    (found,) = calibration.compared(values)[1]
    assert found.verdict == "better"
    # Two hundred seeds: 0.35 * 2 / sqrt(200) = 0.05 points.
    truths = {("a", ""): 0.0, ("b", ""): 0.0}
    values = calibration.accuracies(np.random.default_rng(0), truths, 0.0035, (200,))
    (found,) = calibration.compared(values)[1]
    assert found.verdict == "practically equal"


def test_the_same_difference_everywhere_rarely_depends_on_the_place():
    # 5 % at most; three standard errors of 300 studies. Without the rule it was every third.
    assert calibration.dependent_rate(300) <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
