"""The section on the start of networks has what runs measured, and holds results against it."""

import pytest
from starts import start
from study import found_in, write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.report.page import signal_lines
from fmnist_exp.report.page.why import on_results, why, why_table
from fmnist_exp.report.starts import starts_of_study
from fmnist_exp.rundir.records import SIGNAL

ARM = (0.7, 0.72, 0.71, 0.73, 0.7)
LOW = [each - 0.1 for each in ARM]


def write_arms(folder, arms):
    """Runs of initializers: accuracies of the seeds, and the ratio of mean squares."""
    for name, (accuracies, ratio) in arms.items():
        for seed, accuracy in enumerate(accuracies):
            settings = (f"initializer={name}", f"seed={seed}", "model.hidden=[8,8]")
            write_run(
                folder / name / str(seed),
                *settings,
                accuracy=accuracy,
                signal=ratio,
                images=1000,
            )


def why_of(folder, arms):
    write_arms(folder, arms)
    return list(why(found_in(folder), []).paragraphs)


def test_without_a_material_difference_nothing_is_said_of_results(tmp_path):
    (text,) = why_of(tmp_path, {"he": (ARM, 1.0), "lecun": (LOW, 0.5)})
    assert text == (
        "he_normal and lecun_normal differ little: the last layer's signal by a factor of 4.0, "
        "the first layer's gradient by 2.0."
    )


RESULTS = {
    "as the signals": (
        *(ARM, LOW),
        "Results agree: he_normal keeps the signal better than lecun_normal, and is better.",
    ),
    "against them": (
        *(LOW, ARM),
        "lecun_normal is better than he_normal, which keeps the signal better.",
    ),
    "equal": (ARM, ARM[::-1], None),
    "the same": (ARM, [each + 0.001 for each in ARM], "Training made that good: he_normal and"),
    "guessing": ([0.33] * 5, [0.33] * 5, None),
}


@pytest.mark.parametrize("case", RESULTS)
def test_results_are_held_against_signals_where_gradients_differ_a_hundredfold(
    case, tmp_path, monkeypatch
):
    monkeypatch.setattr(signal_lines, "WEAK", 0.51)  # two layers that halve leave half of it
    one, other, expected = RESULTS[case]
    write_arms(tmp_path, {"he": (one, 1.0), "lecun": (other, 0.5)})
    findings = found_in(tmp_path)
    starts = starts_of_study(findings.study, findings.design)
    told = on_results(starts, findings.design, findings.judged)
    assert [each[: len(expected or "")] for each in told] == ([expected] if expected else [])


def test_runs_of_former_code_have_no_section_or_are_named(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    assert not why(found_in(tmp_path), []).paragraphs
    write_run(tmp_path / "1", "initializer=lecun", signal=0.5)
    assert (
        "Not measured by runs of former code: he_normal." in why(found_in(tmp_path), []).paragraphs
    )


def test_conditions_that_differ_in_training_alone_start_alike(tmp_path):
    for number, settings in enumerate(("optimizer=adam", "optimizer=sgd", "model.dropout=0.5")):
        write_run(tmp_path / str(number), settings, signal=0.5)
    findings = found_in(tmp_path)
    (found,) = starts_of_study(findings.study, findings.design)
    assert found.label == "glorot_uniform"
    assert found.optimizers == {"Adam", "SGD"}
    assert len(found.members) == 3


def test_runs_of_the_same_initial_weights_are_one_draw(tmp_path):
    for seed in range(3):
        settings = (f"seed={seed}", "seeds.initialization=7")
        write_run(tmp_path / str(seed), *settings, signal=0.5)
    findings = found_in(tmp_path)
    (row,) = why_table(starts_of_study(findings.study, findings.design)).rows
    assert row[1] == "1"


def test_table_has_medians_over_the_draws_beside_theory(tmp_path):
    for seed, ratio in enumerate((0.4, 0.5, 0.9)):
        write_run(tmp_path / str(seed), "initializer=lecun", f"seed={seed}", signal=ratio)
    findings = found_in(tmp_path)
    (row,) = why_table(starts_of_study(findings.study, findings.design)).rows
    assert list(row) == [
        *("lecun_normal", "3", "1.099", "50", "1.00", "0.250", "0.500", "0.500", "0.500", "0.0")
    ]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda rows: rows[:-1], r"it must hold the layers of run.json, received 2"),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], "its layers must count from 1"),
        (lambda rows: [*rows[:3], rows[3].replace("3,", "nan,")], "its layers must count from 1"),
        (lambda rows: [*rows[:3], rows[3].replace(",128,", ",0,")], "must have inputs and units"),
        (lambda rows: [rows[0].replace("fan_in", "fan"), *rows[1:]], "its columns must be layer"),
    ],
)
def test_damaged_signal_is_refused(damage, message, tmp_path):
    write_run(tmp_path / "0", signal=0.5)
    path = tmp_path / "0" / SIGNAL
    path.write_text("\n".join(damage(path.read_text().splitlines())))
    with pytest.raises(RecordError, match=f"cannot read .*{SIGNAL}.*{message}"):
        found_in(tmp_path)


def test_numbers_of_any_size_have_few_digits():
    (row,) = why_table([start(ratio=1e60, hidden=(8, 8))]).rows
    assert max(map(len, row)) <= len("he_normal")
