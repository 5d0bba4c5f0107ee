"""Every chart is drawn for every shape of study, and says what it leaves out."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from study import found_in, write_run, write_sweep

from fmnist_exp.report.charts import condition_charts, drawing, study_charts
from fmnist_exp.report.runs.study import read_study

ALWAYS = [
    "test_accuracy",
    "test_loss",
    "train_validation_accuracy",
    "loss_curves",
    "accuracy_curves",
    "per_class_f1",
]
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
    monkeypatch.setattr(study_charts, "MAX_PANELS", 2)
    monkeypatch.setattr(study_charts, "MAX_ROWS", 3)
    for number in range(4):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    drawn = {chart.name: chart for chart in study_charts.draw_study(found_in(tmp_path))}
    assert drawn["test_loss"].caption.endswith(
        ". Shown: 3 of 4 conditions; the tables hold the rest."
    )
    matrices = [name for name in drawn if name.startswith("confusion_matrix")]
    for name in ("loss_curves", "per_class_f1", *matrices):
        assert drawn[name].caption.endswith(". Shown: 2 of 4 conditions; the tables hold the rest.")
    assert len(drawn["test_loss"].figure.axes[0].get_yticks()) == 3
    assert [len(axes.lines) for axes in drawn["loss_curves"].figure.axes] == [2 * 2] * 2
    assert len(matrices) == 2


def test_runs_beyond_the_cap_count_but_are_not_drawn(tmp_path, monkeypatch):
    for module in (condition_charts, study_charts):
        monkeypatch.setattr(module, "MAX_SEEDS", 2)
    write_sweep(tmp_path, {"he": (0.7, 0.8, 0.9)})
    drawn = {chart.name: chart for chart in study_charts.draw_study(found_in(tmp_path))}
    _, dots = drawn["test_accuracy"].figure.axes
    assert list(dots.lines[0].get_xdata()) == [0.7, 0.8]
    assert dots.lines[2].get_xdata()[0] == pytest.approx(0.8)  # the mean of all three
    assert len(drawn["loss_curves"].figure.axes[0].lines) == 2 + 1
    assert drawn["test_loss"].caption.endswith("and every seed (2 at most).")


def test_values_stand_beside_the_bars_where_no_dot_can_be(findings):
    bars, _ = drawn_axes(condition_charts.draw_bars(findings.study.measured, "accuracy"))
    assert [text.get_text() for text in bars.texts] == ["0.7250", "0.8250", "mean"]
    assert all(text.get_window_extent().x0 > bars.bbox.x1 for text in bars.texts)


def test_bars_start_at_zero_and_every_seed_is_a_dot(findings):
    bars, dots = condition_charts.draw_bars(findings.study.measured, "accuracy").axes
    assert bars.get_xlim()[0] == 0
    np.testing.assert_array_equal(dots.lines[0].get_xdata(), [0.7, 0.75, 0.7, 0.75, 0.725])
    places = dots.lines[0].get_ydata()
    assert max(places) < dots.lines[1].get_ydata()[0]  # the interval lies below the dots


def test_long_names_fit_into_every_figure(tmp_path):
    for number, end in enumerate(("first", "second")):
        write_run(tmp_path / str(number), f"initializer.name='{LONG}{end} größe_$x'")
    conditions = read_study([tmp_path]).measured
    for figure in (
        condition_charts.draw_bars(conditions, "loss"),
        condition_charts.draw_splits(conditions),
    ):
        axes = drawn_axes(figure)[0]
        labels = axes.get_yticklabels()
        assert min(label.get_window_extent().x0 for label in labels) >= 0
        assert axes.bbox.width > figure.bbox.width / 4
        assert labels[0].get_text() != labels[1].get_text()


def test_median_ends_with_the_first_run_that_ends(tmp_path):
    for seed, num_epochs in enumerate((3, 5, 5)):
        write_run(tmp_path / str(seed), f"seed={seed}", num_epochs=num_epochs)
    axes, _ = condition_charts.draw_curves(read_study([tmp_path]).measured, "loss").axes
    assert [len(line.get_xdata()) for line in axes.lines[:4]] == [3, 5, 5, 3]
