"""The page in a real browser without a network: whole, sortable, and nothing overflows."""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from study import write_run, write_sweep

from fmnist_exp.aggregate import aggregate
from fmnist_exp.report.page.answers import Answer
from fmnist_exp.report.page.rendering import Page, Section, Table, to_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MINUS = "\N{MINUS SIGN}"
NASTY = "<script>window.hacked=1</script> =cmd() größe 重み " + "x" * 80
WIDTHS = (390, 1280)
PAPER = 718  # CSS pixels between margins of 1 cm on A4
BACKGROUND = "getComputedStyle(document.body).backgroundColor"

pytestmark = pytest.mark.slow  # a browser takes its time


@pytest.fixture(scope="module")
def browser():
    """An installed Chromium or Chrome, without a network."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = f"none of these browsers is installed: {', '.join(BROWSERS)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser):
    """Open a page; every complaint of the browser ends up in the list `problems`."""
    contexts = []

    def opened(path: Path, width: int = 1280, scheme: str = "light"):
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        page, problems = context.new_page(), []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(request.url[:200]))
        page.on("request", lambda request: asked(request.url, problems))
        page.goto(path.as_uri())
        return page, problems

    yield opened
    for context in contexts:
        context.close()


def asked(url: str, problems: list[str]) -> None:
    """A page may ask for itself and for what it holds."""
    if not url.startswith(("file:", "data:")):
        problems.append(f"asked for {url}")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Reports: of an ordinary study, of one with names that are hard to show, of a failed one."""
    folder = tmp_path_factory.mktemp("reports")
    arms = {"he": (0.7, 0.8, 0.9, 0.8, 0.7), "lecun": (0.8, 0.9, 0.7, 0.9, 0.9)}
    write_sweep(folder / "ordinary", arms, answers=True, signal=0.5)
    for number in range(9):
        name = f"initializer.name='{NASTY}{number}'"
        write_run(folder / "awkward" / str(number), name, answers=True, signal=0.0)
    write_run(folder / "awkward" / "diverged", status="diverged")
    write_run(folder / "failed" / "0", status="failed")
    for name in ("ordinary", "awkward", "failed"):
        aggregate([folder / name], folder / name / "report")
    return {path.parent.parent.name: path for path in folder.glob("*/report/index.html")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["ordinary", "awkward", "failed"])
def test_page_is_whole_and_nothing_overflows(show, reports, name, width, scheme):
    page, problems = show(reports[name], width, scheme)
    for summary in page.query_selector_all("summary"):
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert all(size > 0 for size in sizes)
    assert bool(sizes) == (name != "failed")
    texts = page.evaluate("[...document.images].map(image => image.alt)")
    assert all(texts)
    assert page.evaluate("window.hacked") is None
    assert problems == []


@pytest.mark.parametrize("name", ["ordinary", "awkward"])
def test_paper_is_white_and_no_table_is_wider(show, reports, name):
    page, _ = show(reports[name], PAPER, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"


def test_dark_mode_is_dark(show, reports):
    light, dark = (
        show(reports["ordinary"], scheme=scheme)[0].evaluate(BACKGROUND)
        for scheme in ("light", "dark")
    )
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(22, 24, 27)")


@pytest.fixture
def sortable(show, tmp_path):
    """A browser's page with one table, and a function that sorts it by a column and reads it."""
    rows = [
        ["run/10", f"{MINUS}0.5", "9.5 [1.0, 10.0]", "never"],
        ["run/9", "-", "10.0 [9.0, 11.0]", "2"],
        ["run/100", "<0.001", "-", "10 of 12"],
        ["a", "1,000", f"{MINUS}3.0", "-"],
    ]
    table = Table(["run", "a", "b", "c"], rows, "Runs")
    path = tmp_path / "index.html"
    path.write_text(
        to_html(Page("t", Answer("a", ()), [], [Section("s", "S", tables=[table])]), {})
    )
    page, problems = show(path)

    def sort(column: int) -> list[str]:
        page.click(f"th:nth-child({column + 1}) button")
        assert problems == []
        cells = f"[...document.querySelectorAll('td:nth-child({column + 1})')]"
        return page.evaluate(f"{cells}.map(cell => cell.textContent)")

    return page, sort


@pytest.mark.parametrize(
    ("column", "ascending", "descending"),
    [
        (0, ["a", "run/9", "run/10", "run/100"], ["run/100", "run/10", "run/9", "a"]),
        (
            1,
            [f"{MINUS}0.5", "<0.001", "1,000", "-"],
            ["1,000", "<0.001", f"{MINUS}0.5", "-"],
        ),
        (
            2,
            [f"{MINUS}3.0", "9.5 [1.0, 10.0]", "10.0 [9.0, 11.0]", "-"],
            ["10.0 [9.0, 11.0]", "9.5 [1.0, 10.0]", f"{MINUS}3.0", "-"],
        ),
        (3, ["2", "10 of 12", "never", "-"], ["never", "10 of 12", "2", "-"]),
    ],
)
def test_heading_sorts_by_value_and_again_the_other_way(sortable, column, ascending, descending):
    page, sort = sortable
    assert sort(column) == ascending
    heading = page.locator(f"th:nth-child({column + 1})")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert sort(column) == descending
    assert heading.get_attribute("aria-sort") == "descending"


def test_one_column_at_a_time_is_marked_as_sorted(sortable):
    page, sort = sortable
    sort(0)
    sort(1)
    assert page.locator("th[aria-sort]").count() == 1


def test_leaderboard_of_a_real_page_sorts(show, reports):
    page, _ = show(reports["ordinary"])
    names = "[...document.querySelectorAll('#leaderboard td:nth-child(2)')].map(c => c.textContent)"
    assert page.evaluate(names) == ["lecun_normal", "he_normal"]
    page.click("#leaderboard th:nth-child(2) button")
    assert page.evaluate(names) == ["he_normal", "lecun_normal"]


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """The report of three initializers at four depths, with five seeds each."""
    folder = tmp_path_factory.mktemp("crossed")
    number = 0
    for initializer in ("glorot", "he", "lecun"):
        for depth in (2, 3, 4, 5):
            for seed in range(5):
                changes = (
                    f"initializer={initializer}",
                    f"model.hidden=[{','.join(['8'] * depth)}]",
                )
                accuracy = 0.9 - 0.05 * depth + 0.01 * ((seed * depth) % 5)
                run = folder / "s" / str(number)
                write_run(run, *changes, f"seed={seed}", accuracy=accuracy, answers=True)
                number += 1
    aggregate([folder / "s"], folder / "report")
    return folder / "report" / "index.html"


def test_page_of_three_by_four_conditions_is_short(show, crossed):
    page, _ = show(crossed)
    assert page.evaluate("document.documentElement.scrollHeight") < 9000


def test_wide_table_shows_a_shade_where_there_is_more(show, crossed, tmp_path):
    """Its right edge is darker than paper; the end, once scrolled to, is not."""
    page, _ = show(crossed, 390)
    table = page.locator("#leaderboard .wide")

    def brightness_at_the_right_edge() -> float:
        picture = Image.open(io.BytesIO(table.screenshot())).convert("L")
        return float(np.median(np.asarray(picture)[:, -3]))

    assert brightness_at_the_right_edge() < 230
    table.evaluate("each => each.scrollLeft = each.scrollWidth")
    assert brightness_at_the_right_edge() == 255


def test_on_paper_no_heading_is_left_behind_and_folded_tables_are_named(show, crossed):
    page, _ = show(crossed, PAPER)
    page.emulate_media(media="print")
    after = "getComputedStyle(document.querySelector('{}')).breakAfter"
    assert {page.evaluate(after.format(each)) for each in ("h1", "h2", ".lead")} == {"avoid"}
    assert page.locator("details:not([open]) summary:visible").count() > 0
    hidden = "getComputedStyle(document.querySelector('summary'), '::after').content"
    assert "folded" in page.evaluate(hidden)
