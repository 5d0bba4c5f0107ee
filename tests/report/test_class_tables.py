"""Classes are listed with their scores, hardest first."""

from study import change_record, found_in, write_sweep

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.class_charts import draw_per_class
from fmnist_exp.report.page.class_tables import per_class


def test_hardest_class_of_each_condition_comes_first(tmp_path):
    write_sweep(tmp_path, {"he": (0.4,) * 5, "lecun": (0.5,) * 5})
    table = per_class(found_in(tmp_path).study.measured)
    assert [row[:2] for row in table.rows] == [
        [label, name] for label in ("he_normal", "lecun_normal") for name in "abc"
    ]
    assert table.rows[0] == ["he_normal", "a", "40.0", "40.0 [40.0, 40.0]", "40.0", "10"]


def test_case_12_scores_that_nobody_can_know_are_dashes_and_come_last(tmp_path):
    write_sweep(tmp_path, {"he": (0.5,) * 6})
    unknown = dict.fromkeys(("precision", "recall", "f1")) | {"support": 0.0}
    for number in range(6):
        change_record(tmp_path / str(number), lambda record: record["per_class"].update(a=unknown))
    change_record(tmp_path / "1", lambda record: record["per_class"]["b"].update(precision=None))
    conditions = found_in(tmp_path).study.measured
    table = per_class(conditions)
    assert [row[1] for row in table.rows] == ["b", "c", "a"]
    assert table.rows[0][2:4] == [
        "66.7",
        "66.7 [66.7, 66.7]",
    ]  # precision of the one run that predicts it
    assert table.rows[2][2:] == ["-", "-", "-", "0"]
    drawn = draw_per_class(conditions)
    assert drawing.render(drawn, "png")
    assert [tick.get_text() for tick in drawn.axes[0].get_yticklabels()] == ["b", "c", "a"]


def test_without_results_there_is_no_table():
    assert per_class([]).rows == []
