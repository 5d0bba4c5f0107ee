"""A table says the same in every format, and no name can change what is read."""

import io

import numpy as np
import pandas as pd
import pytest
from study import write_run

from fmnist_exp.report.page.condition_tables import summary_table
from fmnist_exp.report.page.rendering import Table, csv, latex, markdown
from fmnist_exp.report.runs.directories import read_study


@pytest.fixture
def study(tmp_path):
    """Five completed runs and a diverged one with Glorot, one failed run with He."""
    for seed, accuracy in enumerate((0.7, 0.8, 0.9, 0.8, 0.8)):
        write_run(tmp_path / str(seed), f"seed={seed}", accuracy=accuracy)
    write_run(tmp_path / "x", "seed=5", status="diverged", accuracy=0.1)
    write_run(tmp_path / "y", "initializer=he", status="failed")
    return read_study([tmp_path])


def column(table, heading):
    place = table.columns.index(heading)
    return [row[place] for row in table.rows]


def test_people_read_percent_with_interval(study):
    table = summary_table(study)
    assert column(table, "test accuracy, % [95 % CI]") == ["80.00 [71.22, 88.78]", "-"]
    assert column(table, "diverged") == ["1", "0"]


def test_markdown_has_a_line_per_row(study):
    table = summary_table(study)
    assert len(markdown(table).splitlines()) == 4


def test_latex_escapes_what_latex_would_read(study):
    text = latex(summary_table(study))
    assert r"glorot\_uniform" in text
    assert r"test accuracy, \% [95 \% CI]" in text
    for line in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert line in text


NAMES = {
    "<script>alert('x')</script>": (
        r"\<script\>alert('x')\</script\>",
        r"\textless{}script\textgreater{}alert('x')\textless{}/script\textgreater{}",
    ),
    "=cmd()": ("=cmd()", "=cmd()"),
    "a|b": (r"a\|b", r"a\textbar{}b"),
    "a\nb\r\nc": ("a b c", "a b c"),
    '"it\'s"': ('"it\'s"', '"it\'s"'),
    "größe 重み": ("größe 重み", "größe [U+91CD][U+307F]"),
    r"$x_1^2$ ~\{%&#": (
        r"\$x\_1^2\$ \~\\{%\&#",
        r"\$x\_1\textasciicircum{}2\$ \textasciitilde{}\textbackslash{}\{\%\&\#",
    ),
    "![a](b) `c` *d*": (r"!\[a\](b) \`c\` \*d\*", "![a](b) `c` *d*"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are(name):
    table = Table(["initializer", "n"], [[name, "1"]])
    in_markdown, in_latex = NAMES[name]
    assert markdown(table).splitlines()[2:] == [f"| {in_markdown} | 1 |"]
    assert f"{in_latex} & 1 \\\\\n" in latex(table)


def test_latex_knows_the_signs_of_numbers():
    table = Table(["a", "b"], [["\N{MINUS SIGN}1.5", "1"]])
    assert r"$-$1.5 & 1 \\" in latex(table)


@pytest.mark.parametrize("cell", ["[64]", "*"])
def test_latex_line_end_does_not_swallow_the_next_row(cell):
    table = Table(["model.hidden", "n"], [["x", "1"], [cell, "2"]])
    assert f"\\\\\n{{}}{cell} & 2" in latex(table)


@pytest.mark.parametrize("name", ["=cmd()", "+1+1", "-2+3", "@SUM(A1)", "-inf"])
def test_spreadsheet_reads_names_as_text(name):
    read = pd.read_csv(io.StringIO(csv(pd.DataFrame({name: [name], "n": [1]}))))
    assert list(read.columns) == [f"'{name}", "n"]
    assert read.iloc[0, 0] == f"'{name}"


def test_no_name_reaches_a_table_with_a_tab_or_a_line_end(tmp_path):
    write_run(tmp_path / "\t=1\r", "initializer.name='\t=1\r\n'")
    text = csv(read_study([tmp_path / "\t=1\r"]).table)
    assert "\t" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 2


def test_spreadsheet_reads_numbers_as_numbers():
    table = pd.DataFrame({"scale": ["-1.5", "+2", "1e-05"], "loss": [-0.1, 1 / 3, np.nan]})
    assert csv(table) == "scale,loss\n-1.5,-0.1\n+2,0.3333333333333333\n1e-05,\n"


def test_csv_keeps_every_digit_of_a_study(study):
    read = pd.read_csv(io.StringIO(csv(study.table)))
    assert read["test_accuracy"].tolist()[:6] == [0.7, 0.8, 0.9, 0.8, 0.8, 0.1]
    assert csv(study.table).splitlines()[1].split(",")[-5:-3] == ["1", "2"]  # best, evaluated epoch


def test_factor_that_a_condition_lacks_is_a_dash(tmp_path):
    write_run(tmp_path / "0", "initializer=he")
    for number in (1, 2):
        change = ("initializer=variance_scaling", f"initializer.config.scale={number}.0")
        write_run(tmp_path / str(number), *change)
    study = read_study([tmp_path])
    table = summary_table(study)
    assert column(table, "initializer.config.scale") == ["-", "1.0", "2.0"]


def test_latex_has_a_code_for_letters_that_it_may_not_know():
    assert "größe \\\\\n" in latex(Table(["größe"], [["重"]]))
    assert "[U+91CD]" in latex(Table(["größe"], [["重"]]))
