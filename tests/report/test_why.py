"""The section on the start of networks says what their numbers say, at each threshold."""

import numpy as np
import pytest
from starts import start
from study import found_in, write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.report.page import signal_lines
from fmnist_exp.report.page.signal_lines import paragraphs
from fmnist_exp.report.page.why import on_results, why, why_table
from fmnist_exp.report.starts import starts_of_study
from fmnist_exp.rundir.records import SIGNAL

ARM = (0.7, 0.72, 0.71, 0.73, 0.7)
LOW = [each - 0.1 for each in ARM]


def said(*starts):
    return " ".join(paragraphs(starts))


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.44, "leaves 44 % of the signal at every layer"),
        (0.46, "halves the signal at every layer"),
        (0.54, "halves the signal at every layer"),
        (0.56, "leaves 56 % of the signal at every layer"),
        (1.79, "multiplies the signal by 1.8 at every layer"),
        (1.81, "doubles the signal at every layer"),
        (2.21, "multiplies the signal by 2.2 at every layer"),
    ],
)
def test_what_a_layer_does_to_the_signal_has_a_word(ratio, words):
    assert f"glorot {words}: after 30 layers" in said(start("glorot", ratio))


def test_many_shares_are_a_range_and_equal_ones_are_told_once():
    names = ("a", "b", "c", "d", "e")
    assert "5 of them halve the signal at every layer: after 30 layers 3e-10 to 3e-9 of it" in said(
        *(start(name, 0.48 + 0.01 * number) for number, name in enumerate(names))
    )
    assert "a and b halve the signal at every layer: after 30 layers 9e-10 of it is left." in said(
        start("a", 0.5), start("b", 0.5)
    )


def test_how_much_is_left_of_a_signal_is_a_number_for_each_initializer():
    text = said(start("lecun", 0.5), start("glorot", 0.51), start("he", 1.0))
    assert (
        "lecun and glorot halve the signal at every layer: after 30 layers 9e-10 and 2e-9 of it is "
        "left. he keeps the signal within a factor of 10: after 30 layers it is 1 times as large."
    ) in text


@pytest.mark.parametrize(
    ("left", "is_kept"), [(0.099, False), (0.101, True), (9.9, True), (10.1, False)]
)
def test_a_signal_is_kept_within_a_factor_of_ten(left, is_kept):
    text = said(start(ratio=left ** (1 / 30)))
    assert ("he_normal keeps the signal within a factor of 10" in text) == is_kept


@pytest.mark.parametrize(("share", "is_weak"), [(0.009, True), (0.011, False)])
def test_a_layer_hardly_moves_from_a_hundredth_of_another_gradient(share, is_weak):
    text = said(start("he", gradient_norm=1.0), start("lecun", gradient_norm=share))
    weak = f"The first layer's gradient under lecun is {share:.3f} of that under he. Steps of SGD"
    little = f"the first layer's gradient by {1 / share:.0f}."
    assert (weak in text) == is_weak
    assert (little in text) != is_weak


def test_a_gradient_that_explodes_is_no_measure():
    text = said(start("scale=2"), start("scale=9", 2.0))
    assert "scale=9 doubles the signal" in text
    assert "The first layer's gradient under" not in text


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [("SGD", "hardly moves at first"), ("Adam", "Adam divides a gradient by its recent size")],
)
def test_what_a_weak_gradient_means_depends_on_the_optimizer(optimizer, words):
    pair = start("he", 1.0), start("lecun", 0.5, optimizer=optimizer)
    assert words in said(*pair)
    assert "at first" not in said(pair[0], start("lecun", 0.5, optimizer="Adagrad"))


@pytest.mark.parametrize(("factor", "word"), [(9.9, "differ little:"), (10.1, "differ:")])
def test_starts_that_differ_by_less_than_ten_differ_little(factor, word):
    assert f"he and lecun {word}" in said(start("he"), start("lecun", gradient_norm=factor))


def test_without_a_material_difference_nothing_is_said_of_results(tmp_path):
    (text,) = why_of(tmp_path, {"he": (ARM, 1.0), "lecun": (LOW, 0.5)})
    assert text == (
        "he_normal and lecun_normal differ little: the last layer's signal by a factor of 4.0, "
        "the first layer's gradient by 2.0."
    )


def test_signal_that_dies_or_grows_beyond_all_numbers_is_told():
    assert "he_normal lets the signal die out before the last layer." in said(start(ratio=0.0))
    text = said(start(mean_square=np.inf, gradient_norm=np.nan), start("lecun"))
    assert "he_normal lets the signal grow beyond any number." in text
    assert why_table([start(mean_square=np.nan)]).rows[0][4] == "-"


def test_batch_normalization_has_its_range():
    text = said(start(batch_normalization=True, mean_square=0.5))
    assert "sets the signal anew at every layer: mean squares lie between 0.50 and 0.50." in text


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"activation": "tanh"}, "under tanh"),
        ({"class_name": "Orthogonal"}, "under Orthogonal"),
        ({"batch_normalization": True}, "with batch normalization"),
    ],
)
def test_where_there_is_no_theory_is_told(values, where):
    without = start("this", **values)
    assert without.theory == {}
    assert f"No theory is drawn {where}: it is that of ReLU" in said(start("he"), without)
    assert "theory" not in said(start("he"))


@pytest.mark.parametrize(("share", "is_told"), [(0.09, False), (0.11, True)])
def test_dead_units_are_told_from_a_tenth(share, is_told):
    text = said(start(dead_share=share))
    assert ("Under he_normal 11 % of the hidden units answer every image alike." in text) == is_told


@pytest.mark.parametrize(("loss", "is_told"), [(4.5, False), (4.7, True)])  # 2 ln 10 is 4.605
def test_a_loss_twice_that_of_guessing_is_told(loss, is_told):
    text = said(start(initial_loss=loss))
    assert ("he_normal begins with a loss of 4.70, where guessing has 2.303" in text) == is_told


def test_deepest_networks_come_first_and_others_have_a_sentence():
    found = [
        start(level, ratio, hidden=(64,) * depth, place=f"{depth} hidden layers")
        for depth in (2, 10, 30)
        for level, ratio in (("he", 1.0), ("lecun", 0.5))
    ]
    first, others = paragraphs(found)
    assert first.startswith("At 30 hidden layers: he keeps the signal")
    assert others == (
        "At 10 hidden layers: he and lecun differ: the last layer's signal by a factor of 1000, "
        "the first layer's gradient by 32. At 2 hidden layers: he and lecun differ little: the "
        "last layer's signal by a factor of 4.0, the first layer's gradient by 2.0."
    )


def test_places_of_the_same_depth_are_told_in_full():
    found = [
        start(level, ratio, place=f"activation={name}", activation=name)
        for name in ("relu", "selu")
        for level, ratio in (("he", 1.0), ("lecun", 0.5))
    ]
    relu, selu, _ = paragraphs(found)
    assert "At activation=relu: he keeps the signal" in relu
    assert "At activation=selu: he keeps the signal" in selu


def test_sentences_have_twenty_five_words_at_most():
    found = [
        start(f"{level}_uniform", ratio, hidden=(64,) * depth, place=f"{depth} hidden layers")
        for depth in (10, 30)
        for level, ratio in (("glorot", 0.51), ("he", 1.0), ("lecun", 0.5))
    ]
    for sentence in said(*found).replace(". ", ".\n").split("\n"):
        assert len(sentence.split()) <= 25, sentence


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
