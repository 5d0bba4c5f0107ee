"""Figures that compare show intervals, seeds and answers as the tables have them."""

from itertools import pairwise

import numpy as np
import pytest
from study import found_in, write_sweep

from fmnist_exp.report.charts import condition_charts, drawing, study_charts

GOOD, POOR = (0.80, 0.81, 0.80, 0.82, 0.80), (0.60, 0.61, 0.62, 0.60, 0.60)
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def findings(tmp_path):
    """Two conditions of five seeds, with stored answers."""
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR}, answers=True)
    return found_in(tmp_path)


def drawn(found, start):
    """The charts of a study whose names start so."""
    return [chart for chart in study_charts.draw_study(found) if chart.name.startswith(start)]


def texts(labels):
    return [label.get_text() for label in labels]


def test_forest_shows_differences_in_points_and_the_verdict(findings):
    (chart,) = drawn(findings, "differences")
    (axes,) = chart.figure.axes
    (comparison,) = findings.comparisons["test_accuracy"]
    _, interval, point = axes.lines
    bounds = [100 * comparison.ci_low, 100 * comparison.ci_high]
    np.testing.assert_allclose(interval.get_xdata(), bounds)
    np.testing.assert_allclose(point.get_xdata(), [-20])
    assert texts(axes.get_yticklabels()) == [f"lecun_normal {MINUS}\nhe_normal"]
    assert texts(axes.texts) == ["worse (n = 5)"]


def test_rows_of_the_forest_are_as_tall_as_their_names(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    found = found_in(tmp_path)
    names = {each.label: f"{'x' * 27}\n{'x' * 26} {each.index}" for each in found.study.measured}
    figure = condition_charts.draw_forest(20 * found.comparisons["test_accuracy"], names)
    drawing.render(figure, "png")
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_comparisons_beyond_the_cap_are_announced(tmp_path, monkeypatch):
    monkeypatch.setattr(study_charts, "MAX_COMPARISONS", 2)
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR, "glorot": GOOD})
    (chart,) = drawn(found_in(tmp_path), "differences")
    assert len(chart.figure.axes[0].get_yticks()) == 2
    assert chart.caption.endswith(". Shown: 2 of 3 comparisons; the tables hold the rest.")


def test_pairs_of_one_seed_have_no_forest(tmp_path):
    write_sweep(tmp_path, {"he": (0.8,), "lecun": (0.7,)})
    assert drawn(found_in(tmp_path), "differences") == []
