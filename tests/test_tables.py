"""The summary counts and averages what it says, in every format."""

import numpy as np
import pytest
from study import write_run

from fmnist_exp.report.sweeps import read_study
from fmnist_exp.report.tables import for_reading, latex, markdown, plain, summarize


@pytest.fixture
def study(tmp_path):
    """Three completed runs and a diverged one with Glorot, one failed run with He."""
    for seed, accuracy in enumerate((0.7, 0.8, 0.9)):
        write_run(tmp_path / str(seed), f"seed={seed}", accuracy=accuracy)
    write_run(tmp_path / "3", "seed=3", status="diverged", accuracy=0.1)
    write_run(tmp_path / "4", "initializer=he", status="failed")
    return read_study([tmp_path])


def test_statistics_rest_on_completed_runs(study):
    first = summarize(study).iloc[0]
    assert (first.num_runs, first.num_diverged, first.num_failed) == (3, 1, 0)
    assert first.test_accuracy_mean == pytest.approx(0.8)
    assert first.test_accuracy_std == pytest.approx(0.1)
    # t(0.975, 2) * 0.1 / sqrt(3) = 0.24841377
    assert first.test_accuracy_ci_low == pytest.approx(0.8 - 0.24841377)
    assert first.test_accuracy_ci_high == pytest.approx(0.8 + 0.24841377)


def test_condition_without_completed_runs_keeps_its_row(study):
    second = summarize(study).iloc[1]
    assert (second.initializer, second.num_runs, second.num_failed) == ("he_normal", 0, 1)
    assert np.isnan(second.test_accuracy_mean)


def test_people_read_percent_with_interval(study):
    table = for_reading(summarize(study), study.factors)
    assert table["test accuracy, % [95 % CI]"].tolist() == ["80.00 [55.16, 104.84]", "-"]
    assert table["diverged"].tolist() == ["1", "0"]


def test_markdown_and_plain_have_a_line_per_row(study):
    table = for_reading(summarize(study), study.factors)
    assert len(markdown(table).splitlines()) == 4
    assert len(plain(table).splitlines()) == 3


def test_latex_escapes_what_latex_would_read(study):
    text = latex(for_reading(summarize(study), study.factors))
    assert r"glorot\_uniform" in text
    assert r"test accuracy, \% [95 \% CI]" in text
    for line in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert line in text


def test_markdown_escapes_what_would_end_a_cell(study):
    table = for_reading(summarize(study), study.factors)
    table.iloc[0, 0] = "a|b\n<c>"
    assert r"a\|b \<c\>" in markdown(table)
