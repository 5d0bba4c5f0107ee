"""Each check fires where it should, is silent where it should not, and is explained in the docs."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.aggregate import aggregate
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.checks import CHECKS, fired
from fmnist_exp.report.page.run_checks import OVERFITTING
from fmnist_exp.rundir import plan, records

pytestmark = pytest.mark.usefixtures("undrawn")

GOOD, OTHER = (0.80, 0.81, 0.79, 0.82, 0.80), (0.60, 0.61, 0.62, 0.60, 0.59)
RATE = "optimizer.config.learning_rate"


def told(*folders: Path) -> dict[str, str]:
    """Code -> sentence of the checks that fire."""
    return dict(fired(found_in(*folders)))


def sweep(folder: Path, first=GOOD, second=OTHER, **options) -> None:
    write_sweep(folder, {"he": first, "lecun": second}, answers=True, num_epochs=1, **options)


def add(folder: Path, *overrides: str, **options) -> None:
    """One more run of the first condition of `sweep`."""
    settings = ("initializer=he", "seed=5", *overrides)
    write_run(folder / "more", *settings, answers=True, num_epochs=1, **options)


def grid(folder: Path, accuracies: dict[str, float], key: str = RATE) -> None:
    """Five seeds at each value of a key; their accuracies lie 0.1 points around the given one."""
    for value, accuracy in accuracies.items():
        for seed in range(5):
            run = folder / f"{value} {seed}"
            around = accuracy + (seed - 2) / 2000
            settings = (f"{key}={value}", f"seed={seed}")
            write_run(run, *settings, accuracy=around, answers=True, num_epochs=1)


def curves(folder: Path, losses, accuracies=None, planned=8, saved=None) -> None:
    """Five seeds whose validation loss and accuracy went so, over the epochs."""
    accuracies = [0.8] * len(losses) if accuracies is None else accuracies
    for seed in range(5):
        run = folder / str(seed)
        settings = (f"seed={seed}", f"training.epochs={planned}")
        write_run(run, *settings, answers=True, num_epochs=len(losses))
        change_record(run, lambda record: record.update(evaluated_epoch=saved or len(losses)))
        path = run / records.HISTORY
        history = pd.read_csv(path)
        history["validation_loss"], history["validation_accuracy"] = losses, accuracies
        history.to_csv(path, index=False)


def looked(folder: Path, seeds: int) -> None:
    """A report after some seeds, then six of each."""
    sweep(folder, (*GOOD, 0.8)[:seeds], (*OTHER, 0.6)[:seeds])
    aggregate([folder], folder.parent / "report")
    sweep(folder / "later", (*GOOD, 0.8), (*OTHER, 0.6))


def planned_looks(folder: Path, *, reused: bool = False) -> None:
    """A sweep with looks at five seeds and ten, of which it has taken the first."""
    sweep(folder)
    change_record(folder / "1", lambda record: record.update(reused=reused))
    settling = plan.Settling(
        factor="initializer", levels=("he", "lecun"), looks=(5, 10), sesoi=0.003, alpha=0.05
    )
    study = plan.PlannedStudy(
        num_runs=0, code_sha256="c", options=(), execution={}, settling=settling
    )
    plan.write_study(folder, study)


def provenance(folder: Path, **change) -> None:
    sweep(folder)
    change_record(folder / "1", lambda record: record["provenance"].update(change))


def together(folder: Path, momentum: dict[str, str]) -> None:
    """Two learning rates of SGD, each with a momentum."""
    for rate, value in momentum.items():
        for seed in range(5):
            settings = (
                "optimizer=nesterov",
                f"{RATE}={rate}",
                f"optimizer.config.momentum={value}",
            )
            run = folder / f"{rate} {value} {seed}"
            write_run(run, *settings, f"seed={seed}", answers=True, num_epochs=1)


FALLING, RISING = np.linspace(1, 0.3, 8), np.linspace(0.70, 0.84, 8)  # 4 points a quarter
RISEN = [0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.45, 0.4 * (1 + OVERFITTING) + 0.001]
SPREAD = [0.80, 0.801, 0.802, 0.803, 0.804, 0.805, 0.806, 0.807]

# Code -> what makes it fire, and the nearest that must not.
Make = Callable[[Path], None]
CASES: dict[str, tuple[Make, Make]] = {
    "failed-runs": (lambda at: (sweep(at), add(at, status="diverged")), sweep),
    "no-result": (
        lambda at: (sweep(at), add(at, "initializer=orthogonal", status="failed")),
        lambda at: (sweep(at), add(at, status="failed")),
    ),
    "at-chance": (  # of three classes
        lambda at: sweep(at, second=(1 / 3, 0.34, 0.33, 0.34, 0.33)),
        lambda at: sweep(at, second=(0.51, 0.5, 0.5, 0.5, 0.51)),
    ),
    "too-easy": (
        lambda at: sweep(at, [1.0] * 5, [0.9991] * 5),
        lambda at: sweep(at, [1.0] * 5, [1.0, 1.0, 1.0, 1.0, 0.998]),
    ),
    "changed-together": (
        lambda at: together(at, {"0.1": "0.5", "0.2": "0.9"}),
        lambda at: (
            together(at, {"0.1": "0.5", "0.2": "0.9"}),
            together(at, {"0.1": "0.9", "0.2": "0.5"}),
        ),
    ),
    "few-seeds": (lambda at: sweep(at, second=OTHER[:4]), sweep),
    "unequal-seeds": (lambda at: (sweep(at), add(at)), sweep),
    "shared-chance": (
        lambda at: (sweep(at), add(at, "seeds.order=0")),
        sweep,
    ),
    "seeds-added": (lambda at: looked(at, 5), lambda at: looked(at, 6)),
    "reused-runs": (lambda at: planned_looks(at, reused=True), planned_looks),
    "odd-run": (
        lambda at: sweep(at, second=[*SPREAD, 0.7]),
        lambda at: sweep(at, second=[*SPREAD, 0.78]),  # moves the mean by 0.26 points
    ),
    "mixed-code": (lambda at: provenance(at, code_sha256="another"), sweep),
    "uncommitted-code": (
        lambda at: provenance(at, git_dirty=True),
        lambda at: provenance(at, git_dirty=False),
    ),
    "different-data": (
        lambda at: (sweep(at), add(at, "data.num_test=7")),
        lambda at: (sweep(at), add(at, "data.num_train=700")),
    ),
    "mixed-engines": (lambda at: (sweep(at), add(at, "engine=xla")), sweep),
    "still-improving": (
        lambda at: curves(at, FALLING, RISING),
        lambda at: curves(at, FALLING[::-1], RISING),  # as the shipped study: only accuracy rises
    ),
    "overfitting": (lambda at: curves(at, RISEN), lambda at: curves(at, RISEN, saved=7)),
    "edge-of-grid": (
        lambda at: grid(at, {"0.1": 0.7, "0.2": 0.75, "0.4": 0.8}),
        lambda at: grid(at, {"0.1": 0.7, "0.2": 0.798, "0.4": 0.8}),  # leads by 0.2 points
    ),
    "left-out": (lambda at: (sweep(at), add(at, "seed=4", accuracy=GOOD[4])), sweep),
}


@pytest.mark.parametrize("code", CHECKS)
def test_check_fires_where_it_should(tmp_path, code):
    CASES[code][0](tmp_path / "s")
    assert code in told(tmp_path / "s")


@pytest.mark.parametrize("code", CHECKS)
def test_check_is_silent_where_it_should_not_fire(tmp_path, code):
    CASES[code][1](tmp_path / "s")
    assert code not in told(tmp_path / "s")


def test_docs_have_a_section_for_every_code_in_the_same_order():
    docs = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)$", docs, re.MULTILINE) == list(CHECKS)
    sections = docs.split("\n## ")[1:]
    assert all("**Why it matters:**" in each and "**What to do:**" in each for each in sections)


def test_clean_study_fires_nothing(tmp_path):
    write_sweep(tmp_path, {"he": GOOD}, answers=True, num_epochs=1)
    assert told(tmp_path) == {}


def test_the_most_important_comes_first(tmp_path):
    provenance(tmp_path, code_sha256="another")
    add(tmp_path, status="failed")
    codes = list(told(tmp_path))
    assert codes == sorted(codes, key=list(CHECKS).index)
    assert codes[0] == "failed-runs"


@pytest.mark.parametrize("status", ["diverged", "failed", "interrupted"])
def test_one_run_that_ended_otherwise_is_named(tmp_path, status):
    write_run(tmp_path / "s" / "0", status=status)
    assert told(tmp_path / "s")["failed-runs"] == f"1 run {status}: s/0."


def test_of_many_runs_the_first_are_named_after_their_number(tmp_path):
    for seed in range(23):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", status="failed")
    write_run(tmp_path / "s" / "x", "seed=23", status="diverged")
    text = told(tmp_path / "s")["failed-runs"]
    assert text.startswith("1 run diverged: s/x; 23 runs failed: s/0, s/1, ")
    assert text.endswith("s/19 and 3 more.")


def test_unfinished_runs_are_named(tmp_path):
    write_run(tmp_path / "s" / "0", answers=True)
    (tmp_path / "s" / "1" / ".hydra").mkdir(parents=True)
    text = "1 run unfinished: s/1 (ended without a record; its log may say why)."
    assert told(tmp_path / "s")["failed-runs"] == text


def test_runs_that_have_no_part_in_a_table_are_named(tmp_path):
    for number in range(3):
        write_run(tmp_path / "s" / str(number), answers=True)
    write_run(tmp_path / "s" / "3", "seed=1")
    assert told(tmp_path / "s")["left-out"] == (
        "2 runs left out, as another has the same condition and seed: s/1, s/2; "
        "1 run without stored predictions, left out of calibration, agreement and ensemble: s/3."
    )


def test_seeds_of_one_arm_only_are_named(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": GOOD[:3]}, answers=True)
    text = "Seeds that not every condition has: 3, 4 (only he_normal)."
    assert told(tmp_path)["unequal-seeds"] == text


def test_seeds_of_data_that_are_not_compared_are_no_seeds_that_others_lack(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": GOOD}, answers=True)
    for seed in range(5, 10):
        write_run(tmp_path / f"x{seed}", "data=digits", f"seed={seed}", answers=True)
    assert "unequal-seeds" not in told(tmp_path)


def test_names_with_commas_are_told_apart_in_a_list(tmp_path):
    for number, (width, name) in enumerate([(1, "he"), (1, "lecun"), (2, "he"), (2, "lecun")]):
        settings = (f"model.hidden=[{width}]", f"initializer={name}", f"seed={number % 2}")
        write_run(tmp_path / str(number), *settings)
    assert told(tmp_path)["unequal-seeds"] == (
        "Seeds that not every condition has: 0 (only he_normal, hidden=[1]; he_normal, hidden=[2]);"
        " 1 (only lecun_normal, hidden=[1]; lecun_normal, hidden=[2])."
    )


def test_conditions_are_named_while_they_are_few(tmp_path):
    few = "Fewer than 5 seeds: "
    write_sweep(tmp_path / "one", {"he": GOOD, "lecun": GOOD[:4]})
    assert told(tmp_path / "one")["few-seeds"].startswith(f"{few}lecun_normal. ")
    write_sweep(tmp_path / "all", {"he": GOOD[:4], "lecun": GOOD[:4]})
    assert told(tmp_path / "all")["few-seeds"].startswith(f"{few}all conditions. ")
    write_sweep(tmp_path / "many", {"he": GOOD})
    for width in range(1, 6):
        write_run(tmp_path / "many" / f"x{width}", "initializer=he", f"model.hidden=[{width}]")
    text = told(tmp_path / "many")["few-seeds"]
    assert text.startswith(f"{few}5 of 6 conditions, such as hidden=[1]. ")


def test_seeds_that_were_added_are_named_with_their_conditions(tmp_path):
    looked(tmp_path / "s", 5)
    text = told(tmp_path / "s")["seeds-added"]
    assert text.startswith("Runs were added after a report was made (he_normal; lecun_normal)")
    for _ in range(2):  # no later report forgets it
        aggregate([tmp_path / "s"], tmp_path / "report")
        assert told(tmp_path / "s")["seeds-added"] == text
        assert not any("In at most 5" in line for line in answer_of(found_in(tmp_path / "s")).lines)


def test_a_look_without_verdicts_costs_nothing(tmp_path):
    looked(tmp_path / "s", 3)
    assert "seeds-added" not in told(tmp_path / "s")
    assert any("In at most 5 of 100" in line for line in answer_of(found_in(tmp_path / "s")).lines)


def test_a_report_of_the_folder_above_knows_the_look_and_so_does_one_with_a_new_arm(tmp_path):
    sweep(tmp_path / "s")
    aggregate([tmp_path / "s"], tmp_path / "report")
    write_sweep(tmp_path / "new", {"glorot": GOOD})
    text = told(tmp_path)["seeds-added"]
    assert text.startswith("Runs were added after a report was made (glorot_uniform)")
    lines = answer_of(found_in(tmp_path)).lines
    assert not any("In at most 5 of 100" in line for line in lines)


def test_planned_looks_do_not_hold_together_with_other_folders(tmp_path):
    planned_looks(tmp_path / "s")
    assert "seeds-added" not in told(tmp_path / "s")
    write_sweep(tmp_path / "other", {"glorot": GOOD})
    assert "added until it was settled" in told(tmp_path)["seeds-added"]
    lines = answer_of(found_in(tmp_path)).lines
    assert not any("In at most 5 of 100" in line for line in lines)


def test_an_odd_run_is_named_with_its_result(tmp_path):
    sweep(tmp_path / "s", second=[*SPREAD, 0.7])
    text = "A run stands out: s/13 (lecun_normal) with 70.00 %, where 80.30 % is usual. "
    assert told(tmp_path / "s")["odd-run"].startswith(text)


def test_training_that_a_callback_stopped_was_not_stopped_too_early(tmp_path):
    curves(tmp_path, FALLING, RISING, planned=100)
    assert "still-improving" not in told(tmp_path)


def test_best_value_of_zero_is_at_no_edge(tmp_path):
    grid(tmp_path, {"0.0": 0.8, "0.2": 0.75, "0.4": 0.7}, "model.dropout")
    assert "edge-of-grid" not in told(tmp_path)


def test_a_lead_that_chance_explains_is_at_no_edge(tmp_path):
    """With an SD of 10 points, five seeds tell nothing about a lead of 1 point."""
    for number, value in enumerate((0.1, 0.2, 0.4)):
        for seed in range(5):
            accuracy = 0.7 + 0.01 * number + 0.1 * ((seed * (number + 1)) % 5 - 2) / 2
            settings = (f"{RATE}={value}", f"seed={seed}")
            write_run(tmp_path / f"{value} {seed}", *settings, accuracy=accuracy)
    assert "edge-of-grid" not in told(tmp_path)


def test_edge_names_the_value_and_its_end(tmp_path):
    grid(tmp_path, {"0.1": 0.7, "0.2": 0.75, "0.4": 0.8})
    start = "The best value of learning_rate, 0.4, is the largest that was tried; "
    assert told(tmp_path)["edge-of-grid"].startswith(start)
