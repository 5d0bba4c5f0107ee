"""Picture files: every usual kind is decoded alike, and what is no picture is one clear line."""

import struct
import zlib

import numpy as np
import pytest
from drawings import drawn
from PIL import Image

from fmnist_exp.errors import ImageError
from fmnist_exp.using.pictures import MAX_PIXELS, pictures_in, read_picture

BLOCKS = np.kron(np.arange(0, 256, 17, dtype=np.uint8).reshape(4, 4), np.ones((16, 16), np.uint8))


def chunk(name, content):
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_that_claims(width, height):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def cut(path, form):
    drawn("Bag").save(path, form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BAD = {
    "text": (lambda path: path.write_text("no picture"), "must be PNG, JPEG, GIF or WebP"),
    "nothing": (lambda path: path.write_bytes(b""), "must be PNG, JPEG, GIF or WebP"),
    "another kind": (lambda path: drawn("Bag").save(path, "BMP"), "must be PNG, JPEG, GIF or Web"),
    "half a PNG": (lambda path: cut(path, "PNG"), "damaged"),
    "half a JPEG": (lambda path: cut(path, "JPEG"), "damaged"),
    "bomb": (lambda path: path.write_bytes(png_that_claims(9000, 8000)), f"{MAX_PIXELS:,} pixels"),
    "larger": (lambda path: path.write_bytes(png_that_claims(60000, 60000)), f"{MAX_PIXELS:,}"),
    "missing": (lambda path: None, "No such file"),
    "a folder without pictures": (lambda path: path.mkdir(), "holds no file that ends with .png"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_picture_is_told_in_a_line_with_its_name(kind, tmp_path):
    path = tmp_path / "bad.png"
    make, problem = BAD[kind]
    make(path)
    with pytest.raises(ImageError) as caught:
        [read_picture(each) for each in pictures_in(path)]
    assert str(caught.value).startswith(f"cannot read {path}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


SAVED = {
    "RGB": lambda grey: grey.convert("RGB"),
    "RGBA": lambda grey: grey.convert("RGBA"),
    "LA": lambda grey: grey.convert("LA"),
    "palette": lambda grey: grey.quantize(256),
    "16 bits": lambda grey: Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
}


@pytest.mark.parametrize("mode", SAVED)
def test_grey_is_the_same_to_the_byte_in_every_mode(mode, tmp_path):
    SAVED[mode](Image.fromarray(BLOCKS)).save(tmp_path / "grey.png")
    found = read_picture(tmp_path / "grey.png")
    assert found.mode == "L"
    assert np.array_equal(np.asarray(found), BLOCKS)


MODES = {"PNG": ("RGB", "1", "P"), "JPEG": ("RGB", "1", "CMYK"), "GIF": "P", "WEBP": ("RGB",)}


@pytest.mark.parametrize(("form", "mode"), [(form, x) for form in MODES for x in MODES[form]])
def test_every_format_and_mode_shows_the_same_colours(form, mode, tmp_path):
    """Lossy formats and 256 colours miss a plain area by some levels, and edges by more."""
    bag = drawn("Bag") if mode != "1" else drawn("Bag", ink=(0, 0, 0))
    bag.convert(mode).save(tmp_path / "bag", form)
    found, given = (
        np.asarray(x.convert("RGB"), int) for x in (read_picture(tmp_path / "bag"), bag)
    )
    assert np.median(np.abs(found - given)) <= 3
    assert np.abs(found - given)[300, 200].max() <= 30  # in the middle of the bag


def test_what_is_transparent_becomes_white_or_black_where_the_rest_is_light(tmp_path):
    for name, ink, ground in (("dark", (90, 60, 30), 255), ("light", (240, 230, 200), 0)):
        drawn("Dress", None, ink).save(tmp_path / f"{name}.png")
        found = np.asarray(read_picture(tmp_path / f"{name}.png"))
        assert (found[0, 0] == ground).all()
        assert (found[150, 200] == ink).all()


def test_picture_that_lies_on_its_side_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    drawn("Ankle boot").rotate(90, expand=True).save(tmp_path / "boot.png", exif=exif)
    upright = read_picture(tmp_path / "boot.png")
    assert np.array_equal(np.asarray(upright), np.asarray(drawn("Ankle boot")))


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_counts(form, tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ((200, 0, 0), (0, 0, 200))]
    frames[0].save(
        tmp_path / "moving", form, save_all=True, append_images=frames[1:], lossless=True
    )
    assert np.asarray(read_picture(tmp_path / "moving"))[5, 5].tolist() == [200, 0, 0]


def test_folder_gives_its_pictures_by_name(tmp_path):
    for name in ("b.PNG", "a.webp", "notes.txt", "c.jpeg"):
        (tmp_path / name).write_text("")
    assert [path.name for path in pictures_in(tmp_path)] == ["a.webp", "b.PNG", "c.jpeg"]
