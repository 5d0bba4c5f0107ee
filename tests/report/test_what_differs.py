"""A page names everything that two conditions differ in, and compares only what can be compared."""

import html
import json
from typing import Any

import numpy as np
import pytest
from conftest import config_of
from study import change_record, found_in, write_run, write_sweep

from fmnist_exp.data.loading import load
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.rendering import to_html
from fmnist_exp.report.runs import conditions, differing

ARM = (0.6, 0.7, 0.8, 0.7, 0.6)
BETTER = (0.8, 0.9, 0.9, 0.8, 0.8)
NO_CONDITION = ("seed", "data.dir", "data.split_seed", "training.callbacks")  # beginnings of keys


def page_of(folder):
    """What a reader of the report without its figures sees."""
    return html.unescape(to_html(build_page(found_in(folder), []), {}))


def varied_in(folder):
    """Key -> what the page says of its values, of every key that differs."""
    section = build_page(found_in(folder), []).sections[0]
    return {row[0]: row[1] for table in section.tables if not table.folded for row in table.rows}


def about(text, folder):
    """What checks have found that holds a text."""
    return [each.sentence for each in fired(found_in(folder)) if text in each.sentence]


def leaves(value: Any, key: str = "") -> dict[str, Any]:
    """Full key -> value of everything in a nested config."""
    if not isinstance(value, dict):
        return {key: value}
    return {
        name: leaf
        for inner, item in value.items()
        for name, leaf in leaves(item, f"{key}.{inner}" if key else inner).items()
    }


def changed(value: Any, generator: np.random.Generator) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}_{generator.integers(1000)}"
    if isinstance(value, list):
        return [*value, int(generator.integers(1, 1000))]
    return (value or 0) + int(generator.integers(1, 1000))


def with_changes(config: dict, keys, generator: np.random.Generator) -> None:
    """Change some keys of a nested config."""
    for key in keys:
        *path, last = key.split(".")
        inner = config
        for name in path:
            inner = inner[name]
        inner[last] = changed(inner[last], generator)


@pytest.mark.parametrize("seed", range(30))
def test_every_key_that_differs_between_two_random_configs_is_on_the_page(tmp_path, seed):
    generator = np.random.default_rng(seed)
    for name in "ab":
        write_run(tmp_path / name, "optimizer=nesterov", "model=regularized")
    first = json.loads((tmp_path / "a" / "run.json").read_text())["config"]
    first["training"]["callbacks"] = []
    keys = [key for key in leaves(first) if not key.startswith(NO_CONDITION)]
    chosen = generator.choice(keys, size=generator.integers(1, 8), replace=False)
    second = json.loads(json.dumps(first))
    with_changes(second, chosen, generator)
    second["optimizer"]["config"]["extra"] = 1.5  # a key that only one of them has
    for name, config in (("a", first), ("b", second)):
        change_record(tmp_path / name, lambda record, c=config: record.update(config=c))
    shown = page_of(tmp_path)
    rows = varied_in(tmp_path)
    for key in (*chosen, "optimizer.config.extra"):
        assert key in shown
        for config in (first, second):
            value = leaves(config).get(key)
            text = value if isinstance(value, str) else json.dumps(value)
            assert value is None or text in rows[key]


def test_case_C1_keys_that_changed_together_are_named_at_the_top(tmp_path):
    arms = {
        "0.01": (ARM, ()),
        "0.02": (BETTER, ("+optimizer.config.momentum=0.9",)),
    }
    for rate, (accuracies, more) in arms.items():
        for seed, accuracy in enumerate(accuracies):
            changes = (f"seed={seed}", "optimizer=sgd", f"optimizer.config.learning_rate={rate}")
            write_run(tmp_path / f"{rate} {seed}", *changes, *more, accuracy=accuracy)
    first = answer_of(found_in(tmp_path)).first
    assert "learning_rate and optimizer.config.momentum changed together" in first
    (text,) = about("cannot be told apart", tmp_path)
    where = "changed only where optimizer.config.learning_rate did"
    assert text.startswith(f"optimizer.config.momentum {where}: ")
    assert "not set with learning_rate=0.01; 0.9 with learning_rate=0.02" in page_of(tmp_path)


def together(*configs, chosen=()):
    """What is said of flat configs to have changed together."""
    return differing.changed_together(configs, chosen)


def keras(group, name, **arguments):
    """The flat keys of a Keras object."""
    return {f"{group}.name": name, f"{group}.class_name": name.partition(" ")[0]} | {
        f"{group}.config.{key}": str(value) for key, value in arguments.items()
    }


def test_parts_that_are_taken_away_one_at_a_time_are_told_apart():
    whole = {"model.name": "whole", "model.dropout": "0.3", "training.callbacks.stop.name": "stop"}
    callback = {"training.callbacks.stop.config.patience": "5"}
    no_dropout = {**whole, **callback, "model.name": "no_dropout", "model.dropout": "0.0"}
    no_stop = {"model.name": "no_stop", "model.dropout": "0.3"}
    assert differing.changed_together([{**whole, **callback}, no_dropout, no_stop]) == {}
    neither = {"model.name": "neither", "model.dropout": "0.0"}
    assert differing.changed_together([{**whole, **callback}, no_dropout, neither]) != {}


def flat(*overrides):
    """The flat config of a run."""
    return conditions.flatten(config_of(*overrides).plain())


def test_a_schedule_taken_away_is_one_change():
    """Its class and arguments go with it; each other variant differs in one key, too."""
    parts = ("nothing", "schedule", "dropout", "shifts", "mirror_images", "weight_averaging")
    variants = [flat("experiment=best", f"without={part}") for part in parts]
    assert differing.changed_one_at_a_time(variants)
    assert together(*variants) == {}


def test_what_an_augmentation_does_is_no_change_beside_its_name():
    assert together(flat("augmentation=none"), flat("augmentation=mirror_shift")) == {}
    assert together(
        flat("augmentation=mirror"), flat("augmentation=none", "model.dropout=0.1")
    ) == {("augmentation.name",): ["model.dropout"]}


def test_arguments_of_a_class_are_no_change_beside_it():
    glorot, he = keras("initializer", "Glorot"), keras("initializer", "He", scale=2, mode="in")
    assert together(glorot, he) == {}
    assert together(keras("optimizer", "Adam", rate=1), keras("optimizer", "SGD", rate=2)) == {}
    options = keras("optimizer", "SGD a", rate=1), keras("optimizer", "SGD b", rate=2)
    assert together(*options) == {("optimizer.name",): ["optimizer.config.rate"]}


def test_the_fewest_factors_that_fix_a_key_are_named():
    crossed = [
        {"a": str(a), "b": str(b), "c": str(c), "e": str(a * c)}
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
    ]
    assert together(*crossed) == {("a", "c"): ["e"]}


def test_factors_that_never_vary_apart_are_named():
    rates = [("Adam", 0.001), ("SGD", 0.01), ("SGD", 0.02)]
    tried = [keras("optimizer", name, rate=rate) for name, rate in rates]
    rate = "optimizer.config.rate"
    assert together(*tried) == {(rate,): ["optimizer.name"]}
    assert together(*tried, chosen=("optimizer.name", rate)) == {}  # a tuner's choice
    scales = [keras("initializer", "Scaling", scale=scale) for scale in (1, 2)]
    assert together(keras("initializer", "Glorot"), *scales) == {}  # which has no scale


def test_what_changed_with_the_data_alone_is_no_warning(tmp_path):
    write_run(tmp_path / "0", "data=synthetic", "initializer=he")
    write_run(tmp_path / "1", "data=digits", "initializer=lecun")
    assert about("cannot be told apart", tmp_path) == []


def test_all_keys_of_a_model_and_its_recipe_are_listed(tmp_path):
    write_run(tmp_path / "0", "model=baseline", "training=baseline")
    write_run(tmp_path / "1", "model=regularized", "training=regularized")
    rows = varied_in(tmp_path)
    assert {"model.name", "model.hidden", "model.dropout", "model.batch_normalization"} < set(rows)
    assert {"training.name", "training.epochs", "training.batch_size"} < set(rows)
    assert sum(key.startswith("training.callbacks.") for key in rows) > 4
    assert rows["model.dropout"] == "0.0 with baseline; 0.3 with regularized"
    (text,) = about("cannot be told apart", tmp_path)
    assert text.startswith("model.hidden, ")
    assert text.endswith(" changed only where model.name did: their effects cannot be told apart.")


def test_crossed_factors_changed_nothing_with_them(tmp_path):
    for number, change in enumerate([(16, "he"), (16, "lecun"), (32, "he"), (32, "lecun")]):
        write_run(tmp_path / str(number), f"model.hidden=[{change[0]}]", f"initializer={change[1]}")
    assert about("cannot be told apart", tmp_path) == []


@pytest.mark.parametrize(
    ("change", "what", "differs"),
    [
        ("data=digits", "differ in their test images", "synthetic; digits."),
        ("data.split_seed=7", "differ in their test images", "split_seed=0; split_seed=7."),
        ("data.num_test=3", "differ in their test images", "num_test=500; num_test=3."),
        ("engine=xla", "were trained by different engines", "engine=c; engine=xla."),
    ],
)
def test_case_O6_runs_on_different_data_or_engines_are_not_compared(
    tmp_path, change, what, differs
):
    write_sweep(tmp_path, {"he": ARM, "lecun": BETTER})
    for number, initializer in enumerate(("he", "lecun")):
        write_run(tmp_path / f"other {number}", f"initializer={initializer}", change)
    found = found_in(tmp_path)
    compared = found.comparisons["test_accuracy"]
    assert len(compared) == 2  # one on each data set, of six
    for each in compared:
        cells = [
            found.design.cells[name, each.place] for name in (each.condition_a, each.condition_b)
        ]
        assert cells[0].grounds == cells[1].grounds
    (text,) = about("are not compared", tmp_path)
    assert text == f"Conditions that {what} are not compared with each other: {differs}"
    assert about("cannot be told apart", tmp_path) == []


@pytest.mark.parametrize(
    ("data", "key", "value"),
    [
        ("synthetic", "num_train", 1000),
        ("synthetic", "validation_fraction", 0.1),
    ],
)
def test_case_O6_runs_that_differ_in_training_images_alone_are_compared(tmp_path, data, key, value):
    for number, change in enumerate(((), (f"data.{key}={value}",))):
        write_run(tmp_path / str(number), f"data={data}", *change)
        change_record(
            tmp_path / str(number),
            lambda record, n=number: record["provenance"].update(data_sha256=str(n) * 64),
        )
    found = found_in(tmp_path)
    assert len(found.comparisons["test_accuracy"]) == 1
    assert about("are not compared", tmp_path) == []
    assert build_page(found, []).title == f"Does the value of {key} matter?"


@pytest.mark.parametrize("num_train", [100, 1003])
def test_synthetic_test_images_do_not_hang_on_the_number_of_training_images(num_train):
    few = load(config_of("data=synthetic", f"data.num_train={num_train}").data).test
    usual = load(config_of("data=synthetic").data).test
    assert np.array_equal(few.images, usual.images)
    assert np.array_equal(few.labels, usual.labels)


def test_case_O6_one_name_for_two_data_sets_is_noticed_by_their_hash(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    write_run(tmp_path / "1", "initializer=he", "seed=1")
    change_record(tmp_path / "1", lambda record: record["provenance"].update(data_sha256="e" * 64))
    (text,) = about("are not compared", tmp_path)
    assert text.endswith(": sha256=d; sha256=eeeeeeeeeeee.")
    found = found_in(tmp_path)
    assert not any(found.comparisons.values())
    assert build_page(found, []).title == "Runs that differ in data.sha256"
    assert answer_of(found).first.startswith("No answer: no two of these may be held against")


def test_case_O6_levels_are_compared_on_each_data_set_by_itself(tmp_path):
    for number, width in enumerate((1, 2, 3, 4, 5)):
        write_run(tmp_path / f"a{number}", f"model.hidden=[{width}]")
        write_run(tmp_path / f"b{number}", f"model.hidden=[{width}]", "data=digits")
    found = found_in(tmp_path)
    compared = found.comparisons["test_accuracy"]
    assert [each.place for each in compared] == ["synthetic"] * 10 + ["digits"] * 10
    for each in compared:
        for name in (each.condition_a, each.condition_b):
            assert found.design.cells[name, each.place].config["data.name"] == each.place
    with_first = found_in(tmp_path, baseline="hidden=[1]").comparisons["test_accuracy"]
    assert [each.condition_b for each in with_first] == ["hidden=[1]"] * 8


def test_runs_that_are_identical_in_every_seed_are_said_to_be(tmp_path):
    write_sweep(tmp_path, {"he": ARM, "glorot": ARM, "lecun": BETTER}, answers=True)
    lines = answer_of(found_in(tmp_path)).lines
    assert any("glorot_uniform and he_normal are the same in every seed" in line for line in lines)
    (accuracy, *others) = found_in(tmp_path).comparisons["test_accuracy"]
    assert np.isnan([accuracy.p_value, accuracy.ci_low, accuracy.difference_std]).all()
    assert {each.num_comparisons for each in (accuracy, *others)} == {2}  # it is no test


def test_runs_that_tie_in_accuracy_alone_are_not_identical(tmp_path):
    write_sweep(tmp_path, {"he": ARM, "glorot": ARM})
    change_record(tmp_path / "0", lambda record: record["metrics"]["train"].update(loss=0.1))
    (comparison,) = found_in(tmp_path).comparisons["test_accuracy"]
    assert comparison.verdict != "identical"
