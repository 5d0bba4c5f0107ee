"""Conditions are named by what differs between them, and never by what they are not."""

import pytest
from study import found_in, write_run

from fmnist_exp.report.runs.conditions import (
    LINE,
    MAX_NAME,
    flatten,
    label,
    naming_keys,
    short_names,
)
from fmnist_exp.report.runs.differing import differences
from fmnist_exp.report.runs.setting import setting

STOP = {"name": "stop", "class_name": "EarlyStopping", "config": {"patience": 3}}


@pytest.mark.parametrize(
    ("configs", "kept"),
    [
        ([{"a": "1", "b": "2"}, {"a": "1", "b": "3"}], ["b"]),
        ([{"a": "1", "b": "2"}, {"a": "2", "b": "3"}], ["a"]),
        ([{"a": "1", "b": "1"}, {"a": "1", "b": "2"}, {"a": "2", "b": "1"}], ["a", "b"]),
        ([{"a": "1"}, {}], ["a"]),
        ([{"a": "1"}, {"a": "1"}], ["initializer.name"]),
        ([{"a": "1", "model.name": "x"}, {"a": "2", "model.name": "y"}], ["model.name"]),
    ],
)
def test_fewest_keys_that_tell_configs_apart(configs, kept):
    assert naming_keys(configs) == kept


@pytest.mark.parametrize(
    ("name", "class_name", "called"),
    [
        ("glorot_uniform", "GlorotUniform", "glorot_uniform"),
        ("rmsprop", "RMSprop", "rmsprop"),
        ("glorot_uniform", "RandomNormal", "glorot_uniform (RandomNormal)"),
        ("nesterov", "SGD", "nesterov (SGD)"),
    ],
)
def test_class_is_named_where_the_name_does_not_say_it(name, class_name, called):
    flat = flatten({"initializer": {"name": name, "class_name": class_name, "config": {}}})
    assert flat == {"initializer.name": called, "initializer.class_name": class_name}


def test_values_are_texts_as_in_yaml():
    flat = flatten({"a": {"b": [64, 32], "c": None, "d": True, "e": 1e-5, "f": "ü"}})
    assert flat == {"a.b": "[64, 32]", "a.c": "null", "a.d": "true", "a.e": "1e-05", "a.f": "ü"}


def test_seed_and_folder_make_no_condition():
    assert flatten({"seed": 1, "data": {"dir": "here", "name": "digits"}}) == {
        "data.name": "digits"
    }


STOPS = {"stop": {key: value for key, value in STOP.items() if key != "name"}}


@pytest.mark.parametrize("callbacks", [[STOP], STOPS], ids=["of former records", "of records"])
def test_callbacks_are_told_apart_by_name(callbacks):
    flat = flatten({"training": {"callbacks": callbacks}})
    assert flat == {
        "training.callbacks.stop.name": "stop (EarlyStopping)",
        "training.callbacks.stop.class_name": "EarlyStopping",
        "training.callbacks.stop.config.patience": "3",
    }


def test_config_without_a_callback_says_so():
    configs = [flatten({"training": {"callbacks": named}}) for named in ([STOP], [])]
    factors = naming_keys(configs)
    assert [label(config, factors) for config in configs] == [
        "stop (EarlyStopping)",
        "no stop",
    ]


def test_every_key_that_differs_is_listed_with_the_factors_that_it_follows():
    configs = [
        {"a": "1", "b": "1", "c": "0", "d": "0", "e": "0"},
        {"a": "1", "b": "2", "c": "0", "d": "0", "e": "0"},
        {"a": "2", "b": "1", "c": "0", "d": "9", "e": "0"},
        {"a": "2", "b": "2", "c": "0", "d": "9"},
    ]
    assert differences(configs, naming_keys(configs)) == {
        **{"a": (), "b": ()},
        **{"d": ("a",), "e": ("a", "b")},
    }


def test_label_leaves_out_keys_that_the_config_lacks():
    assert label({"a.name": "he", "b.scale": "2"}, ["a.name", "b.scale"]) == "he, scale=2"
    assert label({"a.name": "he"}, ["a.name", "b.scale"]) == "he"


def test_arguments_of_one_name_are_given_their_whole_key():
    config = {"a.patience": "1", "b.patience": "2"}
    assert label(config, list(config)) == "a.patience=1, b.patience=2"


def test_characters_that_move_a_terminal_are_replaced():
    assert flatten({"name": "a\x1b[2J\r\nb"}) == {"name": "a\ufffd[2J\ufffd\ufffdb"}


def test_short_names_stay_whole():
    assert short_names(["glorot_uniform", "he_normal"]) == ["glorot_uniform", "he_normal"]


def test_long_names_keep_both_ends_in_two_lines():
    (name,) = short_names(["begin " + "x" * 110 + " end"])
    assert name.startswith("begin")
    assert name.endswith("end")
    assert "…" in name
    assert len(name) <= MAX_NAME + 2
    assert max(map(len, name.split("\n"))) <= LINE


def test_names_that_differ_in_the_middle_only_are_numbered():
    names = ["a" * 60 + middle + "b" * 60 for middle in "xyz"]
    shown = short_names([*names, "c"])
    assert len(set(shown)) == 4
    assert [text[:2] for text in shown] == ["1:", "2:", "3:", "c"]


@pytest.mark.parametrize(
    ("widths", "said"),
    [
        (("[8]", "[8,8]"), "2 depths"),
        (("[8]", "[16]"), "2 networks"),
        (("[8]", "[8,16]"), "2 networks"),
    ],
)
def test_networks_that_differ_in_depth_are_counted_as_depths(widths, said, tmp_path):
    for number, each in enumerate(widths):
        write_run(tmp_path / str(number), f"model.hidden={each}")
    assert said in setting(found_in(tmp_path).study.measured)
