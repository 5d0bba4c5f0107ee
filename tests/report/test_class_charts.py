"""Figures of the classes show errors, and use each condition's own class names."""

import numpy as np
from study import found_in, write_run, write_sweep

from fmnist_exp.report.charts import study_charts
from fmnist_exp.report.charts.class_charts import draw_changes, draw_confusion, draw_per_class
from fmnist_exp.report.charts.drawing import FAINT
from fmnist_exp.report.runs.directories import read_study


def texts(labels):
    return [label.get_text() for label in labels]


def drawn(folder):
    return {chart.name: chart for chart in study_charts.draw_study(found_in(folder))}


def opacities(figure):
    """Of every shaded cell, row by row."""
    return figure.axes[0].collections[0].get_facecolors()[:, 3]


def test_of_mixed_data_sets_the_classes_of_the_first_are_drawn(tmp_path):
    write_run(tmp_path / "0", class_names=["a", "b"])
    write_run(tmp_path / "1", "data=digits", class_names=["0", "1", "2"])
    write_run(tmp_path / "2", "initializer=he", class_names=["a", "b"])
    labels = [each.label for each in found_in(tmp_path).study.measured]
    charts = drawn(tmp_path)
    first = charts["per_class_f1"]
    assert texts(first.figure.axes[0].get_yticklabels()) == ["a", "b"]
    assert texts(first.figure.axes[0].get_xticklabels()) == [labels[0], labels[2]]
    for name in ("per_class_f1", "confusion_mean"):
        assert "Shown: 2 of 3 conditions" in charts[name].caption
    matrix = charts["confusion_matrix_1_digits_glorot_uniform"].figure
    assert texts(matrix.axes[0].get_xticklabels()) == ["0", "1", "2"]


def test_hardest_class_comes_first_and_is_shaded_most(tmp_path):
    write_run(tmp_path / "0", accuracy=0.4, class_names=["b", "a"])  # F1 0.4 and 0.7
    figure = draw_per_class(read_study([tmp_path]).measured)
    assert texts(figure.axes[0].texts) == ["40.0", "70.0"]
    assert opacities(figure)[0] > opacities(figure)[1]


def test_confusion_is_the_mean_of_the_conditions_in_percent(tmp_path):
    write_sweep(tmp_path, {"he": (0.5, 0.7), "lecun": (0.8, 0.8)}, class_names=["a", "b"])
    charts = drawn(tmp_path)
    own = charts["confusion_matrix_0_he_normal"].figure
    assert texts(own.axes[0].texts) == ["60.0", "40.0", "40.0", "60.0"]
    mean = charts["confusion_mean"].figure
    assert texts(mean.axes[0].texts) == ["70.0", "30.0", "30.0", "70.0"]


def test_errors_stand_out_against_right_answers():
    figure = draw_confusion(np.array([[0.9, 0.1], [0.02, 0.98]]), ["a", "b"])
    right, error, small_error, also_right = opacities(figure)
    assert right == also_right < error
    assert small_error < error
    inks = [text.get_color() == FAINT for text in figure.axes[0].texts]
    assert inks == [True, False, False, True]


def test_differences_that_are_not_reliable_are_grey():
    changes = np.array([[0.1, -0.1], [-0.2, 0.2]])
    reliable = np.array([[False, False], [True, True]])
    figure = draw_changes(changes, reliable, ["a", "b"], [])
    assert texts(figure.axes[0].texts) == [
        "+10.0",
        "\N{MINUS SIGN}10.0",
        "\N{MINUS SIGN}20.0",
        "+20.0",
    ]
    inks = [text.get_color() == FAINT for text in figure.axes[0].texts]
    assert inks == [True, True, False, False]
    assert len(opacities(figure)) == 2


def test_a_study_says_how_many_cells_differ_reliably(tmp_path):
    alike = (0.6, 0.7, 0.5, 0.6, 0.7, 0.5, 0.6)
    write_sweep(tmp_path / "s", {"he": alike, "lecun": alike[::-1]})
    chart = drawn(tmp_path / "s")["confusion_difference"]
    assert "no cell differs reliably" in chart.caption
    better = tuple(value + 0.2 for value in alike)
    write_sweep(tmp_path / "t", {"he": alike, "lecun": better})
    chart = drawn(tmp_path / "t")["confusion_difference"]
    assert "6 of 9 cells differ reliably" in chart.caption  # right answers, one kind of error


def test_fewer_than_six_seeds_show_no_differences_of_cells(tmp_path):
    write_sweep(tmp_path, {"he": (0.5,) * 5, "lecun": (0.9,) * 5})
    assert "confusion_difference" not in drawn(tmp_path)


def test_many_classes_have_whole_numbers(tmp_path):
    shares = np.full((13, 13), 0.03) + 0.61 * np.eye(13)
    figure = draw_confusion(shares, [f"class {number}" for number in range(13)])
    assert set(texts(figure.axes[0].texts)) == {"64", "3"}
