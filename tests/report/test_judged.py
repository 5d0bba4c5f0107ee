"""Claims are judged by the verdicts and intervals that a report shows, and never in silence."""

import re

import numpy as np
import pandas as pd
import pytest
from study import found_in, write_claims, write_run, write_sweep

from fmnist_exp.aggregate import aggregate
from fmnist_exp.report.claims import judge
from fmnist_exp.report.page.build import build_page

NOISE = np.array([-0.002, -0.001, 0.0, 0.001, 0.002, 0.0])
STEPS = np.array([0.0003, -0.0002, 0.0001, -0.0003, 0.0002, -0.0001])  # of a difference
ROUGH = np.array([0.02, -0.03, 0.01, 0.04, -0.02, -0.02])
GLOROT = 0.8 + NOISE


def arms(folder, accuracies):
    """A sweep whose accuracies are told apart by 3000 images."""
    write_sweep(folder, accuracies, images=1000)


def judged(folder, *claims, **options):
    write_claims(folder, *claims)
    return judge(found_in(folder, **options))


def ruling(folder, *claim):
    """Verdict and reason of a claim on a study, and nothing else."""
    (one,) = judged(folder, claim)
    return str(one.verdict), one.reason


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


def test_claim_on_equality_shows_the_interval_that_decides_on_it(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + STEPS})
    (one,) = judged(tmp_path, ("he_normal - glorot_uniform", "equal"))
    (comparison,) = found_in(tmp_path).judged
    assert (one.low, one.high) == (comparison.equal_low, comparison.equal_high)


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


def test_same_runs_are_equal_and_not_better(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT})
    rules = {"equal": "+", "not better": "+", "better": "-", "above 0": "-", "above -0.01": "+"}
    found = judged(tmp_path, *[("he_normal - glorot_uniform", rule) for rule in rules])
    assert [each.verdict for each in found] == [SIGNS[sign] for sign in rules.values()]


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
        ("he_normal - glorot_uniform", "better", "test_loss"),
        ("he_normal", "above 0.8"),
    ],
)
def test_survivors_do_not_support_a_claim(claim, tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + 0.05 + STEPS})
    write_run(tmp_path / "x", "initializer=he", "seed=9", status="diverged")
    verdict, reason = ruling(tmp_path, *claim)
    assert verdict == "inconclusive"
    assert reason == "more runs of the side that looks better ended without a result"


def test_level_whose_every_run_diverged_is_inconclusive(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "lecun": GLOROT + STEPS})
    write_run(tmp_path / "x", "initializer=he", status="diverged")
    expected = ("inconclusive", "no run was completed: he_normal")
    assert ruling(tmp_path, "glorot_uniform - he_normal", "better") == expected
    assert ruling(tmp_path, "he_normal", "below 0.2") == expected


def write_depths(folder, *, diverged=None):
    """He is better at the second depth alone; its runs at one depth may have diverged."""
    number = 0
    for depth, shift in ((1, 0.0), (2, 0.05)):
        for initializer, arm in (("glorot", GLOROT), ("he", GLOROT + shift + STEPS)):
            for seed, accuracy in enumerate(arm):
                widths = f"model.hidden=[{','.join(['8'] * depth)}]"
                settings = (f"initializer={initializer}", widths, f"seed={seed}")
                status = "diverged" if (initializer, depth) == ("he", diverged) else "completed"
                options = {"accuracy": accuracy, "images": 1000, "status": status}
                write_run(folder / str(number), *settings, **options)
                number += 1


def test_place_is_named_as_in_the_report(tmp_path):
    write_depths(tmp_path)
    pair = "he_normal - glorot_uniform"
    claims = {
        (f"{pair}, 1 hidden layer", "equal"): "supported",
        (f"{pair}, 2 hidden layers", "better"): "supported",
        (f"{pair}, averaged over hidden layers", "above 0.02"): "supported",
        (pair, "above 0.02"): "supported",  # the average
        (f"{pair}, 2 hidden layers - {pair}, 1 hidden layer, interaction", "above 0"): "supported",
        ("he_normal, 2 hidden layers", "above 0.84"): "supported",
        (
            f"{pair}, 2 hidden layers - {pair}, 1 hidden layer, interaction",
            "equal",
        ): "not supported",
        ("2 hidden layers - 1 hidden layer, averaged over initializer", "better"): "supported",
    }
    found = judged(tmp_path, *claims)
    assert {(e.claim.comparison, e.claim.rule): str(e.verdict) for e in found} == claims


def test_level_that_diverged_at_one_place_is_judged_at_the_other_alone(tmp_path):
    write_depths(tmp_path, diverged=2)
    pair = "he_normal - glorot_uniform"
    gone = ("inconclusive", "no run was completed: he_normal at 2 hidden layers")
    assert ruling(tmp_path, pair, "worse") == gone
    assert ruling(tmp_path, f"{pair}, 2 hidden layers", "worse") == gone
    assert ruling(tmp_path, "he_normal, 2 hidden layers", "below 0.5") == gone
    assert ruling(tmp_path, f"{pair}, 1 hidden layer", "equal")[0] == "supported"


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("he_norml - glorot_uniform, 1 hidden layer", "he_norml is no .* mean he_normal\\?"),
        ("orthogonal - glorot_uniform", "orthogonal is no initializer of this study"),
        ("he_normal - glorot_uniform, 3 hidden layers", "3 hidden .* no place .* 2 hidden layers"),
        ("he_normal, 2 hidden layers - he_normal, 1 hidden layer", "A and B must share a place"),
    ],
)
def test_name_that_is_none_of_the_study_is_told(claim, reason, tmp_path):
    write_depths(tmp_path)
    (one,) = judged(tmp_path, (claim, "better"))
    assert one.verdict == "not judged"
    assert re.search(reason, one.reason)
    told = build_page(found_in(tmp_path), []).answer.lines
    assert f"Not judged, as {one.reason}: {claim}." in told


def test_one_condition_without_its_place_is_told(tmp_path):
    write_depths(tmp_path)
    expected = "it names no place (1 hidden layer; 2 hidden layers)"
    assert ruling(tmp_path, "he_normal", "above 0.5") == ("not judged", expected)


def test_place_of_a_factor_that_does_not_vary_is_told(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + STEPS})
    expected = "2 hidden layers is no place of this study (only the initializer varies)"
    claim = ("he_normal - glorot_uniform, 2 hidden layers", "equal")
    assert ruling(tmp_path, *claim) == ("not judged", expected)


def test_pair_that_a_baseline_leaves_out_is_told(tmp_path):
    arms(tmp_path, {"glorot": GLOROT, "he": GLOROT + STEPS, "lecun": GLOROT - STEPS})
    claims = (("he_normal - lecun_normal", "better"),)
    (one,) = judged(tmp_path, *claims, baseline="glorot")
    expected = ("not judged", "this report compares with glorot_uniform alone")
    assert (one.verdict, one.reason) == expected


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
