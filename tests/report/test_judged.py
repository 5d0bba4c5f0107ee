"""Claims are judged by the verdicts and intervals that a report shows."""

import numpy as np
import pandas as pd
import pytest
from judging import GLOROT, NOISE, STEPS, arms, judged, ruling
from study import found_in, write_claims, write_run

from fmnist_exp.aggregate import aggregate
from fmnist_exp.report.claims import judge

ROUGH = np.array([0.02, -0.03, 0.01, 0.04, -0.02, -0.02])

# Shift of He against Glorot, its spread, and what each rule about He - Glorot comes to.
CASES = {
    "better": (0.05, STEPS, {"better": "+", "worse": "-", "not better": "-", "equal": "-"}),
    "worse": (-0.05, STEPS, {"better": "-", "worse": "+", "not better": "+", "equal": "-"}),
    "equal": (0.0005, STEPS, {"better": "-", "worse": "-", "not better": "+", "equal": "+"}),
    "open": (0.0, ROUGH, {"better": "?", "worse": "?", "not better": "?", "equal": "?"}),
    # better, and by a difference of which it is open whether it matters
    "small": (0.003, STEPS, {"better": "+", "worse": "-", "not better": "-", "equal": "?"}),
}
SIGNS = {"+": "supported", "-": "not supported", "?": "inconclusive"}


@pytest.mark.parametrize("case", CASES)
def test_rule_follows_the_verdict_of_the_report_from_both_sides(case, tmp_path):
    shift, spread, signs = CASES[case]
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + shift + spread})
    opposite = {"better": "worse", "worse": "better", "equal": "equal"}
    claims = [("he_normal - glorot_uniform", rule) for rule in signs]
    claims += [("glorot_uniform - he_normal", opposite[rule]) for rule in opposite]
    found = [str(each.verdict) for each in judged(tmp_path, *claims)]
    assert found == [SIGNS[signs[rule]] for rule in (*signs, *opposite)]


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("above 0.049", "supported"),
        ("above 0.051", "not supported"),
        ("above 0.05", "inconclusive"),
        ("below 0.051", "supported"),
        ("below 0.049", "not supported"),
        ("below 0.05", "inconclusive"),
    ],
)
def test_bound_is_held_against_the_interval_of_the_report(rule, verdict, tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    (one,) = judged(tmp_path, ("he_normal - glorot_uniform", rule))
    (comparison,) = found_in(tmp_path).judged
    assert one.verdict == verdict
    assert (one.low, one.high) == (comparison.ci_low, comparison.ci_high)
    assert (one.mean, one.num_pairs) == (comparison.difference_mean, 6)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("within 0.051", "supported"),
        ("within 0.049", "not supported"),
        ("within 0.05", "inconclusive"),
    ],
)
def test_size_of_a_difference_is_judged_whatever_its_sign(rule, verdict, sign, tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + sign * 0.05 + STEPS})
    assert ruling(tmp_path, "he_normal - glorot_uniform", rule)[0] == verdict


def test_size_of_a_difference_is_open_where_one_side_fails_more(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + STEPS})
    write_run(tmp_path / "x", "initializer=he", "seed=9", status="diverged")
    verdict, reason = ruling(tmp_path, "he_normal - glorot_uniform", "within 0.5")
    assert (verdict, reason) == ("inconclusive", "more runs of one side ended without a result")


def test_claim_on_equality_shows_the_interval_that_decides_on_it(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.0005 + STEPS})
    (one,) = judged(tmp_path, ("he_normal - glorot_uniform", "equal"))
    (comparison,) = found_in(tmp_path).judged
    assert (one.low, one.high) == (comparison.equal_low, comparison.equal_high)
    (turned,) = judged(tmp_path, ("glorot_uniform - he_normal", "equal"))
    assert (turned.low, turned.high) == (-one.high, -one.low)


def test_lower_loss_is_better(tmp_path):
    """The runs of these studies have a loss of 1 - accuracy."""
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    claims = [("he_normal - glorot_uniform", rule, "test_loss") for rule in ("better", "below 0")]
    assert [each.verdict for each in judged(tmp_path, *claims)] == ["supported", "supported"]


def test_one_condition_is_held_against_the_interval_of_its_mean(tmp_path):
    arms(tmp_path, {"glorot": GLOROT})
    rules = ("above 0.7", "above 0.9", "above 0.8")
    found = judged(tmp_path, *[("glorot_uniform", rule) for rule in rules])
    assert [each.verdict for each in found] == ["supported", "not supported", "inconclusive"]
    # t(0.975, 5) = 2.5706; SD with n - 1
    half = 2.5706 * NOISE.std(ddof=1) / 6**0.5
    assert (found[0].low, found[0].high) == pytest.approx((0.8 - half, 0.8 + half), abs=1e-5)


def test_interval_of_an_accuracy_ends_at_one(tmp_path):
    arms(tmp_path, {"glorot": (1.0, 1.0, 1.0, 1.0, 0.99)})
    (one,) = judged(tmp_path, ("glorot_uniform", "above 0.9"))
    assert one.high == 1


def test_same_runs_are_equal_and_not_better(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT})
    rules = {"equal": "+", "not better": "+", "better": "-", "above 0": "-", "above -0.01": "+"}
    found = judged(tmp_path, *[("he_normal - glorot_uniform", rule) for rule in rules])
    assert [each.verdict for each in found] == [SIGNS[sign] for sign in rules.values()]


def test_fewer_than_five_pairs_are_inconclusive_even_of_the_same_runs(tmp_path):
    arms(tmp_path, {"glorot": GLOROT[:4], "he": GLOROT[:4]})
    assert ruling(tmp_path, "he_normal - glorot_uniform", "equal")[0] == "inconclusive"


def test_fewer_than_five_pairs_are_inconclusive(tmp_path):
    arms(tmp_path, {"glorot": GLOROT[:4], "he": GLOROT[:4] + 0.1 + STEPS[:4]})
    pairs = ("he_normal - glorot_uniform", "better")
    assert ruling(tmp_path, *pairs) == ("inconclusive", "4 pairs, and an answer takes 5")
    alone = ("he_normal", "above 0.1")
    assert ruling(tmp_path, *alone) == ("inconclusive", "4 seeds, and an answer takes 5")


@pytest.mark.parametrize(
    "claim",
    [
        ("he_normal - glorot_uniform", "better"),
        ("he_normal - glorot_uniform", "above 0.01"),
        ("glorot_uniform - he_normal", "below -0.01"),
        ("he_normal - glorot_uniform", "equal"),
        ("he_normal - glorot_uniform", "better", "test_loss"),
        ("he_normal - glorot_uniform", "below 0", "test_loss"),
        ("he_normal", "above 0.8"),
    ],
)
def test_survivors_do_not_support_a_claim(claim, tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    write_run(tmp_path / "x", "initializer=he", "seed=9", status="diverged")
    verdict, reason = ruling(tmp_path, *claim)
    assert verdict == "inconclusive"
    assert reason == "more runs of the side that looks better ended without a result"


def test_claim_may_rest_on_sides_that_fail_alike(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    for name in ("he", "glorot"):
        write_run(tmp_path / name, f"initializer={name}", "seed=9", status="diverged")
    assert ruling(tmp_path, "he_normal - glorot_uniform", "above 0.01")[0] == "supported"


def test_level_whose_every_run_diverged_is_inconclusive(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "lecun": GLOROT + STEPS})
    write_run(tmp_path / "x", "initializer=he", status="diverged")
    expected = ("inconclusive", "no run was completed: he_normal")
    assert ruling(tmp_path, "glorot_uniform - he_normal", "better") == expected
    assert ruling(tmp_path, "he_normal", "below 0.2") == expected


def test_sweeps_with_the_same_claims_share_them(tmp_path):
    for name, seeds in (("a", 3), ("b", 2)):
        for initializer, shift in (("glorot", 0.0), ("he", 0.05)):
            for seed in range(seeds):
                number = seed if name == "a" else seed + 3
                folder = tmp_path / name / f"{initializer}{seed}"
                settings = (f"initializer={initializer}", f"seed={number}")
                write_run(folder, *settings, accuracy=GLOROT[number] + shift)
        write_claims(tmp_path / name, ("he_normal - glorot_uniform", "better"))
    (one,) = judge(found_in(tmp_path / "a", tmp_path / "b"))
    assert (str(one.verdict), one.num_pairs) == ("supported", 5)


def test_claims_are_in_every_output(tmp_path):
    runs, out = tmp_path / "runs", tmp_path / "out"
    arms(runs, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    claims = [("he_normal - glorot_uniform", "better"), ("he_normal - nobody", "better")]
    write_claims(runs, *claims, question="Does it matter?")
    answer = aggregate([runs], out)
    # Claims on one condition, and on what is described, are no part of the 5 % before them.
    assert answer.index("In at most 5 of 100") < answer.index("2 claims:")
    assert "2 claims: 1 supported, 1 not judged." in answer
    assert "Not judged, as nobody is no initializer of this study" in answer
    table = pd.read_csv(out / "claims.csv")
    assert list(table.verdict) == ["supported", "not judged"]
    assert list(table.columns) == [
        *("says", "source", "comparison", "metric", "rule", "verdict"),
        *("mean", "low", "high", "num_pairs", "reason"),
    ]
    for name in ("index.html", "report.md"):
        text = (out / name).read_text()
        assert "Question: Does it matter?" in text
        assert "Claims" in text


def test_study_without_claims_has_an_empty_table_and_no_line(tmp_path):
    runs, out = tmp_path / "runs", tmp_path / "out"
    arms(runs, {"glorot": GLOROT})
    assert "claim" not in aggregate([runs], out)
    assert pd.read_csv(out / "claims.csv").empty
