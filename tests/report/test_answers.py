"""The first line of a report answers its heading, in plain words and few of them."""

import re

import numpy as np
import pytest
from answers import (
    FORBIDDEN,
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
from study import change_record, found_in, write_run

from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.first_line import by_place
from fmnist_exp.report.page.words import MAX_WORDS, ended
from fmnist_exp.rundir import plan

LONG = "a_very_long_name_of_an_initializer_that_nobody_would_ever_want_to_type_again"
DEPTHS = {
    f"{arm} {WIDTHS[depth]}": 0.8 + (arm == HE and depth == 20) * 0.05
    for depth in (2, 10, 20)
    for arm in (GLOROT, HE, LECUN)
}
STUDIES = {
    "one wins": (
        shifted({GLOROT: 0.85, HE: 0.87, LECUN: 0.86}, NOISE[:10]),
        (
            r"Choose he_normal: it is better than every other initializer, by 1\.00 points "
            r"\(0\.9\d to 1\.0\d\) over the next, lecun_normal\."
        ),
    ),
    "one of two wins": (
        shifted({GLOROT: 0.85, HE: 0.87}, NOISE[:10]),
        r"Choose he_normal: it is better than glorot_uniform by 2\.00 points \(.* to .*\)\.",
    ),
    "one loses": (
        shifted({GLOROT: 0.85, HE: 0.87, LECUN: 0.87}, NOISE[:10]),
        (
            r"Choose among he_normal and lecun_normal: glorot_uniform is worse than at least one "
            r"of these\."
        ),
    ),
    "all equal": (
        shifted({GLOROT: 0.85, HE: 0.85, LECUN: 0.85}, NOISE[:10]),
        (
            r"It does not matter which of the 3 initializers you choose: no two differ by 0\.3 "
            r"points or more\."
        ),
    ),
    "nothing settled": (
        shifted({GLOROT: 0.85, HE: 0.85, LECUN: 0.85}, ROUGH[:10]),
        r"Not settled yet: if the initializers differ, then by at most \d\.\d\d points\.",
    ),
    "some settled": (
        {GLOROT: 0.85 + NOISE[:10], HE: 0.85 - NOISE[:10], LECUN: 0.85 + ROUGH[:10]},
        (
            r"The initializers make at most \d\.\d\d points of difference; he_normal and "
            r"glorot_uniform can be exchanged; lecun_normal is not settled\."
        ),
    ),
    "identical": (
        {arm: [0.85, 0.86, 0.87, 0.88, 0.89] for arm in (GLOROT, HE)},
        r"The initializer had no effect on training: all runs of a seed are the same\.",
    ),
    "n = 3": (
        shifted({GLOROT: 0.85, HE: 0.87}, NOISE[:3]),
        r"No answer yet: fewer than 5 common seeds\.",
    ),
    "one condition": (
        {HE: 0.85 + NOISE[:10]},
        r"he_normal reaches 85\.00 % \(84\.99 to 85\.01, 10 seeds\); there is nothing to compare\.",
    ),
    "one condition, few seeds": (
        {HE: 0.85 + NOISE[:3]},
        r"he_normal reaches 84\.99 % \(3 seeds\); there is nothing to compare\.",
    ),
    "changed together": (
        shifted(
            {
                f"optimizer=sgd {RATE}=0.01": 0.85,
                f"optimizer=sgd {RATE}=0.02 +optimizer.config.momentum=0.9": 0.87,
            },
            NOISE[:10],
        ),
        (
            r"It matters, but what made the difference cannot be told: .*learning_rate and "
            r".*momentum changed together\."
        ),
    ),
    "two factors": (
        shifted(DEPTHS, NOISE[:10]),
        (
            r"It depends on the number of hidden layers: no difference that matters at 2 and 10; "
            r"he_normal is better at 20\."
        ),
    ),
    "two factors, three seeds": (
        {arm: accuracies[:3] for arm, accuracies in shifted(DEPTHS, NOISE[:10]).items()},
        r"No answer yet: fewer than 5 common seeds\.",
    ),
    "two factors, one without effect": (
        {
            f"{arm} optimizer={name}": 0.85 + shift + np.arange(5) / 1000
            for arm in (GLOROT, HE)
            for name, shift in (("adam", 0.0), ("sgd", 0.01))
        },
        r"The initializer had no effect on training: all runs of a seed are the same\.",
    ),
    "two data sets": (
        {
            f"{arm} data={data}": 0.85 + 0.01 * (arm == HE) * (data == "digits") + NOISE[:10]
            for data in ("synthetic", "digits")
            for arm in (GLOROT, HE)
        },
        (
            r"By the data: no difference that matters at synthetic; "
            r"he_normal is better at digits\."
        ),
    ),
    "two factors, one place not settled": (
        {
            f"{GLOROT} {WIDTHS[2]}": 0.80 + NOISE[:10],
            f"{HE} {WIDTHS[2]}": 0.82 - NOISE[:10],
            f"{GLOROT} {WIDTHS[20]}": 0.80 + NOISE[:10],
            f"{HE} {WIDTHS[20]}": 0.80 + 10 * ROUGH[:10],
        },
        r"By the number of hidden layers: he_normal is better at 2; not settled at 20\.",
    ),
    "two factors, of which an interaction is all that shows at 20": (
        {
            f"{GLOROT} {WIDTHS[2]}": 0.80 + NOISE[:10],
            f"{HE} {WIDTHS[2]}": 0.81 - NOISE[:10],
            f"{GLOROT} {WIDTHS[20]}": 0.80 + NOISE[:10],
            f"{HE} {WIDTHS[20]}": 0.79 + 100 * NOISE[:10],
        },
        (
            r"It depends on the number of hidden layers: he_normal is better at 2; not settled at "
            r"20\."
        ),
    ),
    "two data sets, one not settled": (
        {
            f"{GLOROT} data=synthetic": 0.85 + ROUGH[:10],
            f"{HE} data=synthetic": 0.85 - ROUGH[:10],
            f"{GLOROT} data=digits": 0.85 + NOISE[:10],
            f"{HE} data=digits": 0.86 - NOISE[:10],
        },
        r"By the data: not settled at synthetic; he_normal is better at digits\.",
    ),
    "two factors, identical at one place": (
        {
            f"{arm} data={data}": 0.85 + 0.01 * (arm == HE) * (data == "digits") + STEPS
            for data in ("synthetic", "digits")
            for arm in (GLOROT, HE)
        },
        (
            r"By the data: no difference that matters at synthetic; he_normal is better at "
            r"digits\."
        ),
    ),
    "nine values": (
        shifted(
            {f"{RATE}={number / 1000}": 0.8 + number / 100 for number in range(1, 10)}, NOISE[:10]
        ),
        (
            r"Against learning_rate=0\.001: 8 values of learning_rate are better, "
            r"learning_rate=0\.009 by most\."
        ),
    ),
    "nine equal values": (
        shifted({f"{RATE}={number / 1000}": 0.85 for number in range(1, 10)}, NOISE[:10]),
        r"No value of learning_rate differs from learning_rate=0\.001 by 0\.3 points or more\.",
    ),
    "nine values, not settled": (
        shifted({f"{RATE}={number / 1000}": 0.85 for number in range(1, 10)}, ROUGH[:10]),
        (
            r"Not settled yet: if any value of learning_rate differs from learning_rate=0\.001, "
            r"then by at most \d\.\d\d points\."
        ),
    ),
    "one of three has few seeds": (
        {GLOROT: 0.85 + ROUGH[:10], HE: 0.85 - ROUGH[:10], LECUN: 0.85 + ROUGH[:3]},
        r"Not settled yet: some initializers have fewer than 5 common seeds\.",
    ),
    "changed one at a time": (
        shifted({"model.dropout=0": 0.85, HE: 0.87, "optimizer=sgd": 0.87}, NOISE[:10]),
        (
            r"Choose among he_normal, adam; and glorot_uniform, sgd: glorot_uniform, adam is "
            r"worse than at least one of these\."
        ),
    ),
    "two factors that do not interact": (
        shifted(
            {
                f"{arm} optimizer={name}": 0.85 + 0.01 * (arm == HE)
                for name in ("adam", "sgd")
                for arm in (GLOROT, HE)
            },
            NOISE[:10],
        ),
        (
            r"Choose he_normal: it is better than glorot_uniform by 1\.00 points \(.* to .*\), "
            r"averaged over optimizer\."
        ),
    ),
}


@pytest.mark.parametrize(("arms", "words"), STUDIES.values(), ids=STUDIES)
def test_first_line_is_right_plain_and_short(tmp_path, arms, words):
    first = answered(tmp_path, arms).first
    assert re.fullmatch(words, first)
    assert len(first.split()) <= MAX_WORDS
    assert not re.search(FORBIDDEN, first, re.IGNORECASE)


@pytest.mark.parametrize("study", STUDIES)
def test_first_line_is_short_with_the_longest_names(tmp_path, study):
    write(tmp_path, STUDIES[study][0])
    names = {"glorot_uniform": "g", "he_normal": "h", "lecun_normal": "l"}

    def rename(values: dict) -> None:
        option = values["config"]["initializer"]
        option["name"] = " ".join(f"{LONG}_{names[option['name']]}" for _ in range(6))

    for path in tmp_path.iterdir():
        change_record(path, rename)
    first = answer_of(found_in(tmp_path)).first
    assert len(first.split()) <= MAX_WORDS


def test_a_long_answer_by_place_says_that_the_rest_is_not_settled():
    found = {f"place number {place}": "he_normal is better" for place in range(4)}
    places = "place number 0, place number 1, place number 2 and place number 3"
    more = {"a": "not settled", "b": "too few seeds"}
    assert ended(by_place("the x", found | more, depends=False)) == (
        f"By the x: he_normal is better at {places}; not settled elsewhere."
    )
    many = {f"place number {place}": "not settled" for place in range(9)}
    assert ended(by_place("the x", many | more, depends=False)) == "By the x: see each line below."


def test_survivors_of_a_condition_that_failed_more_are_not_called_better(tmp_path):
    write(tmp_path, shifted({GLOROT: 0.85, HE: 0.87}, NOISE[:10]))
    write_run(tmp_path / "failed", HE, "seed=10", status="diverged")
    answer = answer_of(found_in(tmp_path))
    assert answer.first.startswith("Not settled: he_normal is better where it completed, but more")
    assert any("Runs without a result: 1 of he_normal." in line for line in answer.lines)


def test_a_run_that_stands_out_is_named(tmp_path):
    accuracies = 0.85 + NOISE[:10]
    collapsed = np.where(np.arange(10) == 7, 0.1, accuracies[::-1])
    lines = answered(tmp_path, {GLOROT: accuracies, HE: collapsed}).lines
    assert any(line.endswith("A run stands out: seed 7.") for line in lines)


def test_small_steps_add_up(tmp_path):
    arms = shifted({GLOROT: 0.85, HE: 0.852, LECUN: 0.854}, NOISE[:10])
    lines = answered(tmp_path, arms).lines
    assert any(line.startswith("Steps of less than 0.3 points can add up") for line in lines)


def test_parts_that_are_taken_away_one_at_a_time_are_answered_by_their_names(tmp_path):
    without = {
        "whole": "model.dropout=0.3",
        "without_dropout": "model.dropout=0",
        "without_relu": "model.dropout=0.3 model.activation=tanh",
    }
    for shift, (name, words) in enumerate(without.items()):
        for seed in range(6):
            run_dir = tmp_path / f"{name}{seed}"
            given = (f"model.name={name}", f"seed={seed}", *words.split())
            write_run(run_dir, *given, accuracy=0.9 - 0.1 * shift + 0.001 * (seed % 3))
    assert answer_of(found_in(tmp_path)).first.startswith("Choose whole: it is better")


def test_what_is_not_settled_ends_with_the_command_that_goes_on(tmp_path):
    write(tmp_path, shifted({GLOROT: 0.85, HE: 0.85}, ROUGH[:10]))
    study = plan.PlannedStudy(
        num_runs=0,
        code_sha256="c",
        options=(),
        execution={},
        command=("--multirun", "initializer=glorot,he", "seed=range(10)"),
    )
    plan.write_study(tmp_path, study)
    answer = answer_of(found_in(tmp_path))
    (line,) = [line for line in answer.lines if line.startswith("To settle the rest")]
    found = re.search(r"plan about (\d+) seeds \((\d+) to (\d+)\)", line)
    assert found is not None
    count, low, high = map(int, found.groups())
    assert 10 < low <= count <= high
    assert answer.command == (
        f"python -m fmnist_exp.train --multirun initializer=glorot,he 'seed=range({count})' "
        f"hydra.sweep.dir={tmp_path}"
    )


def test_the_question_may_be_about_another_factor(tmp_path):
    write(tmp_path, shifted(DEPTHS, NOISE[:10]))
    found = found_in(tmp_path, factor="hidden layers")
    assert found.design.factor == "hidden layers"
    assert "depends on the initializer" in answer_of(found).first


def test_missing_cells_are_compared_as_far_as_it_goes_and_named(tmp_path):
    arms = dict(list(shifted(DEPTHS, NOISE[:10]).items())[:-1])
    answer = answered(tmp_path, arms)
    assert answer.first.startswith("It depends on the number of hidden layers")
    assert any("no result: lecun_normal at 20 hidden layers" in line for line in answer.lines)


def test_conditions_on_other_data_are_not_held_against_each_other(tmp_path):
    arms = {f"{GLOROT} data.num_test={count}": 0.85 + NOISE[:10] for count in (100, 200)}
    first = answered(tmp_path, arms).first
    assert first.startswith("No answer: no two of these may be held against each other")


def test_a_condition_whose_rivals_are_not_trained_yet_is_not_called_the_only_one(tmp_path):
    write(tmp_path, {HE: STEPS + 0.8})
    (tmp_path / "later" / ".hydra").mkdir(parents=True)
    first = answer_of(found_in(tmp_path)).first
    assert first.startswith("he_normal reaches 80.20 % (")
    assert first.endswith("; 1 run unfinished, nothing to compare yet.")
