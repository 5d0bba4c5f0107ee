"""A page is the same in HTML and Markdown, needs no other file, and no name becomes markup."""

import base64
import re

import pytest

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.page.answers import Answer
from fmnist_exp.report.page.checks import Fired
from fmnist_exp.report.page.rendering import Page, Section, Table, to_html, to_markdown

NASTY = "<script>alert('x')</script> \"quoted\" & {{ 7 * 7 }} größe 重み"
FIGURE = drawing.new_figure(2, 1)


@pytest.fixture
def figures():
    """The files of a figure of 2 by 1 inches."""
    return drawing.render_all([Chart("loss", "Loss", drawing.new_figure(2, 1))])


def page_of(name: str) -> Page:
    """A page on which everything is called by that name."""
    section = Section(
        "one",
        name,
        paragraphs=[name],
        figures=[Chart("loss", name, FIGURE)],
        tables=[Table([name, "n"], [[name, "1"]], name), Table(["a"], [[name]], name, folded=True)],
        pictures=[("data:image/png;base64,AA==", name)],
    )
    chart = Chart("loss", name, FIGURE)
    return Page(name, Answer(name, (name,), name), [Fired("code", name)], [section], chart)


def test_parts_stand_in_order(figures):
    page = Page(
        "The title",
        Answer("The answer", ("The means",), "python -m this"),
        [Fired("the-code", "The warning.")],
        [
            Section(
                *("a", "First", ["Text"], [Chart("loss", "Loss. All of it.", FIGURE)]),
                lead="Lead.",
                command="this again",
            )
        ],
    )
    answer = ["The answer", "The means", "python -m this"]
    section = ["Lead", "Text", "this again"]
    for text, parts in (
        (
            to_html(page, figures),
            ["The title<", *answer, "The warning", "the-code", "First</h2>", *section],
        ),
        (
            to_markdown(page),
            ["# The title", *answer, "> Warning: The warning. (the-code)", "## First", *section],
        ),
    ):
        places = [text.index(part) for part in parts]
        assert places == sorted(places)
    assert "![Loss. All of it.](figures/loss.png)\n\nLoss. All of it.\n" in to_markdown(page)


def test_chart_of_the_answer_stands_between_its_sentence_and_its_lines(figures):
    chart = Chart("loss", "The chart", FIGURE)
    page = Page("t", Answer("The answer", ("The means",)), [], chart=chart)
    for text in (to_html(page, figures), to_markdown(page)):
        places = [text.index(part) for part in ("The answer", "The chart", "The means")]
        assert places == sorted(places)
    assert "![The chart](figures/loss.png)" in to_markdown(page)


def test_names_cannot_become_markup(figures):
    html = to_html(page_of(NASTY), figures)
    assert html.count("<script>") == 1
    assert "49" not in re.sub(r"data:[^\"]*", "", html)
    text, command, rest = to_markdown(page_of(NASTY)).split("```")
    assert command.strip() == NASTY  # Markdown shows code as it is
    assert "<script>" not in (text + rest).replace("\\<script\\>", "")


def test_page_refers_to_nothing_outside(figures):
    html = to_html(page_of("x"), figures)
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", html)
    assert "http:" not in html
    assert "https:" not in html


def test_svg_is_embedded_in_the_size_of_the_drawing(figures):
    html = to_html(page_of("x"), figures)
    found = re.search(r'src="data:image/svg[^,]*,([^"]*)" width="200" height="100"', html)
    assert base64.b64decode(found[1]) == figures["loss.svg"]


def test_clean_page_has_no_banner(figures):
    page = Page("t", Answer("a", ()), [])
    assert 'class="warning"' not in to_html(page, {})
    assert "Warning" not in to_markdown(page)


@pytest.mark.parametrize(
    ("cells", "numeric"),
    [
        (["1", "\N{MINUS SIGN}0.5", "-"], True),
        (["88.85 [88.65, 89.05]", "[65.2, 74.3]", "<0.001"], True),
        (["+0.21 pp", "30 %", "10 of 12", "never", "1,000"], True),
        (["1", "he_normal"], False),
        (["64, he"], False),
        (["3 layers"], False),
    ],
)
def test_column_is_numeric_if_every_cell_is(cells, numeric):
    assert Table(["x"], [[cell] for cell in cells]).numeric == [numeric]


def test_table_without_rows_has_its_headings(figures):
    page = Page("t", Answer("a", ()), [], [Section("a", "A", tables=[Table(["x", "y"], [])])])
    assert len(re.findall("<th ", to_html(page, {}))) == 2
    assert "| x | y |" in to_markdown(page)
