"""Figures are the same for the same input, whatever the user's settings."""

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from study import found_in, write_sweep

from fmnist_exp.report.charts import drawing, study_charts


def draw():
    drawn = drawing.new_figure(2, 1)
    drawn.subplots().plot([0, 1], label="größe $x_$ 重み")
    return drawn


@pytest.fixture
def figure():
    return draw()


def test_forty_two_conditions_look_different():
    looks = {(drawing.colour(index), drawing.marker(index)) for index in range(42)}
    assert len(looks) == 42


def test_png_has_a_palette_which_takes_a_third_of_the_bytes(figure):
    with Image.open(io.BytesIO(drawing.render(figure, "png"))) as picture:
        assert picture.mode == "P"
        assert len(picture.getcolors()) <= 256


def test_png_says_how_large_it_is(figure):
    with Image.open(io.BytesIO(drawing.render(figure, "png"))) as picture:
        np.testing.assert_allclose(picture.info["dpi"], drawing.DPI, rtol=1e-3)


def test_svg_holds_text_as_text_as_it_was_written(figure):
    figure.axes[0].set_title("0.123456789 <b> 重み")
    assert "0.123456789 &lt;b&gt; 重み" in drawing.render(figure, "svg").decode()


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Every figure of a study, as text of an SVG file."""
    folder = tmp_path_factory.mktemp("study")
    arms = {"he": (0.7, 0.8, 0.7, 0.8, 0.7, 0.8), "lecun": (0.8,) * 6}
    write_sweep(folder, arms, signal=0.5)
    charts = study_charts.draw_study(found_in(folder))
    return [drawing.render(chart.figure, "svg").decode() for chart in charts]


def test_svg_has_a_rule_for_the_dark_for_every_colour_that_charts_use(drawings):
    for text in drawings:
        sheet, body = text.split("</style>")
        assert sheet.count("@media screen and (prefers-color-scheme:dark)") == 1
        used = set(re.findall(r"(?:fill|stroke): (#\w+)", body))
        assert used <= drawing.DARK.keys()


def test_type_has_nine_points_at_least(drawings):
    for text in drawings:
        sizes = list(map(float, re.findall(r"font-size: ([\d.]+)px", text)))
        assert min(sizes) >= 9  # a pixel of the file is a point


@pytest.mark.parametrize("kind", drawing.KINDS)
def test_same_drawing_gives_the_same_bytes(kind):
    assert drawing.render(draw(), kind) == drawing.render(draw(), kind)


@pytest.mark.parametrize("kind", drawing.KINDS)
def test_case_21_figures_do_not_depend_on_the_user_s_settings(kind):
    with drawing.house_style():
        expected = drawing.render(draw(), kind)
    settings = {"text.usetex": True, "lines.linewidth": 9, "font.size": 30, "savefig.dpi": 10}
    with mpl.rc_context(settings | {"figure.autolayout": True, "svg.fonttype": "none"}):
        with drawing.house_style():
            figure = draw()
        assert drawing.render(figure, kind) == expected
        assert mpl.rcParams["lines.linewidth"] == 9  # the user's own are left as they were


@pytest.mark.parametrize("kind", drawing.KINDS)
def test_dollars_and_letters_that_the_font_lacks_are_drawn(figure, kind):
    figure.axes[0].set_title("größe_$x_$^ 重み $")
    figure.axes[0].set_xticks([0], ["$^"])
    assert drawing.render(figure, kind)
