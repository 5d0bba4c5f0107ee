"""The methods say what was done, and nothing that was not."""

from study import found_in, write_run, write_sweep

from fmnist_exp.report.page.answers import methods as paragraphs

ARMS = {"he": (0.7, 0.8, 0.9), "lecun": (0.8, 0.9, 0.7)}


def test_family_is_named_with_its_size(tmp_path):
    write_sweep(tmp_path, {**ARMS, "glorot": (0.8, 0.7)})
    text = " ".join(paragraphs(found_in(tmp_path)))
    assert "the family has 3 comparisons" in text
    assert "plus and minus 0.3 percentage points" in text


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


def test_baseline_is_explained_where_not_all_pairs_are_compared(tmp_path):
    for number in range(9):
        write_run(tmp_path / str(number), f"model.hidden=[{number + 1}]")
    assert "With more than 8 conditions" in " ".join(paragraphs(found_in(tmp_path)))
