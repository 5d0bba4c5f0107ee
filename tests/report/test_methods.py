"""The methods say what was done, and nothing that was not."""

import pandas as pd
from conftest import ROOT
from study import found_in, write_run, write_sweep

from fmnist_exp.report.page.methods import faster
from fmnist_exp.report.page.methods import methods as paragraphs
from fmnist_exp.report.page.reading import TERMS
from fmnist_exp.statistics.verdicts import Verdict

ARMS = {"he": (0.7, 0.8, 0.9), "lecun": (0.8, 0.9, 0.7)}


def test_family_is_named_with_its_size_and_level(tmp_path):
    arm = (0.7, 0.8, 0.9, 0.8, 0.6)
    write_sweep(tmp_path, {"he": arm, "lecun": arm[::-1], "glorot": (0.5, *arm[1:])})
    text = " ".join(paragraphs(found_in(tmp_path)))
    assert "makes 3 statements on test accuracy" in text
    assert "each has 1.7 % (Bonferroni)" in text
    assert "The bound of 0.3 points was fixed before any run" in text


def test_each_term_is_explained_once(tmp_path):
    arm = (0.7, 0.8, 0.9, 0.8, 0.6)
    write_sweep(tmp_path, {"he": arm, "lecun": arm[::-1]})
    text = " ".join([*paragraphs(found_in(tmp_path)), *(" ".join(each) for each in TERMS.items())])
    assert "makes one statement on" in text
    for term in ("Bonferroni", "TOST", "paired t test"):
        assert text.count(term) == 1


def test_glossary_has_every_verdict():
    terms = ", ".join(TERMS)
    assert [each for each in Verdict if each not in terms] == []


def test_glossary_of_the_page_is_that_of_the_docs():
    docs = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    for term, meaning in TERMS.items():
        assert f"| {term} | {meaning} |" in docs


def test_single_condition_is_not_compared(tmp_path):
    write_run(tmp_path / "0")
    text = " ".join(paragraphs(found_in(tmp_path)))
    assert "Bonferroni" not in text
    assert "validation accuracy of 85 %" in text


def test_calibration_is_explained_where_there_is_any(tmp_path):
    write_run(tmp_path / "0" / "0")
    write_run(tmp_path / "1" / "0", answers=True)
    without, having = (" ".join(paragraphs(found_in(tmp_path / name))) for name in "01")
    assert "calibration error" in having
    assert "calibration error" not in without


def test_losses_that_differ_are_named_with_the_lower_first(tmp_path):
    arm = (0.7, 0.8, 0.9, 0.8, 0.6)
    write_sweep(tmp_path, {"he": arm, "lecun": arm[::-1]})
    for seed in range(5):
        path = tmp_path / str(seed) / "history.csv"
        table = pd.read_csv(path)
        table.loc[0, "train_loss"] += 0.1 + 0.001 * seed
        table.to_csv(path, index=False)
    first_epoch, mean = faster(found_in(tmp_path))
    assert first_epoch == "Training loss in the first epoch: lecun_normal below he_normal."
    assert mean == "Validation loss, mean over all epochs: no difference shows."
