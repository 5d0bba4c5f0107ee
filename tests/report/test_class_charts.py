"""Figures of the classes use each condition's own class names."""

import numpy as np
from study import found_in, write_run

from fmnist_exp.report.charts import drawing, study_charts
from fmnist_exp.report.charts.condition_charts import draw_per_class
from fmnist_exp.report.charts.study_charts import draw_confusion
from fmnist_exp.report.runs.study import read_study


def texts(labels):
    return [label.get_text() for label in labels]


def test_of_mixed_data_sets_the_classes_of_the_first_are_drawn(tmp_path):
    write_run(tmp_path / "0", class_names=["a", "b"])
    write_run(tmp_path / "1", "data=digits", class_names=["0", "1", "2"])
    write_run(tmp_path / "2", "initializer=he", class_names=["a", "b"])
    findings = found_in(tmp_path)
    drawn = {chart.name: chart for chart in study_charts.draw_study(findings)}
    first = drawn["per_class_f1"]
    assert texts(first.figure.axes[0].get_yticklabels()) == ["a", "b"]
    assert texts(first.figure.legends[0].get_texts()) == [
        findings.study.measured[0].label,
        findings.study.measured[2].label,
    ]
    assert first.caption.endswith(". Shown: 2 of 3 conditions; the tables hold the rest.")
    matrix = drawn["confusion_matrix_1_digits_glorot_uniform"].figure
    assert texts(matrix.axes[0].get_xticklabels()) == ["0", "1", "2"]


def test_condition_keeps_its_colour_among_other_classes(tmp_path):
    write_run(tmp_path / "0", class_names=["a", "b"])
    write_run(tmp_path / "1", "data=digits", class_names=["0", "1"])
    _, digits = read_study([tmp_path]).measured
    (points,) = draw_per_class([digits]).axes[0].lines
    assert points.get_color() == drawing.colour(digits.index)


def test_hardest_class_comes_first(tmp_path):
    write_run(tmp_path / "0", accuracy=0.4, class_names=["a", "b"])  # F1 0.4 and 0.7
    (axes,) = draw_per_class(read_study([tmp_path]).measured).axes
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [0.4, 0.7])


def test_confusion_is_the_mean_of_the_runs_in_percent(tmp_path):
    for seed, accuracy in enumerate((0.6, 0.8)):
        write_run(tmp_path / str(seed), f"seed={seed}", accuracy=accuracy, class_names=["a", "b"])
    axes = draw_confusion(*read_study([tmp_path]).measured).axes[0]
    assert texts(axes.texts) == ["70.0", "30.0", "30.0", "70.0"]
