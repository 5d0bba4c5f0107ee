"""The answer of a report on a search: its best trial, and what new seeds say of it."""

import json
import re
import shlex
from pathlib import Path

import pytest
from answers import FORBIDDEN, RATE, ROUGH
from hydra.core.override_parser.overrides_parser import OverridesParser
from study import change_record, found_in, write_run

from fmnist_exp.report.page.answers import Answer, answer_of
from fmnist_exp.report.page.words import MAX_WORDS
from fmnist_exp.rundir import plan
from fmnist_exp.statistics.seeds import SHARE, t_interval
from fmnist_exp.statistics.verdicts import MIN_PAIRS


def tuned(folder: Path, trials: int) -> Answer:
    """The answer of a search with so many trials of learning rates, each better than the last."""
    for number in range(trials):
        rate = f"{RATE}={(number + 1) / 1000}"
        accuracy = 0.8 + number / 100
        write_run(folder / str(number), rate, accuracy=accuracy)
        record = json.loads((folder / str(number) / "run.json").read_text())
        run = plan.PlannedRun(
            number=number,
            directory=str(number),
            overrides=(rate, "seed=0"),
            config=record["config"],
            values={RATE: str((number + 1) / 1000)},
        )
        plan.write_run(folder, run)
    study = plan.PlannedStudy(
        num_runs=trials,
        code_sha256="c",
        options=(),
        execution={},
        begun_with={"factors": {RATE: "0.001 to 0.1"}},
    )
    plan.write_study(folder, study)
    return answer_of(found_in(folder))


def test_a_search_names_its_best_trial_and_how_to_confirm_it(tmp_path):
    answer = tuned(tmp_path, 3)
    assert answer.first == (
        f"Best of 3 trials: {RATE}=0.003, validation 82.00 %; not yet confirmed with new seeds."
    )
    assert answer.command == (
        f"python -m fmnist_exp.train --multirun {RATE}=0.003 hydra.sweep.dir={tmp_path}_best_2 "
        "'seed=range(1,11)' hydra/sweeper=study"
    )
    assert "The command below trains the best trial with new seeds." in answer.lines
    assert any("The best of many looks better than it is" in line for line in answer.lines)
    assert len(answer.first.split()) <= MAX_WORDS
    assert not re.search(FORBIDDEN, answer.first, re.IGNORECASE)


def confirm(folder: Path, accuracies) -> None:
    """The best of three trials is trained with new seeds, from 1 on."""
    for seed, accuracy in enumerate(accuracies, start=1):
        settings = (f"{RATE}=0.003", f"seed={seed}")
        write_run(folder / str(seed), *settings, accuracy=float(accuracy))


def test_a_search_that_was_confirmed_says_what_new_seeds_reach(tmp_path):
    """And leaves the trial out, whose 82 % were chosen."""
    tuned(tmp_path / "s", 3)
    confirm(tmp_path / "s_best", 0.78 + ROUGH[:10])
    answer = answer_of(found_in(tmp_path / "s", tmp_path / "s_best"))
    low, high = t_interval(0.78 + ROUGH[:10], SHARE)
    reached = f"78.00 % ({100 * low:.2f} to {100 * high:.2f}, 10 seeds)"
    assert answer.first == f"Best of 3 trials: {RATE}=0.003; with new seeds it reaches {reached}."
    assert answer.command is None
    assert any("counts its 10 new seeds alone" in line for line in answer.lines)


def test_a_search_with_too_few_new_seeds_is_not_confirmed(tmp_path):
    tuned(tmp_path / "s", 3)
    confirm(tmp_path / "s_best", (0.7,) * (MIN_PAIRS - 1))
    answer = answer_of(found_in(tmp_path / "s", tmp_path / "s_best"))
    assert answer.first.endswith("; not yet confirmed with new seeds.")
    assert answer.command is not None


@pytest.mark.parametrize("name", ["a b", "it's", "a,b", "größe", "back\\slash"])
def test_the_command_that_confirms_a_search_is_read_as_it_is_meant(tmp_path, name):
    answer = tuned(tmp_path / name, 1)
    assert answer.command is not None
    (word,) = [each for each in shlex.split(answer.command) if each.startswith("hydra.sweep.dir")]
    parsed = OverridesParser.create().parse_override(word).value()
    assert str(parsed) == f"{tmp_path / name}_best_0"


def test_a_search_without_a_completed_trial_has_no_answer(tmp_path):
    tuned(tmp_path, 2)
    for number in range(2):
        change_record(tmp_path / str(number), lambda record: record.update(status="pruned"))
    answer = answer_of(found_in(tmp_path))
    assert (answer.first, answer.command) == (
        "No answer: of 2 trials, none was completed.",
        None,
    )
