"""What a network sees of a picture: 28x28 on black, whatever surrounds the clothing."""

import numpy as np
import pytest
from drawings import INK, SIZE, drawn
from PIL import Image

from fmnist_exp.errors import ImageError
from fmnist_exp.using.preparing import SHARPEN, prepared

SHAPE = (28, 28)


@pytest.fixture
def seen(tmp_path):
    """Gives what a network sees of a picture."""

    def seen(picture, shape=SHAPE, of_clothes=True):
        picture.save(tmp_path / "picture.png")
        return prepared(tmp_path / "picture.png", shape, of_clothes=of_clothes)

    return seen


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_grey_image_of_the_networks_size_is_taken_to_the_byte(mode, seen, run_seed):
    image = np.random.default_rng(run_seed).integers(0, 256, SHAPE, dtype=np.uint8)
    image[:, [0, -1]] = image[[0, -1]] = 0
    assert np.array_equal(seen(Image.fromarray(image).convert(mode)), image)


def test_of_clothes_alone_a_light_border_is_negated(seen, run_seed):
    image = np.random.default_rng(run_seed).integers(0, 256, SHAPE, dtype=np.uint8)
    image[:, [0, -1]] = image[[0, -1]] = 250
    assert np.array_equal(seen(Image.fromarray(image)), 255 - image)
    assert np.array_equal(seen(Image.fromarray(image), of_clothes=False), image)


@pytest.mark.parametrize("name", INK)
def test_drawn_clothing_is_the_same_on_white_transparent_and_off_centre(name, seen):
    on_white = seen(drawn(name))
    ink = tuple(each // 2 for each in INK[name])  # dark enough for transparency to become white
    off_centre = Image.new("RGB", (900, 800), "white")
    off_centre.paste(drawn(name), (430, 250))
    assert np.array_equal(seen(off_centre), on_white)
    assert np.array_equal(seen(drawn(name, None, ink)), seen(drawn(name, "white", ink)))


@pytest.mark.parametrize("name", INK)
def test_clothing_fills_the_canvas_in_its_middle_on_black(name, seen):
    image = seen(drawn(name, (226, 240, 235)))
    rows, columns = (np.flatnonzero((image > 12).any(axis=axis)) for axis in (1, 0))
    long, short = sorted((rows, columns), key=len, reverse=True)
    assert len(long) == 28
    assert abs(short[0] - (27 - short[-1])) <= 1
    assert np.median(image[image > 12]) > 60
    assert (image[: rows[0]] == 0).all()
    assert (image[rows[-1] + 1 :] == 0).all()


def test_dark_and_light_backgrounds_show_the_same_shape(seen):
    """The inks are as far from their ground, so the pictures are each other's negative."""
    on_white, on_black = (
        seen(drawn("Dress", ink=(55,) * 3)),
        seen(drawn("Dress", "black", (200,) * 3)),
    )
    assert np.abs(on_white.astype(int) - on_black).max() <= 1  # rounding


def test_other_sizes_and_shapes_are_filled_as_well(seen):
    for shape in ((8, 8), (12, 30), (64, 64)):
        image = seen(drawn("Bag"), shape, of_clothes=False)
        assert image.shape == shape
        assert image.max() > 60


@pytest.mark.parametrize("size", [(1, 1000), (1000, 1), (3, 5)])
def test_odd_sizes_are_seen(size, seen):
    picture = Image.new("RGB", (size[0] + 4, size[1] + 4), "white")
    picture.paste("black", (2, 2, size[0] + 2, size[1] + 2))
    image = seen(picture)
    assert (image > 128).any(axis=int(size[0] < size[1])).all()


@pytest.mark.parametrize("ground", ["white", "black", None])
def test_nothing_but_background_is_an_error_with_the_name(ground, seen, tmp_path):
    blank = Image.new("RGB" if ground else "RGBA", SIZE, ground or (0, 0, 0, 0))
    with pytest.raises(ImageError, match=r"cannot use .*picture\.png: it shows nothing but back"):
        seen(blank)


def test_sharpening_leaves_plain_areas_and_lifts_what_stands_out():
    """By hand: the bell has 1, 4 of exp(-1/2), 4 of exp(-1); twice its sum stands in the middle."""
    around = 4 * np.exp(-0.5) + 4 * np.exp(-1)
    assert SHARPEN.sum() == pytest.approx(1)
    assert SHARPEN[1, 1] == pytest.approx(2 * (1 + around) / (2 * (1 + around) - around))


@pytest.mark.parametrize(("ground", "ink"), [(235, 255), (200, 255), (120, 20), (60, 0)])
def test_clothing_is_bright_whichever_side_of_the_background_it_is_on(ground, ink, seen):
    """A white shirt on light grey, a black one on dark grey: neither is clipped to black."""
    image = seen(drawn("Shirt", (ground,) * 3, (ink,) * 3))
    assert image.max() > 200
    assert np.median(image[image > 12]) > 60
