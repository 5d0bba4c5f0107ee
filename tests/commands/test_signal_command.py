"""The command that measures networks before training: tables, sentences, a chart."""

import sys

import pytest
from idx_files import arrays_of, write_data

from fmnist_exp import signal
from fmnist_exp.console import EXIT_BAD_INPUT
from fmnist_exp.data import known
from fmnist_exp.report.charts import signal_charts

SMALL = ("data=synthetic", "data.num_train=200", "data.num_test=50", "model.hidden=[16,16]")


@pytest.fixture
def measure(monkeypatch, capsys, tmp_path):
    """Gives the command in this process: status, what it printed, and the folder of its chart."""

    def measure(*words):
        monkeypatch.setattr(sys, "argv", ["signal", *words, "--out", str(tmp_path / "out")])
        monkeypatch.setenv("COLUMNS", "200")  # rows stay whole
        try:
            signal.main()
            status = 0
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr(), tmp_path / "out"

    return measure


def test_sweep_shows_each_network_once_with_its_layers_and_a_chart(measure):
    factors = ("initializer=he,lecun", "seed=0,1", "optimizer=adam,sgd")
    status, out, err, folder = measure("--multirun", *SMALL, *factors)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line for line in lines if "medians of 10 draws" in line] == [
        *("he_normal, medians of 10 draws", "lecun_normal, medians of 10 draws")
    ]
    assert any(line.startswith("lecun_normal  10") and " 0.500 " in line for line in lines)
    assert "he_normal and lecun_normal differ" in out
    assert lines[-1] == f"chart: {folder / 'signal.png'}"
    assert {path.name for path in folder.iterdir()} == {"signal.png", "signal.svg"}


def test_one_network_needs_no_sweep_and_a_chart_is_replaced(measure):
    for _ in range(2):
        status, out, _, _ = measure(*SMALL, "initializer=orthogonal")
        assert status == 0
    assert "No theory is drawn under Orthogonal: " in out


def test_chart_calls_files_by_the_name_of_the_data_that_they_are(measure, tmp_path, monkeypatch):
    abouts = []
    monkeypatch.setattr(signal_charts, "draw_signals", lambda *given: abouts.append(given[2]) or {})
    monkeypatch.setattr(known, "name_of", lambda *_: "MNIST")
    data = write_data(tmp_path / "data", arrays_of([3, 8], (4, 3), num_train=200))
    status, out, err, _ = measure("data=idx", f"data.dir={data}", "model.hidden=[8]")
    assert (status, err) == (0, "")
    assert abouts == ["MNIST; 10 draws of the weights"]
    assert "ln 2 = 0.693" in out


def test_folder_that_cannot_be_written_is_refused_before_anything_is_measured(
    measure, tmp_path, monkeypatch
):
    monkeypatch.setattr(signal, "measured", None)
    (tmp_path / "out").write_text("")
    status, out, err, _ = measure(*SMALL)
    assert (status, out) == (EXIT_BAD_INPUT, "")
    assert err.startswith(f"RecordError: cannot write {tmp_path / 'out'}")


REFUSED = {
    ("initializer=hee",): "Did you mean",
    ("--multirunn", "initializer=he"): "--multirunn is not an option. Did you mean --multirun?",
    ("hydra/launcher=cores",): "signal trains nothing, received hydra/launcher=cores.",
    ("--multirun", "until_settled=60"): "signal trains nothing, received until_settled=60.",
    ("--cfg", "job"): "signal trains nothing, received --cfg.",
    ("experiment=smoke",): "experiment=smoke is a sweep, received a command for one network.",
    (
        "--multirun",
        "model.dropout=interval(0,0.5)",
    ): "names an interval, of which only a tuner can choose",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_measured_is_refused_in_a_line(words, measure):
    status, out, err, folder = measure(*words)
    assert (status, out) == (EXIT_BAD_INPUT, "")
    assert REFUSED[words] in err
    assert err.startswith("ConfigError: ")
    assert err.count("\n") == 1
    assert not folder.exists()
