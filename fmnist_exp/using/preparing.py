"""A picture as a network sees it: prepared as the images of Fashion-MNIST were.

Source: Xiao, Rasul and Vollgraf (2017), Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms, section 2: trim what is close to the colour of the corners, bring the
longest edge to 28 pixels, sharpen, put it in the centre, negate, make it grey. Here the colour is
that of the whole border, pixels are averaged instead of skipped, and what is lighter than its
background is not negated.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from fmnist_exp.errors import ImageError
from fmnist_exp.using.pictures import LIGHT, read_picture

CLOSE = 0.05  # share of a channel's range within which a pixel is background; as published
# A Gaussian operator of radius 1 and standard deviation 1, as published. ImageMagick's -sharpen
# makes its kernel so: the negated bell, and twice its sum in the middle, scaled to the sum 1.
_BELL = np.exp(-np.array([[2, 1, 2], [1, 0, 1], [2, 1, 2]]) / 2)
_CENTRE = np.zeros((3, 3)) + np.diag([0, 2 * _BELL.sum() + 1, 0])
SHARPEN = (_CENTRE - _BELL) / (_CENTRE - _BELL).sum()


def prepared(path: Path, shape: tuple[int, int], *, of_clothes: bool) -> np.ndarray:
    """The image that a network is asked about.

    A grey picture of the network's own size is taken as it is, pixel by pixel; one of clothes with
    a light border is negated, and nothing else.

    Args:
        path: of a picture that `pictures.read_picture` can decode.
        shape: (height, width) of the network's images.
        of_clothes: whether the network knows Fashion-MNIST, in which every border is dark.

    Returns:
        uint8 (height, width); brightness on black.

    Raises:
        ImageError: the picture cannot be read, or shows nothing but background.
    """
    picture = read_picture(path)
    border = _border(picture.convert("RGB"))
    is_light = bool(_grey(border).mean() >= LIGHT)
    if picture.mode == "L" and picture.size == shape[::-1]:
        image = np.asarray(picture)
        return 255 - image if is_light and of_clothes else image
    on_one_side = border[(_grey(border) >= LIGHT) == is_light]
    background = tuple(int(each) for each in np.median(on_one_side, axis=0))
    trimmed = _trimmed(picture.convert("RGB"), background)
    if trimmed is None:
        raise ImageError(f"cannot use {path}: it shows nothing but background. Pass another.")
    scaled = _scaled(trimmed, shape)
    level = float(_grey(np.array(background)))
    grey = np.asarray(scaled.convert("L"), np.float64)
    is_darker = grey.mean() <= level
    bright = (level - grey) / max(level, 1) if is_darker else (grey - level) / (255 - level)
    shown = Image.fromarray(np.round(255 * bright.clip(0, 1)).astype(np.uint8))
    canvas = Image.new("L", shape[::-1])
    canvas.paste(shown, ((shape[1] - shown.width) // 2, (shape[0] - shown.height) // 2))
    return np.asarray(canvas.filter(ImageFilter.Kernel((3, 3), SHARPEN.ravel().tolist(), scale=1)))


def _border(picture: Image.Image) -> np.ndarray:
    """The outermost pixels of a picture: uint8 (num_pixels, 3)."""
    width, height = picture.size
    sides = [(0, 0, width, 1), (0, height - 1, width, height)]
    sides += [(0, 0, 1, height), (width - 1, 0, width, height)]
    return np.concatenate([np.asarray(picture.crop(side)).reshape(-1, 3) for side in sides])


def _grey(colours: np.ndarray) -> np.ndarray:
    """The grey of colours (..., 3), as Pillow and ITU-R BT.601 have it."""
    return colours @ np.array([0.299, 0.587, 0.114])


def _trimmed(picture: Image.Image, background: tuple[int, ...]) -> Image.Image | None:
    """The smallest part that holds all pixels which differ from the background; None without."""
    difference = ImageChops.difference(picture, Image.new("RGB", picture.size, background))
    red, green, blue = difference.split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    box = largest.point([255 * (level > 255 * CLOSE) for level in range(256)]).getbbox()
    return picture.crop(box) if box else None


def _scaled(picture: Image.Image, shape: tuple[int, int]) -> Image.Image:
    """The picture as large as the canvas allows, its proportions kept."""
    factor = min(shape[1] / picture.width, shape[0] / picture.height)
    width, height = (max(1, round(factor * edge)) for edge in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)
