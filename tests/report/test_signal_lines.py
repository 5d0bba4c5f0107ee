"""Sentences on networks before training say what the numbers say, at each threshold."""

import numpy as np
import pytest
from starts import start

from fmnist_exp.report.page.lines import at
from fmnist_exp.report.page.signal_lines import paragraphs
from fmnist_exp.report.page.why import why_table


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
        "left. he keeps the signal within a factor of 10: after 30 layers it is as large as before."
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
    assert "hardly moves" not in said(start("grows", 3.0), start("halves", 0.5))  # no measure left


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


def test_a_place_that_lacks_a_key_reads_as_words():
    assert at("no split_seed") == "Without split_seed"
    assert at("30 hidden layers") == "At 30 hidden layers"
