"""Figures that compare show intervals, seeds and answers as the tables have them."""

from itertools import pairwise

import numpy as np
import pytest
from study import found_in, write_sweep

from fmnist_exp.report.charts import comparison_charts, drawing, study_charts

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
    (chart,) = drawn(findings, "answer")
    (axes,) = chart.figure.axes
    (comparison,) = findings.comparisons["test_accuracy"]
    _, seeds, thin, thick, point = axes.lines
    np.testing.assert_allclose(seeds.get_xdata(), [-20, -20, -18, -22, -20])
    for interval, low, high in (
        (thin, comparison.ci_low, comparison.ci_high),
        (thick, comparison.equal_low, comparison.equal_high),
    ):
        np.testing.assert_allclose(interval.get_xdata(), [100 * low, 100 * high])
    assert thin.get_linewidth() < thick.get_linewidth()
    np.testing.assert_allclose(point.get_xdata(), [-20])
    assert texts(axes.get_yticklabels()) == [f"lecun_normal {MINUS} he_normal"]
    assert texts(axes.texts) == ["he_normal\nis better"]


def test_rows_of_the_forest_are_as_tall_as_their_names(tmp_path):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR})
    found = found_in(tmp_path)
    names = {each.label: f"{'x' * 27}\n{'x' * 26} {each.index}" for each in found.study.measured}
    comparisons = 20 * found.comparisons["test_accuracy"]
    figure = comparison_charts.draw_forest(comparisons, [np.zeros(5)] * 20, names)
    drawing.render(figure, "png")
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_comparisons_beyond_the_cap_are_announced(tmp_path, monkeypatch):
    monkeypatch.setattr(study_charts, "MAX_COMPARISONS", 2)
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR, "glorot": GOOD})
    monkeypatch.setattr(study_charts, "MAX_IN_ANSWER", 1)
    (chart,) = drawn(found_in(tmp_path), "differences")
    assert len(chart.figure.axes[0].get_yticks()) == 2
    assert chart.caption.endswith(". Shown: 2 of 3 comparisons; the tables hold the rest.")


def test_below_five_seeds_dots_are_drawn_and_no_intervals(tmp_path):
    write_sweep(tmp_path, {"he": GOOD[:4], "lecun": POOR[:4]})
    found = found_in(tmp_path)
    assert drawn(found, ("answer", "differences")) == []
    for chart in drawn(found, ("test_", "train_", "per_class")):
        for axes in chart.figure.axes:
            lines = [line for line in axes.lines if line.get_linestyle() == "-"]
            assert all(
                np.isnan(line.get_xdata()).all() for line in lines if len(line.get_xdata()) == 2
            )


def test_all_rows_are_drawn_once_more_where_the_answer_shows_a_part(tmp_path, monkeypatch):
    write_sweep(tmp_path, {"he": GOOD, "lecun": POOR, "glorot": GOOD})
    assert len(drawn(found_in(tmp_path), ("answer", "differences"))) == 1
    monkeypatch.setattr(study_charts, "MAX_IN_ANSWER", 2)
    counts = [
        len(chart.figure.axes[0].get_yticks())
        for chart in drawn(found_in(tmp_path), ("answer", "differences"))
    ]
    assert counts == [2, 3]
