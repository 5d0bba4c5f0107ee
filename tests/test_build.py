"""The page warns of what spoils a comparison, and holds tables and figures in order."""

import json

import pytest
from study import write_run

from fmnist_exp.report.charts.drawing import Chart, new_figure
from fmnist_exp.report.page import tables
from fmnist_exp.report.page.build import report, warnings
from fmnist_exp.report.runs.sweeps import read_study


def read(folder):
    """A study of all runs in a folder called `s`."""
    return read_study([folder / "s"])


def page_of(study, charts=()):
    return report(study, tables.for_reading(tables.summarize(study), study.factors), charts)


def test_clean_study_has_no_warnings(tmp_path):
    write_run(tmp_path / "s" / "0")
    assert warnings(read(tmp_path)) == []


@pytest.mark.parametrize("status", ["diverged", "failed", "interrupted"])
def test_one_run_that_ended_otherwise_is_named(tmp_path, status):
    write_run(tmp_path / "s" / "0", status=status)
    assert warnings(read(tmp_path)) == [f"Warning: 1 run {status}: s/0."]


def test_several_runs_are_counted_and_named(tmp_path):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}", status="failed")
    assert warnings(read(tmp_path)) == ["Warning: 2 runs failed: s/0, s/1."]


def test_unfinished_runs_are_named(tmp_path):
    write_run(tmp_path / "s" / "0")
    (tmp_path / "s" / "1" / ".hydra").mkdir(parents=True)
    assert warnings(read(tmp_path)) == ["Warning: 1 run unfinished: s/1."]


def test_runs_with_a_seed_that_counted_before_are_named(tmp_path):
    for number in range(3):
        write_run(tmp_path / "s" / str(number))
    assert warnings(read(tmp_path)) == [
        "Warning: 2 runs left out, as another has the same condition and seed: s/1, s/2."
    ]


@pytest.mark.parametrize(("key", "what"), [("code_sha256", "code"), ("data_sha256", "data")])
def test_mixed_versions_are_announced(tmp_path, key, what):
    for seed in range(2):
        write_run(tmp_path / "s" / str(seed), f"seed={seed}")
    path = tmp_path / "s" / "1" / "run.json"
    record = json.loads(path.read_text())
    record["provenance"][key] = "another"
    path.write_text(json.dumps(record))
    assert warnings(read(tmp_path)) == [f"Warning: The runs come from 2 versions of the {what}."]


def test_page_holds_its_parts_in_order(tmp_path):
    write_run(tmp_path / "s" / "0")
    write_run(tmp_path / "s" / "1", "initializer=he", status="failed")
    chart = Chart("loss", "The loss", new_figure(1, 1), "Shown: the first 1 of 2 conditions.")
    text = page_of(read(tmp_path), [chart])
    parts = [
        "# Comparison of initializer",
        "> Warning: 1 run failed: s/1.",
        "| initializer | n | failed |",
        "| glorot\\_uniform | 1 |",
        "95 % t intervals",
        "![The loss](figures/loss.png)\n\nShown: the first 1 of 2 conditions.\n",
        "## Every run",
        "| s/0 | completed | 0 | glorot\\_uniform | 0.8000 | 0.2000 | 2 |",
        "| s/1 | failed | 0 | he\\_normal | - | - | 2 |",
        "First run: package\\_version",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_small_factors_keep_their_digits(tmp_path):
    for number, rate in enumerate((1e-5, 2e-5)):
        settings = f"optimizer.config.learning_rate={rate}"
        write_run(tmp_path / "s" / str(number), settings)
    assert "| 1e-05 | 0.8000 |" in page_of(read(tmp_path))


def test_names_cannot_become_markup(tmp_path):
    write_run(tmp_path / "s" / "<script>alert(1)<", status="failed")
    write_run(tmp_path / "s" / "1", "initializer.name='](x) <img> `|'")
    study = read(tmp_path)
    (condition,) = (name for name in study.conditions if "img" in name)
    text = page_of(study, [Chart("loss", condition, new_figure(1, 1))])
    assert "<" not in text.replace("\\<", "")
    assert "![\\](x) \\<img\\> \\`\\| (GlorotUniform)](figures/loss.png)" in text
