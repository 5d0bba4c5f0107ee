"""A claim names conditions in the words of a report; what it names in vain is told."""

import re

import pytest
from judging import GLOROT, STEPS, arms, judged, ruling
from study import found_in, write_run

from fmnist_exp.report.page.build import build_page


def write_depths(folder, *, at_second=0.05, diverged=None):
    """He is better at the second depth alone; its runs at one depth may have diverged."""
    number = 0
    for depth, shift in ((1, 0.0), (2, at_second)):
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


def test_interaction_can_be_equal(tmp_path):
    write_depths(tmp_path, at_second=0.0)
    pair = "he_normal - glorot_uniform"
    claim = f"{pair}, 2 hidden layers - {pair}, 1 hidden layer, interaction"
    assert ruling(tmp_path, claim, "equal") == ("supported", "no difference that matters")


def test_condition_has_its_label_whatever_factor_is_asked_about(tmp_path):
    write_depths(tmp_path, diverged=2)
    claims = (("he_normal, 1 hidden layer", "above 0.7"), ("he_normal, 2 hidden layers", "below 1"))
    found = judged(tmp_path, *claims, factor="hidden layers")
    assert [str(each.verdict) for each in found] == ["supported", "inconclusive"]
    assert found[1].reason == "no run was completed: he_normal, 2 hidden layers"


def test_level_that_diverged_at_one_place_is_judged_at_the_other_alone(tmp_path):
    write_depths(tmp_path, diverged=2)
    pair = "he_normal - glorot_uniform"
    gone = ("inconclusive", "no run was completed: he_normal at 2 hidden layers")
    assert ruling(tmp_path, pair, "worse") == gone
    assert ruling(tmp_path, f"{pair}, averaged over hidden layers", "worse") == gone
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
