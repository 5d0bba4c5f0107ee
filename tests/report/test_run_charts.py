"""A single run gets its curves and its confusion matrix, the same for the same files."""

import pytest
from study import write_run

from fmnist_exp.errors import RecordError
from fmnist_exp.report.charts.run_charts import confusion_of, curves_of, draw_run
from fmnist_exp.rundir.records import HISTORY, RUN_FIGURES
from fmnist_exp.rundir.tables import read_history


def test_run_gets_two_figures_that_do_not_change(tmp_path):
    write_run(tmp_path / "0")
    drawn = []
    for _ in range(2):
        for name in RUN_FIGURES:
            draw_run(tmp_path / "0", name)
        figures = (tmp_path / "0" / "figures").iterdir()
        drawn.append({path.name: path.read_bytes() for path in figures})
    assert sorted(drawn[0]) == ["confusion_matrix.png", "curves.png"]
    assert drawn[0] == drawn[1]


def test_curves_show_both_splits_by_epoch(tmp_path):
    write_run(tmp_path / "0", num_epochs=5)
    history = read_history(tmp_path / "0" / HISTORY)
    loss, accuracy = curves_of(tmp_path / "0").axes
    assert [list(line.get_ydata()) for line in loss.lines] == [
        list(history["train_loss"]),
        list(history["validation_loss"]),
    ]
    assert list(accuracy.lines[0].get_xdata()) == [1, 2, 3, 4, 5]


def test_confusion_matrix_shows_counts_under_its_own_class_names(tmp_path):
    write_run(tmp_path / "0", class_names=["shoe", "bag"])
    figure = confusion_of(tmp_path / "0")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["8", "2", "2", "8"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["shoe", "bag"]


def test_run_without_its_tables_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"cannot read .*history.csv"):
        draw_run(tmp_path, "curves.png")
