"""Figures are the same for the same input, whatever the user's settings."""

import io

import matplotlib as mpl
import pytest
from PIL import Image

from fmnist_exp.report.charts import drawing


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
