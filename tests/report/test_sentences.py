"""Sentences say what was found, and no more than was found."""

import numpy as np
import pytest
from scipy import stats

from fmnist_exp.report.page.answers import sentence
from fmnist_exp.report.statistics.verdicts import compare

NOISE = np.array([-3, -1, 0, 1, 3]) * 1e-4
MINUS = "\N{MINUS SIGN}"


def said(offset: np.ndarray) -> str:
    """The sentence on two conditions that differ by the offsets, seed by seed."""
    values = {"glorot": dict.fromkeys(range(len(offset)), 0.9)}
    values["he"] = dict(enumerate((0.9 + offset).tolist()))
    return sentence(compare(values, "test_accuracy")[0])


def test_a_difference_in_percentage_points():
    # SD 2.236e-4, half width 2.776 * 1e-4
    assert said(NOISE - 0.01) == (
        f"he {MINUS} glorot = {MINUS}1.00 pp [{MINUS}1.03, {MINUS}0.97] in test accuracy, "
        "5 paired seeds: he is worse."
    )


def test_equality_names_its_bound():
    assert said(5 * NOISE).endswith("practically equal at ±0.30 pp.")


def test_undecided_says_what_could_have_been_seen_and_what_it_takes():
    text = said(20 * NOISE + 0.001)
    assert "undecided; a difference of 0.75 pp would have been seen with 80 % power" in text
    assert text.endswith(", and about 21 seeds would tell 0.30 pp from none.")


def test_undecided_between_none_and_the_bound_promises_no_number_of_seeds():
    text = said(np.tile(25 * NOISE, 6) + 0.0015)  # 26 seeds tell 0.30 pp from none
    assert "30 paired seeds: undecided" in text
    assert text.endswith("these seeds tell 0.30 pp from none, a difference in between takes more.")


@pytest.mark.parametrize(("count", "seeds"), [(1, "1 paired seed"), (4, "4 paired seeds")])
def test_few_pairs_are_exploratory(count, seeds):
    assert said(NOISE[:count]).endswith(f"{seeds}: exploratory; a verdict takes 5 or more.")


def test_one_pair_has_no_interval():
    assert said(np.array([0.002])).startswith(f"he {MINUS} glorot = +0.20 pp in test accuracy, 1 ")


def test_no_pair_has_no_difference():
    comparison = compare({"a": {0: 0.5}, "b": {1: 0.5}}, "test_accuracy")[0]
    assert sentence(comparison) == (
        f"b {MINUS} a in test accuracy, 0 paired seeds: exploratory; a verdict takes 5 or more."
    )


def test_identical_runs_are_called_identical_without_an_interval():
    values = {name: {0: 0.5, 1: 0.6} for name in ("a", "b")}
    (comparison,) = compare(values, "test_accuracy", identical=lambda a, b: True)
    assert sentence(comparison) == (
        f"b {MINUS} a = 0.00 pp in test accuracy, 2 paired seeds: identical in every seed."
    )


def test_plans_share_the_level_among_the_comparisons():
    """Fewest pairs that find the bound in 80 %, and that each side of equality in 90 %."""
    values = {"a": dict.fromkeys(range(5), 0.9)}
    for name, factor in (("b", 20), ("c", -30)):
        values[name] = dict(enumerate((0.9 + factor * NOISE + 0.001).tolist()))
    for each in compare(values, "test_accuracy"):
        counts = np.arange(2, 10_000)
        effect = np.sqrt(counts) * 0.003 / each.difference_std
        for share, power in ((0.05 / 3 / 2, 0.8), (0.05 / 3, 0.9)):
            critical = stats.t.isf(share, counts - 1)
            enough = stats.nct.sf(critical, counts - 1, effect) >= power
            counts, effect = counts[enough], effect[enough]
        assert f"about {counts[0]} seeds would tell 0.30 pp from none" in sentence(each)
