"""Every chart is drawn for every shape of study, and is the same for the same input."""

import pytest
from study import write_run

from fmnist_exp.report import charts, run_charts
from fmnist_exp.report.sweeps import read_study

ALWAYS = {
    "test_accuracy",
    "test_loss",
    "train_validation_accuracy",
    "loss_curves",
    "accuracy_curves",
    "per_class_f1",
}


@pytest.fixture
def sweep(tmp_path):
    for number in range(4):
        initializer = ("he", "lecun")[number // 2]
        accuracy = 0.7 + number / 20
        run_dir = tmp_path / "sweep" / str(number)
        write_run(run_dir, f"initializer={initializer}", f"seed={number % 2}", accuracy=accuracy)
    return tmp_path / "sweep"


def test_every_chart_is_drawn_as_png_and_svg(sweep, tmp_path):
    names = charts.draw_study(read_study([sweep]), tmp_path / "figures")
    assert set(names) >= ALWAYS
    assert len([name for name in names if name.startswith("confusion_matrix")]) == 2
    files = {path.name for path in (tmp_path / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("png", "svg")}


def test_same_input_gives_the_same_bytes(sweep, tmp_path):
    study = read_study([sweep])
    first, second = tmp_path / "1", tmp_path / "2"
    charts.draw_study(study, first)
    charts.draw_study(study, second)
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_single_run_is_drawn(tmp_path):
    write_run(tmp_path / "0")
    assert set(charts.draw_study(read_study([tmp_path]), tmp_path / "figures")) >= ALWAYS


def test_study_without_completed_runs_has_no_charts(tmp_path):
    write_run(tmp_path / "0", status="diverged")
    assert charts.draw_study(read_study([tmp_path]), tmp_path / "figures") == []


def test_charts_of_one_run(tmp_path):
    write_run(tmp_path / "0")
    run_charts.draw_run(tmp_path / "0")
    names = sorted(path.name for path in (tmp_path / "0" / "figures").iterdir())
    assert names == ["confusion_matrix.png", "curves.png"]
