"""Signal and gradient before training are drawn on a log scale, whatever numbers they are."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from starts import start

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.signal_charts import MAX_LINES, draw_signals

LOOKS = {"he": 0, "lecun": 1}


def depths(*numbers):
    return [
        start(level, ratio, hidden=(64,) * depth, place=f"{depth} hidden layers")
        for depth in numbers
        for level, ratio in (("he", 1.0), ("lecun", 0.5))
    ]


def test_a_line_of_points_and_a_dashed_one_for_each_network():
    (chart,) = draw_signals([start("he"), start("lecun", 0.5)], LOOKS)
    signal, gradient = chart.figure.axes
    assert [line.get_linestyle() for line in gradient.lines] == ["None", "--"] * 2
    np.testing.assert_allclose(signal.lines[2].get_ydata(), 0.5 ** np.arange(31))
    assert signal.lines[2].get_color() == drawing.colour(1)
    assert signal.get_yscale() == "log"


def test_networks_without_theory_have_points_alone():
    (chart,) = draw_signals([start("he", activation="tanh")], LOOKS)
    assert [len(axes.lines) for axes in chart.figure.axes] == [1, 1]
    assert [text.get_text() for text in chart.figure.legends[0].get_texts()] == ["he"]


def test_deepest_place_is_large_and_three_others_have_small_panels():
    large, small = draw_signals(depths(2, 5, 30, 10, 20), LOOKS)
    assert (large.name, small.name) == ("signal", "signal_by_place")
    assert len(large.figure.axes) == 2
    assert len(small.figure.axes) == 2 * 3
    assert [axes.get_ylabel() for axes in small.figure.axes[::2]] == [
        *("20 hidden layers", "10 hidden layers", "5 hidden layers")
    ]
    assert "Shown: 6 of 8 networks" in small.caption


def test_networks_beyond_the_colours_are_announced():
    found = [start(f"level {number}") for number in range(MAX_LINES + 1)]
    (chart,) = draw_signals(found, {each.level: n for n, each in enumerate(found)})
    assert "Shown: 6 of 7 networks" in chart.caption


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan, 1e-300, 1e300])
@pytest.mark.parametrize("kind", drawing.KINDS)
def test_values_that_a_log_scale_lacks_are_left_out(value, kind):
    found = [start("he", mean_square=value, gradient_norm=value)]
    (chart,) = draw_signals(found, LOOKS)
    assert drawing.render(chart.figure, kind)


def test_ticks_are_numbers_as_people_write_them():
    for ratio, expected in ((0.5, {"1", "1e-4", "1e-8"}), (0.98, {"1", "0.5"})):
        (chart,) = draw_signals([start("he", ratio)], LOOKS)
        FigureCanvasAgg(chart.figure).draw()
        assert expected <= {label.get_text() for label in chart.figure.axes[0].get_yticklabels()}
