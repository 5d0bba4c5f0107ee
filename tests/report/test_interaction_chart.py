"""The chart of several factors shows each level over the other factor."""

import numpy as np
import pytest
from study import found_in, write_run

from fmnist_exp.report.charts import drawing, study_charts
from fmnist_exp.report.page.build import build_page

NAMES = ("he", "lecun")


def write(folder, settings, *, accuracy=lambda name, place: 0.8, left_out=(), seeds=5):
    number = 0
    for place, setting in enumerate(settings):
        for name in NAMES:
            for seed in range(0 if (name, place) in left_out else seeds):
                write_run(
                    folder / str(number),
                    *(f"initializer={name}", *setting, f"seed={seed}"),
                    accuracy=accuracy(name, place) + 0.001 * seed,
                    images=1000,
                )
                number += 1
    return found_in(folder)


def layers(*depths):
    return [(f"model.hidden={[8] * depth}",) for depth in depths]


def interaction(found):
    (chart,) = [each for each in study_charts.draw_study(found) if each.name == "interaction"]
    return chart


def test_levels_are_lines_in_their_colours_over_numbers(tmp_path):
    found = write(tmp_path, layers(1, 2, 6), accuracy=lambda name, place: 0.8 - 0.1 * place)
    (axes,) = interaction(found).figure.axes
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [line.get_label() for line in lines] == ["he_normal", "lecun_normal"]
    assert [line.get_color() for line in lines] == [drawing.colour(0), drawing.colour(1)]
    for line in lines:
        np.testing.assert_allclose(line.get_xdata(), [1, 2, 6], atol=0.1)
        np.testing.assert_allclose(line.get_ydata(), [80.2, 70.2, 60.2])
    assert axes.get_xlabel() == "hidden layers"
    assert axes.get_ylabel() == "test accuracy, %"


def test_it_stands_beside_the_answer_and_no_second_chart_of_it_does(tmp_path):
    found = write(tmp_path, layers(1, 2))
    charts = study_charts.draw_study(found)
    assert build_page(found, charts).chart.name == "interaction"
    assert "answer" not in [chart.name for chart in charts]


@pytest.mark.parametrize(
    ("accuracy", "text"), [(0.4, "chance"), (0.9, "chance (33.3 %) lies below")]
)
def test_chance_is_marked_or_said_to_lie_below(tmp_path, accuracy, text):
    found = write(tmp_path, layers(1, 2), accuracy=lambda name, place: accuracy)
    (axes,) = interaction(found).figure.axes
    assert [each.get_text() for each in axes.texts] == [text]
    assert (axes.get_ylim()[0] == 0) == (text == "chance")


def test_what_has_no_result_is_a_gap_and_named(tmp_path):
    found = write(tmp_path, layers(1, 2, 3), left_out={("lecun", 1)})
    chart = interaction(found)
    (axes,) = chart.figure.axes
    he, lecun = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
    assert list(np.isnan(lecun)) == [False, True, False]
    assert not np.isnan(he).any()
    assert "Without a result: lecun_normal at 2 hidden layers." in chart.caption


def test_numbers_of_several_orders_stand_by_their_ratios(tmp_path):
    rates = [(f"optimizer.config.learning_rate={rate}",) for rate in (0.0001, 0.001, 0.1)]
    (axes,) = interaction(write(tmp_path, rates)).figure.axes
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.0001", "0.001", "0.1"]


def test_a_third_factor_has_a_panel_for_each_level(tmp_path):
    both = [(f"optimizer={name}", *depth) for name in ("adam", "sgd") for depth in layers(1, 2)]
    first, second = interaction(write(tmp_path, both)).figure.axes
    assert (first.get_title(), second.get_title()) == ("adam", "sgd")
    assert [label.get_text() for label in first.get_xticklabels()] == ["1", "2"]


def test_below_five_seeds_there_are_means_and_no_intervals(tmp_path):
    (axes,) = interaction(write(tmp_path, layers(1, 2), seeds=3)).figure.axes
    for intervals in axes.collections:
        assert all(np.isnan(path.vertices[:, 1]).all() for path in intervals.get_paths())


def test_places_without_a_result_make_no_chart(tmp_path):
    """Runs of other data that all failed are a place, where there is nothing to show."""
    write_run(tmp_path / "failed", "data=digits", "initializer=he", status="failed")
    found = write(tmp_path, layers(1))
    assert len(found.design.places) == 2
    assert "interaction" not in {each.name for each in study_charts.draw_study(found)}
