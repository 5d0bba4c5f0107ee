"""Answers claim no more than was found: of failures, of keys that change together, of places."""

import re
from dataclasses import replace

import numpy as np
import pytest
from answers import (
    GLOROT,
    HE,
    LECUN,
    NOISE,
    RATE,
    ROUGH,
    STEPS,
    WIDTHS,
    answered,
    shifted,
    write,
)
from study import found_in, write_run

from fmnist_exp.report.design import INTERACTION
from fmnist_exp.report.findings import depends_on_place
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.lines import line
from fmnist_exp.rundir import plan
from fmnist_exp.statistics.verdicts import Arm, Comparison, Statement, Verdict, compare


@pytest.mark.parametrize(
    ("verdicts", "contrast", "depends"),
    [
        (("practically equal", "better"), (-0.1, 0.1), False),  # as chance makes of one difference
        (("worse", "better"), (-0.1, 0.1), True),
        (("better", "better"), (0.1, 0.2), True),
    ],
)
def test_it_depends_where_an_interaction_shows_or_better_meets_worse(verdicts, contrast, depends):
    each = Comparison(
        metric="test_accuracy",
        condition_a="a",
        condition_b="b",
        num_pairs=10,
        difference_mean=0.0,
        verdict=Verdict.DESCRIPTIVE,
        place=INTERACTION,
        num_comparisons=1,
        ci_low=contrast[0],
        ci_high=contrast[1],
    )
    places = [replace(each, place=str(k), verdict=Verdict(one)) for k, one in enumerate(verdicts)]
    assert depends_on_place([*places, each]) == depends


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        ((GLOROT,), r"glorot_uniform reaches .* seeds\); no run of he_normal was completed\."),
        ((GLOROT, LECUN), r"It does not matter .* more; no run of he_normal was completed\."),
    ],
)
def test_an_arm_that_always_diverged_is_in_the_answer(tmp_path, arms, words):
    write(tmp_path / "a", shifted(dict.fromkeys(arms, 0.85), NOISE[:10]))
    write(tmp_path / "b", {HE: 0.85 + NOISE[:10]}, status="diverged")
    assert re.fullmatch(words, answer_of(found_in(tmp_path)).first)


def test_a_dead_cell_leaves_the_design_crossed_and_is_named(tmp_path):
    arms = [f"{arm} optimizer={name}" for arm in (GLOROT, HE) for name in ("adam", "sgd")]
    write(tmp_path / "a", shifted(dict.fromkeys(arms[:3], 0.85), NOISE[:10]))
    write(tmp_path / "b", {arms[3]: 0.85 + NOISE[:10]}, status="diverged")
    answer = answer_of(found_in(tmp_path))
    assert answer.first == (
        "By the optimizer: no difference that matters at adam; nothing to compare at sgd."
    )
    assert any("There is no result: he_normal at sgd" in line for line in answer.lines)


LARGE = f"optimizer=sgd {RATE}=0.08"
MOMENTUM = "+optimizer.config.momentum"
RATES = [f"optimizer=sgd {RATE}=0.0{number}" for number in (1, 2, 4)]


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (
            NOISE,
            r".*learning_rate and .*momentum, changed together: no difference of 0\.3 points.*",
        ),
        (ROUGH, r"Not settled yet: if .*learning_rate and .*momentum, changed together, matter.*"),
    ],
)
def test_keys_that_changed_together_are_named_without_a_winner(tmp_path, noise, words):
    arms = {RATES[0]: 0.85, f"{RATES[1]} {MOMENTUM}=0.9": 0.85}
    assert re.fullmatch(words, answered(tmp_path, shifted(arms, noise[:10])).first)


def test_a_pair_that_differs_in_the_factor_alone_tells_what_made_the_difference(tmp_path):
    momenta = (0.0, 0.9, 0.9)
    arms = [f"{rate} {MOMENTUM}={value}" for rate, value in zip(RATES, momenta, strict=True)]
    means = dict(zip(arms, (0.85, 0.85, 0.87), strict=True))
    first = answered(tmp_path, shifted(means, NOISE[:10])).first
    assert first.startswith("Choose learning_rate=0.04")


def test_an_interrupted_run_is_no_failure_and_one_that_was_repeated_neither(tmp_path):
    write(tmp_path / "s", shifted({GLOROT: 0.85, HE: 0.87}, NOISE[:10]))
    write_run(tmp_path / "stopped", HE, "seed=10", status="interrupted")
    write_run(tmp_path / "failed", HE, "seed=3", status="failed")
    assert answer_of(found_in(tmp_path)).first.startswith("Choose he_normal")


def test_runs_that_diverged_are_an_effect_on_training(tmp_path):
    write(tmp_path / "a", {arm: 0.85 + STEPS for arm in (GLOROT, HE)})
    write_run(tmp_path / "diverged", HE, "seed=5", status="diverged")
    assert answer_of(found_in(tmp_path)).first == (
        "Where runs completed, no two initializers differ by 0.3 points or more; but more runs of "
        "he_normal failed."
    )


@pytest.mark.parametrize(
    ("arms", "why"),
    [
        (["engine=c", "engine=xla"], "as their engines differ."),
        (
            [
                f"{arm} {rate}"
                for arm, rate in zip((GLOROT, GLOROT, HE, HE), (*RATES, LARGE), strict=True)
            ],
            None,
        ),
    ],
)
def test_why_nothing_is_compared_is_said(tmp_path, arms, why):
    write(tmp_path, shifted(dict.fromkeys(arms, 0.85), NOISE[:10]))
    first = answer_of(found_in(tmp_path, factor=None if why else "initializer")).first
    assert first.endswith(why or "no two initializers were tried with the same other factors.")


def test_a_bound_that_is_not_0_is_not_shown_as_0(tmp_path):
    spread = 29 * NOISE[:10]
    (each,) = compare(
        [Statement(Arm("a", dict(enumerate(spread))), Arm("b", dict.fromkeys(range(10), 0.0)))]
    )
    shift = each.ci_high + 2e-5
    arms = {GLOROT: np.full(10, 0.85), HE: 0.85 + spread + shift}
    (found,) = compare(
        [Statement(*(Arm(name, dict(enumerate(arms[name]))) for name in (HE, GLOROT)))]
    )
    assert found.verdict == "better"
    assert "(0.002 to " in line(found)


def test_few_seeds_end_with_a_command_that_goes_on(tmp_path):
    write(tmp_path, shifted({GLOROT: 0.85, HE: 0.85}, NOISE[:3]))
    command = ("--multirun", "initializer=glorot,he", "seed=range(3)")
    study = plan.PlannedStudy(
        num_runs=0, code_sha256="c", options=(), execution={}, command=command
    )
    plan.write_study(tmp_path, study)
    answer = answer_of(found_in(tmp_path))
    assert answer.command == (
        "python -m fmnist_exp.train --multirun initializer=glorot,he 'seed=range(10)' "
        f"hydra.sweep.dir={tmp_path}"
    )


def test_seeds_that_are_crossed_with_others_have_no_command_that_goes_on(tmp_path):
    for number, order in enumerate((0, 1)):
        for name in ("glorot", "he"):
            words = (f"initializer={name}", "seed=0", f"seeds.order={order}")
            write_run(tmp_path / f"{name}{number}", *words, accuracy=0.8)
    command = ("--multirun", "initializer=glorot,he", "seeds.order=0,1", "seed=0")
    study = plan.PlannedStudy(
        num_runs=0, code_sha256="c", options=(), execution={}, command=command
    )
    plan.write_study(tmp_path, study)
    assert answer_of(found_in(tmp_path)).command is None


def test_a_baseline_says_who_is_better_and_who_is_worse(tmp_path):
    arms = shifted({GLOROT: 0.85, HE: 0.84, LECUN: 0.86}, NOISE[:10])
    first = answered(tmp_path, arms, baseline="glorot").first
    assert first == "Against glorot_uniform: lecun_normal is better; he_normal is worse."


@pytest.mark.parametrize(
    ("gaps", "first"),
    [
        (
            (0.01, 0.03),
            (
                "The same wherever it was tried: he_normal is better; by how much depends on the "
                "number of hidden layers."
            ),
        ),
        ((0.0, 0.001), "The same wherever it was tried: no difference that matters."),
    ],
)
def test_how_much_is_said_to_depend_only_where_there_is_a_difference(tmp_path, gaps, first):
    arms = {
        f"{arm} {WIDTHS[depth]}": 0.85 + gap * (arm == HE)
        for depth, gap in zip((2, 10), gaps, strict=True)
        for arm in (GLOROT, HE)
    }
    assert answered(tmp_path, shifted(arms, NOISE[:10])).first == first
