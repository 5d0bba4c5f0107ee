"""Sections come in the order of a report, and only those that have something to show."""

import pytest
from study import found_in, write_claims, write_run, write_sweep

from fmnist_exp.report.charts import study_charts
from fmnist_exp.report.page import build as sections
from fmnist_exp.report.page.build import build_page
from fmnist_exp.report.page.reading import SECTIONS

ARMS = {"he": (0.7, 0.8, 0.9), "lecun": (0.8, 0.9, 0.7)}


def built(folder, *, drawn=False):
    findings = found_in(folder)
    charts = study_charts.draw_study(findings) if drawn else []
    return {section.name: section for section in build_page(findings, charts).sections}


def test_every_section_of_a_whole_study_in_order(tmp_path):
    write_sweep(tmp_path, ARMS, answers=True, signal=0.5)
    write_claims(tmp_path, ("he_normal - lecun_normal", "better"))
    parts = built(tmp_path, drawn=True)
    assert list(parts) == [name for name in SECTIONS if name != "published"]
    shown = [figure.name for part in parts.values() for figure in (*part.figures, *part.folded)]
    charts = study_charts.draw_study(found_in(tmp_path))
    on_page = [chart.name for chart in charts if not chart.name.startswith("confusion_matrix")]
    assert sorted(shown) == sorted(on_page)


def test_every_section_opens_with_one_sentence_on_how_to_read_it(tmp_path):
    write_sweep(tmp_path, ARMS, answers=True, signal=0.5)
    write_claims(tmp_path, ("he_normal - lecun_normal", "better"))
    for part in built(tmp_path, drawn=True).values():
        assert part.lead.endswith(".")
        assert ". " not in part.lead
        assert len(part.lead.split()) <= 25


def test_study_without_completed_runs_has_few_sections(tmp_path):
    write_run(tmp_path / "0", status="diverged")
    assert list(built(tmp_path, drawn=True)) == [
        *("compared", "leaderboard", "training", "runs", "methods", "glossary")
    ]


def test_what_differs_lists_values_and_what_is_shared(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    write_run(tmp_path / "1", "initializer=variance_scaling", "initializer.config.scale=2.0")
    factors, varied, shared = built(tmp_path)["compared"].tables
    assert factors.rows == [["initializer.name", "he_normal, variance_scaling", "asked about"]]
    assert varied.rows[:2] == [
        [
            "initializer.class_name",
            "HeNormal with he_normal; VarianceScaling with variance_scaling",
        ],
        ["initializer.config.scale", "not set with he_normal; 2.0 with variance_scaling"],
    ]
    assert ["optimizer.name", "adam"] in [list(row) for row in shared.rows]


def test_tables_without_verdicts_are_folded_below_the_one_that_has_them(tmp_path):
    write_sweep(tmp_path, ARMS)
    parts = built(tmp_path)
    shown = {
        name: [(table.caption, table.folded) for table in parts[name].tables]
        for name in ("differences", "training")
    }
    assert shown["differences"] == [("Test accuracy", False), ("Test loss, described", True)]
    assert shown["training"][1:3] == [
        ("Training loss in the first epoch, described", True),
        ("Validation loss, mean over all epochs, described", True),
    ]
    assert all(len(table.rows) == 1 for table in parts["differences"].tables)


def test_calibration_is_averaged_over_the_runs(tmp_path):
    write_sweep(tmp_path, {"he": (0.8, 0.8)}, answers=True)
    (table,) = built(tmp_path)["calibration"].tables
    (row,) = table.rows
    assert row[:2] == ["he_normal", "2"]
    # certain to 0.867, right in 0.8
    assert float(row[4]) == pytest.approx(0.0667, abs=1e-3)


def test_agreement_counts_images_that_nobody_gets_right(tmp_path):
    """Seeds 0 and 1 get 6 of 10 images wrong each, 5 of them the same."""
    write_sweep(tmp_path, {"he": (0.4, 0.4)}, answers=True)
    parts = built(tmp_path)
    (text,) = parts["hard"].paragraphs
    assert text.startswith("15 of 30 test images are answered wrongly by every run")
    (row,) = parts["calibration"].tables[0].rows
    assert row[-3:] == ["30.0", "20.0", "50.0"]


def test_runs_beyond_the_cap_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "MAX_ROWS", 2)
    write_sweep(tmp_path, ARMS)
    _, table = built(tmp_path)["runs"].tables
    assert len(table.rows) == 2
    assert table.caption == "Every run; 4 more are in runs.csv"
