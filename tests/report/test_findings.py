"""Everything that a report says rests on the right runs, or is refused by name."""

from dataclasses import replace

import pytest
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.report import findings as module
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.records import Seeds

ARMS = {"he": (0.7, 0.8, 0.9), "lecun": (0.8, 0.9, 0.7)}


def test_conditions_are_compared_on_accuracy_and_loss_over_common_seeds(tmp_path):
    write_sweep(tmp_path, {**ARMS, "he": (0.7, 0.8, 0.9, 0.1)})
    comparisons = found_in(tmp_path).comparisons
    assert list(comparisons) == [
        *("test_accuracy", "test_loss", "first_epoch_train_loss", "mean_validation_loss")
    ]
    for (comparison,) in comparisons.values():
        assert comparison.num_pairs == 3
        assert comparison.difference_mean == pytest.approx(0)


@pytest.mark.parametrize("name", ["lecun_normal", "lecun"])
def test_baseline_is_named_by_label_or_by_option(tmp_path, name):
    for number, option in enumerate(("he", "lecun", "glorot")):
        write_run(tmp_path / str(number), f"initializer={option}")
    compared = found_in(tmp_path, baseline=name).comparisons["test_accuracy"]
    assert [each.condition_b for each in compared] == ["lecun_normal"] * 2


def test_case_O16_baseline_has_the_short_name_of_an_option_that_was_not_typed(tmp_path):
    for number, option in enumerate(("glorot_uniform", "he_normal", "lecun_normal")):
        write_run(tmp_path / str(number), f"initializer={option}")
    for short, long in (("glorot", "glorot_uniform"), ("he", "he_normal")):
        compared = found_in(tmp_path, baseline=short).comparisons["test_accuracy"]
        assert [each.condition_b for each in compared] == [long] * 2


def test_unknown_baseline_is_refused_with_the_nearest_name(tmp_path):
    write_sweep(tmp_path, ARMS)
    with pytest.raises(ConfigError, match=r"received 'he_norml', which names 0.*he_normal\?"):
        found_in(tmp_path, baseline="he_norml")


def test_baseline_that_names_two_conditions_is_refused(tmp_path):
    """Of options that were changed one at a time each condition is a level."""
    for number, (width, name) in enumerate([(16, "he"), (32, "he"), (16, "lecun")]):
        write_run(tmp_path / str(number), f"model.hidden=[{width}]", f"initializer={name}")
    with pytest.raises(ConfigError, match="which names 2"):
        found_in(tmp_path, baseline="he_normal")


def test_baseline_without_completed_runs_is_refused(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    write_run(tmp_path / "1", "initializer=lecun", status="failed")
    with pytest.raises(ConfigError, match="must name one initializer with completed runs"):
        found_in(tmp_path, baseline="lecun_normal")


def test_repeated_run_counts_once(tmp_path):
    for number in range(2):
        write_run(tmp_path / "s" / str(number))
    findings = found_in(tmp_path / "s")
    assert findings.study.repeated == ["s/1"]
    assert [len(condition.runs) for condition in findings.study.measured] == [1]


def test_different_results_of_one_condition_and_seed_are_refused_by_name(tmp_path):
    write_run(tmp_path / "s" / "a", accuracy=0.8)
    write_run(tmp_path / "s" / "b", accuracy=0.8, run_key="other code, same result")
    assert found_in(tmp_path / "s").study.repeated == ["s/b"]
    write_run(tmp_path / "s" / "c", accuracy=0.9, run_key="other code")
    with pytest.raises(RecordError, match=r"two of glorot_uniform, seed 0: s/a and s/c\."):
        found_in(tmp_path / "s")


def test_results_of_one_key_that_processors_have_rounded_otherwise_count_once(tmp_path):
    write_run(tmp_path / "s" / "a", accuracy=0.8)
    write_run(tmp_path / "s" / "b", accuracy=0.8)
    change_record(tmp_path / "s" / "b", lambda record: record["metrics"]["test"].update(loss=0.21))
    assert found_in(tmp_path / "s").study.repeated == ["s/b"]


@pytest.mark.parametrize("subdir", ["{}", "x/{}"])
def test_planned_runs_that_have_not_begun_are_named(tmp_path, subdir):
    sweep = tmp_path / "s"
    for number in range(3):
        name = subdir.format(number)
        plan.write_run(
            sweep, plan.PlannedRun(number=number, directory=name, overrides=(), config={})
        )
        if number != 1:
            write_run(sweep / name, f"seed={number}")
    study = plan.PlannedStudy(num_runs=3, code_sha256="c", options=(), execution={})
    plan.write_study(sweep, study)
    expected = (f"s/{subdir.format(1)} (not begun)",)
    assert found_in(sweep).study.unfinished == expected
    assert found_in(tmp_path).study.unfinished != ()
    assert found_in(sweep / subdir.format(0)).study.unfinished == ()


def test_failed_runs_of_other_code_make_nothing_ambiguous(tmp_path):
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", run_key="other code", status="failed")
    assert len(found_in(tmp_path).study.measured) == 1


def test_answers_that_were_read_are_compared(tmp_path):
    arms = {"he": (0.7, 0.8, 0.9, 0.8, 0.8), "lecun": (0.8, 0.9, 0.7, 0.8, 0.8)}
    write_sweep(tmp_path / "stored", arms, answers=True)
    write_sweep(tmp_path / "not", {"glorot": (0.8,) * 5})
    found = found_in(tmp_path)
    assert list(found.predictions) == ["he_normal", "lecun_normal"]
    assert list(found.new_images) == [("", "lecun_normal", "he_normal")]
    low, high = found.new_images["", "lecun_normal", "he_normal"]
    assert low < 0 < high


def test_runs_without_predictions_are_left_out(tmp_path):
    write_run(tmp_path / "s" / "0", answers=True)
    write_run(tmp_path / "s" / "1", "seed=1")
    found = found_in(tmp_path / "s")
    assert found.predictions["glorot_uniform"].seeds == (Seeds(0, 0, 0, 0, 0, 0),)


def test_damaged_predictions_are_refused_by_name(tmp_path):
    write_run(tmp_path / "0", answers=True)
    (tmp_path / "0" / "predictions.npz").write_bytes(b"PK")
    with pytest.raises(RecordError, match=r"cannot read .*0/predictions.npz: it must hold"):
        found_in(tmp_path)


def test_answers_to_other_images_are_not_compared(tmp_path):
    write_run(tmp_path / "0", answers=True)
    write_run(tmp_path / "1", "data=digits", class_names="abcd", answers=True)
    found = found_in(tmp_path)
    assert found.new_images == {}


def test_the_table_of_comparisons_has_the_columns_of_the_files(tmp_path):
    write_sweep(tmp_path, {name: (*values, 0.8, 0.85) for name, values in ARMS.items()})
    [first, *_] = found_in(tmp_path).comparisons["test_accuracy"]
    table = module.comparison_table([first, replace(first, look=5)])
    assert list(table)[:12] == [
        *("metric", "condition_a", "condition_b", "num_pairs", "difference_mean"),
        *("ci_low", "ci_high", "equal_low", "equal_high", "p_value", "verdict", "place"),
    ]
    assert list(table)[-2:] == ["look", "descriptive"]
    lines = table.to_csv(index=False).splitlines()
    assert [line.split(",")[-2] for line in lines[1:]] == ["", "5"]
    assert ",undecided," in lines[1]
    assert list(module.comparison_table([])) == list(table)
