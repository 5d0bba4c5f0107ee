"""Picture files of any kind, decoded with care: what they hold is not ours."""

import struct
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fmnist_exp.errors import ImageError
from fmnist_exp.files import DAMAGES, open_regular

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
KINDS = "PNG, JPEG, GIF or WebP"
MAX_BYTES = 200_000_000  # of a file
MAX_PIXELS = 64_000_000  # 2 GB while it is prepared; of a camera's picture 12 to 50 million
LIGHT = 128  # the least grey, of 0 to 255, that is rather white than black


def pictures_in(place: Path) -> list[Path]:
    """The picture files of a folder, by name; of anything else itself.

    Raises:
        ImageError: the folder cannot be read, or holds no picture.
    """
    if not place.is_dir():
        return [place]
    try:
        found = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise _cannot_read(place, error.strerror or error) from error
    if not found:
        raise _cannot_read(place, f"the folder holds no file that ends with {_listed(SUFFIXES)}")
    return found


def read_picture(path: Path) -> Image.Image:
    """Decode a file: upright, the first frame alone, without transparency.

    What is transparent becomes white, or black where the rest is rather light, so that it can be
    seen. 16 bits become 8.

    Returns:
        An image of mode RGB; of mode L if all of it is grey.

    Raises:
        ImageError: the file is missing, damaged, too large or of another kind.
    """
    try:
        with open_regular(path, MAX_BYTES) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of metadata that are damaged
            with Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    rule = f"it must have at most {MAX_PIXELS:,} pixels, received"
                    raise _cannot_read(path, f"{rule} {width:,} x {height:,}. Make it smaller")
                image.load()
                return _plain(ImageOps.exif_transpose(image))
    except UnidentifiedImageError as error:
        raise _cannot_read(path, f"it must be {KINDS}, and is none of them") from error
    except Image.DecompressionBombError as error:
        raise _cannot_read(path, f"it must have at most {MAX_PIXELS:,} pixels") from error
    except OSError as error:
        raise _cannot_read(path, error.strerror or f"it is damaged ({error})") from error
    # Pillow raises what its decoders meet: of a damaged file that can be almost anything.
    except (*DAMAGES, SyntaxError, LookupError, struct.error) as error:
        raise _cannot_read(path, f"it is damaged ({error})") from error


def _plain(image: Image.Image) -> Image.Image:
    """An image as L or RGB, without transparency."""
    if image.mode.startswith("I"):  # 16 bits of grey
        levels = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(np.round(levels / 257).astype(np.uint8))
    if image.has_transparency_data:
        image = _on_plain_ground(image.convert("RGBA"))
    colour = image.convert("RGB")
    grey = colour.getchannel(0)
    others = (colour.getchannel(1), colour.getchannel(2))
    return grey if all(each.tobytes() == grey.tobytes() for each in others) else colour


def _on_plain_ground(image: Image.Image) -> Image.Image:
    """An image of mode RGBA, laid on white, or on black if what can be seen of it is light."""
    alpha = image.getchannel("A")
    seen = np.asarray(alpha, np.float32)
    grey = np.asarray(image.convert("L"), np.float32)
    is_light = (grey * seen).sum() >= LIGHT * seen.sum() > 0
    ground = Image.new("RGBA", image.size, "black" if is_light else "white")
    return Image.alpha_composite(ground, image)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


def _cannot_read(path: Path, problem: object) -> ImageError:
    return ImageError(f"cannot read {path}: {problem}.")
