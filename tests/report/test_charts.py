"""Every chart is drawn for every shape of study, and says what it leaves out."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from study import found_in, write_run, write_sweep

from fmnist_exp.report.charts import condition_charts, drawing, study_charts, study_classes
from fmnist_exp.report.runs.directories import read_study

ALWAYS = [
    "test_accuracy",
    "test_loss",
    "curves",
    "train_validation_accuracy",
    "confusion_mean",
    "per_class_f1",
]
LOOKS = {"he_normal": 0, "lecun_normal": 1}
LONG = "a name that goes on and on until nobody can tell any more what it was that it stood for, "


@pytest.fixture
def findings(tmp_path):
    """Two conditions, five seeds each, with stored answers."""
    arms = {"he": (0.7, 0.75, 0.7, 0.75, 0.725), "lecun": (0.8, 0.85, 0.8, 0.85, 0.825)}
    write_sweep(tmp_path, arms, answers=True)
    return found_in(tmp_path)


def drawn_axes(figure):
    FigureCanvasAgg(figure).draw()  # places every label
    return figure.axes


def test_two_conditions_get_every_chart_and_a_matrix_each(findings):
    drawn = study_charts.draw_study(findings)
    assert [chart.name for chart in drawn] == [
        "answer",
        *ALWAYS,
        "confusion_matrix_0_he_normal",
        "confusion_matrix_1_lecun_normal",
    ]
    assert not any("Shown" in chart.caption for chart in drawn)


@pytest.mark.parametrize("num_epochs", [1, 2])
def test_single_run_is_drawn(tmp_path, num_epochs):
    write_run(tmp_path / "0", num_epochs=num_epochs)
    drawn = study_charts.draw_study(found_in(tmp_path))
    assert [chart.name for chart in drawn[:-1]] == ALWAYS
    for chart in drawn:
        assert drawing.render(chart.figure, "png")


def test_study_without_completed_runs_has_no_charts(tmp_path):
    write_run(tmp_path / "0", status="diverged")
    assert study_charts.draw_study(found_in(tmp_path)) == []


def test_conditions_beyond_the_panels_are_announced(tmp_path, monkeypatch):
    monkeypatch.setattr(study_classes, "MAX_PANELS", 2)
    for module in (study_charts, study_classes):
        monkeypatch.setattr(module, "MAX_ROWS", 3)
    for number in range(4):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    drawn = {chart.name: chart for chart in study_charts.draw_study(found_in(tmp_path))}
    for name in ("test_loss", "curves", "train_validation_accuracy", "per_class_f1"):
        assert drawn[name].caption.endswith(". Shown: 3 of 4 conditions; the tables hold the rest.")
    matrices = [name for name in drawn if name.startswith("confusion_matrix")]
    for name in matrices:
        assert drawn[name].caption.endswith(". Shown: 2 of 4 conditions; the tables hold the rest.")
    assert len(drawn["test_loss"].figure.axes[0].get_yticks()) == 3
    assert len(matrices) == 2


def test_runs_beyond_the_cap_count_but_are_not_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(condition_charts, "MAX_SEEDS", 2)
    write_sweep(tmp_path, {"he": (0.7, 0.8, 0.9)})
    (axes,) = condition_charts.draw_bars(read_study([tmp_path]).measured, "accuracy", LOOKS).axes
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [70, 80])
    assert axes.lines[2].get_xdata()[0] == pytest.approx(80)  # the mean of all three


def test_values_stand_beside_the_bars_where_no_dot_can_be(findings):
    figure = condition_charts.draw_bars(findings.study.measured, "accuracy", LOOKS)
    (axes,) = drawn_axes(figure)
    assert [text.get_text() for text in axes.texts] == ["72.50", "82.50", "mean"]
    assert all(text.get_window_extent().x0 > axes.bbox.x1 for text in axes.texts)


def test_bars_start_at_zero_and_every_seed_is_a_dot(findings):
    (axes,) = condition_charts.draw_bars(findings.study.measured, "accuracy", LOOKS).axes
    assert axes.get_xlim()[0] == 0
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [70, 75, 70, 75, 72.5])
    places = axes.lines[0].get_ydata()
    assert max(places) < axes.lines[1].get_ydata()[0]  # the interval lies below the dots


def test_enlarged_accuracies_show_every_seed_apart(findings):
    (axes,) = condition_charts.draw_splits(findings.study.measured, LOOKS).axes
    assert axes.get_xlim()[0] > 50
    dots = [line for line in axes.lines if line.get_marker() == "." and len(line.get_xdata()) == 5]
    assert len(dots) == 3 * 2


def test_long_names_fit_into_every_figure(tmp_path):
    for number, end in enumerate(("first", "second")):
        write_run(tmp_path / str(number), f"initializer.name='{LONG}{end} größe_$x'")
    conditions = read_study([tmp_path]).measured
    looks = {each.label: each.index for each in conditions}
    for figure in (
        condition_charts.draw_bars(conditions, "loss", looks),
        condition_charts.draw_splits(conditions, looks),
    ):
        axes = drawn_axes(figure)[0]
        labels = axes.get_yticklabels()
        assert min(label.get_window_extent().x0 for label in labels) >= 0
        assert axes.bbox.width > figure.bbox.width / 4
        assert labels[0].get_text() != labels[1].get_text()
