"""Curves of all conditions share a panel; more than six have rows of small ones."""

import numpy as np
from study import found_in, write_run, write_sweep

from fmnist_exp.report.charts import drawing, study_charts
from fmnist_exp.report.charts.curve_charts import MAX_THIN


def curves(folder):
    """The chart of the curves, and its panels."""
    (chart,) = [each for each in study_charts.draw_study(found_in(folder)) if each.name == "curves"]
    return chart, chart.figure.axes


def texts(labels):
    return [label.get_text() for label in labels]


def crossed(folder, num_layers=4):
    """Three initializers at several numbers of layers, two seeds each."""
    number = 0
    for depth in range(1, num_layers + 1):
        for name in ("he", "lecun", "glorot"):
            for seed in range(2):
                settings = (f"initializer={name}", f"model.hidden={[8] * depth}", f"seed={seed}")
                write_run(folder / str(number), *settings)
                number += 1


def test_all_conditions_share_a_panel_for_each_of_three_curves(tmp_path):
    write_sweep(tmp_path, {"he": (0.7, 0.8), "lecun": (0.8, 0.9)})
    _, axes = curves(tmp_path)
    titles = ["training loss, while learning", "validation loss", "validation accuracy, %"]
    assert [each.get_title() for each in axes] == titles
    assert [len(each.lines) for each in axes] == [2 * (2 + 1)] * 3
    assert max(axes[2].lines[-1].get_ydata()) > 1  # percent


def test_median_ends_with_the_first_run_that_ends(tmp_path):
    for seed, num_epochs in enumerate((3, 5, 5)):
        write_run(tmp_path / str(seed), f"seed={seed}", num_epochs=num_epochs)
    _, (axes, *_) = curves(tmp_path)
    assert [len(line.get_xdata()) for line in axes.lines] == [3, 5, 5, 3]


def test_band_holds_the_middle_half_of_the_seeds(tmp_path):
    accuracies = (0.5, 0.6, 0.7, 0.8, 0.9)
    write_sweep(tmp_path, {"he": accuracies})
    _, (*_, axes) = curves(tmp_path)
    (band,) = axes.collections
    last = [y for x, y in band.get_paths()[0].vertices if x == 2]
    ends = [line.get_ydata()[-1] for line in axes.lines[:5]]
    np.testing.assert_allclose([min(last), max(last)], np.percentile(ends, (25, 75)))


def test_few_seeds_are_drawn_one_by_one(tmp_path):
    write_sweep(tmp_path, {"he": (0.8,) * (MAX_THIN + 3)})
    _, (axes, *_) = curves(tmp_path)
    assert len(axes.lines) == MAX_THIN + 1


def test_more_than_six_conditions_of_two_factors_have_a_row_for_each_place(tmp_path):
    crossed(tmp_path)
    chart, axes = curves(tmp_path)
    assert [each.get_ylabel() for each in axes[::3]] == [
        "1 hidden layer",
        *(f"{n} hidden layers" for n in (2, 3, 4)),
    ]
    inks = [line.get_color() for line in axes[0].lines[2::3]]
    assert inks == [drawing.colour(index) for index in range(3)]
    assert texts(chart.figure.legends[0].get_texts()) == [
        "he_normal",
        "lecun_normal",
        "glorot_uniform",
    ]
    assert len({each.get_ylim() for each in axes[::3]}) == 1


def test_more_than_six_conditions_of_one_factor_are_parted(tmp_path):
    for number in range(8):
        write_run(tmp_path / str(number), f"optimizer.config.learning_rate={number + 1}e-3")
    chart, axes = curves(tmp_path)
    assert len(axes) == 2 * 3
    for row in (axes[:3], axes[3:]):
        inks = [line.get_color() for line in row[0].lines[1::2]]
        assert len(set(inks)) == 4
    names = [texts(part.legends[0].get_texts()) for part in chart.figure.subfigs]
    assert len(set(names[0] + names[1])) == 8
