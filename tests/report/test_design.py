"""What is compared with what, in studies of one and of several factors."""

import pytest
from study import found_in, write_run, write_sweep

from fmnist_exp.errors import ConfigError
from fmnist_exp.report.design import INTERACTION

ARM = (0.6, 0.7, 0.8, 0.7, 0.6)


def crossed(folder, without=()):
    """Two initializers on three widths, five seeds each."""
    for width in (2, 10, 100):
        for place, name in enumerate(("he", "glorot")):
            if (name, width) not in without:
                for seed in range(5):
                    settings = (f"initializer={name}", f"model.hidden=[{width}]", f"seed={seed}")
                    accuracy = 0.6 + 0.01 * place + 0.001 * seed * width
                    write_run(folder / f"{name}{width}_{seed}", *settings, accuracy=accuracy)


def pairs(folder, **options):
    """(place, a, b) of all comparisons with a verdict."""
    found = found_in(folder, **options).comparisons["test_accuracy"]
    return [
        (each.place, each.condition_a, each.condition_b)
        for each in found
        if not each.is_descriptive
    ]


def test_all_pairs_hold_the_later_level_against_the_earlier(tmp_path):
    write_sweep(tmp_path, {"he": ARM, "glorot": ARM, "lecun": ARM})
    he, glorot, lecun = "he_normal", "glorot_uniform", "lecun_normal"
    assert pairs(tmp_path) == [("", glorot, he), ("", lecun, he), ("", lecun, glorot)]


@pytest.mark.parametrize("baseline", ["glorot", "glorot_uniform"])
def test_a_baseline_is_what_every_other_level_is_held_against(tmp_path, baseline):
    write_sweep(tmp_path, {"he": ARM, "glorot": ARM, "lecun": ARM})
    named = pairs(tmp_path, baseline=baseline)
    assert named == [("", name, "glorot_uniform") for name in ("he_normal", "lecun_normal")]


@pytest.mark.parametrize(("num_levels", "num_pairs"), [(8, 28), (9, 8)])
def test_more_than_eight_levels_are_held_against_the_first(tmp_path, num_levels, num_pairs):
    for number in range(num_levels):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    assert len(pairs(tmp_path)) == num_pairs


def test_levels_are_compared_at_each_place_and_averaged_over_them(tmp_path):
    crossed(tmp_path)
    places = [f"hidden=[{width}]" for width in (2, 10, 100)]
    assert pairs(tmp_path) == [
        (place, "glorot_uniform", "he_normal") for place in (*places, "averaged over model.hidden")
    ]


def test_average_is_taken_within_a_seed(tmp_path):
    crossed(tmp_path)
    found = found_in(tmp_path).comparisons["test_accuracy"]
    (average,) = [each for each in found if each.place.startswith("averaged over model")]
    assert average.difference_mean == pytest.approx(0.01)
    assert average.difference_std < 1e-9 + 1 / 30  # the spread over widths cancels in a seed


def test_other_factors_and_interactions_are_described(tmp_path):
    crossed(tmp_path)
    found = found_in(tmp_path).comparisons["test_accuracy"]
    described = [(each.place, each.condition_a) for each in found if each.is_descriptive]
    name = "glorot_uniform \N{MINUS SIGN} he_normal"
    assert described == [
        *((INTERACTION, f"{name}, hidden=[{width}]") for width in (10, 100)),
        *(("averaged over initializer", f"hidden=[{width}]") for width in (10, 100)),
    ]


def test_what_is_missing_at_a_place_is_not_averaged(tmp_path):
    crossed(tmp_path, without=[("he", 10)])
    assert [place for place, _, _ in pairs(tmp_path)] == ["hidden=[2]", "hidden=[100]"]
    assert found_in(tmp_path).design.missing() == [("he_normal", "hidden=[10]")]


def test_conditions_that_do_not_cross_are_levels_of_their_own(tmp_path):
    write_run(tmp_path / "0", "initializer=he", "model.hidden=[2]")
    write_run(tmp_path / "1", "initializer=glorot", "model.hidden=[3]")
    found = found_in(tmp_path)
    assert (found.design.factor, found.design.places) == ("initializer", ("",))
    write_run(tmp_path / "2", "initializer=lecun", "model.hidden=[4]", "optimizer=sgd")
    write_run(tmp_path / "3", "initializer=lecun", "model.hidden=[3]", "optimizer=adam")
    assert found_in(tmp_path).design.factor == "condition"
    assert len(pairs(tmp_path)) == 6


def test_options_that_were_changed_one_at_a_time_are_all_compared(tmp_path):
    for number, change in enumerate(((), ("initializer=he",), ("optimizer=sgd",))):
        write_run(tmp_path / str(number), *change)
    base, he, sgd = "glorot_uniform, adam", "he_normal, adam", "glorot_uniform, sgd"
    assert pairs(tmp_path) == [("", he, base), ("", sgd, base), ("", sgd, he)]


def test_a_baseline_that_names_two_levels_is_refused(tmp_path):
    for number, name in enumerate(("he_normal", "he_uniform", "lecun")):
        write_run(tmp_path / str(number), f"initializer.name={name}")
    with pytest.raises(ConfigError, match="received 'he', which names 2"):
        found_in(tmp_path, baseline="he")


def test_numbers_are_sorted_as_numbers(tmp_path):
    for number, rate in enumerate(("0.1", "0.002", "0.01")):
        write_run(tmp_path / str(number), f"optimizer.config.learning_rate={rate}")
    levels = found_in(tmp_path).design.levels
    assert levels == ("learning_rate=0.002", "learning_rate=0.01", "learning_rate=0.1")


@pytest.mark.parametrize(
    ("widths", "labels"),
    [
        (("[64,64]", "[64,64,64]"), ("2 hidden layers", "3 hidden layers")),
        (("[64,64]", "[32,32,32]"), ("hidden=64 x 2", "hidden=32 x 3")),
        (("[64,32]", "[64]"), ("hidden=[64, 32]", "hidden=[64]")),
    ],
)
def test_equal_widths_are_counted(tmp_path, widths, labels):
    for number, hidden in enumerate(widths):
        write_run(tmp_path / str(number), f"model.hidden={hidden}")
    assert found_in(tmp_path).design.levels == labels


def test_each_data_set_is_a_place_and_none_is_averaged(tmp_path):
    for number, (data, name) in enumerate(
        (data, name) for data in ("synthetic", "digits") for name in ("he", "lecun")
    ):
        write_run(tmp_path / str(number), f"data={data}", f"initializer={name}")
    assert [place for place, _, _ in pairs(tmp_path)] == ["synthetic", "digits"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"factor": "initialiser"}, "initializer"),
        ({"baseline": "glorrot_uniform"}, "glorot_uniform"),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_the_nearest(tmp_path, options, named):
    write_sweep(tmp_path, {"he": ARM, "glorot": ARM})
    with pytest.raises(ConfigError, match=f"received '{next(iter(options.values()))}'.*{named}"):
        found_in(tmp_path, **options)
