"""What trained networks see in pictures: a command.

python -m fmnist_exp.predict RUN [RUN ...] IMAGE [IMAGE ...]
"""

import argparse
import csv
import io
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fmnist_exp.console import EXIT_BAD_INPUT, as_command, complain, typed
from fmnist_exp.errors import ImageError, RecordError
from fmnist_exp.files import atomic_path
from fmnist_exp.rundir.records import RECORD
from fmnist_exp.using.networks import Network, find_network, is_run, mean_probabilities
from fmnist_exp.using.pictures import KINDS, pictures_in
from fmnist_exp.using.preparing import prepared

NUM_SHOWN = 3  # classes of an image
PREPARED = """\
A picture is prepared as the images of Fashion-MNIST were: transparent pixels become white (black
where the rest is light); the background is the colour of the border; what is not background is cut
out, scaled until it fills 28 x 28 pixels, put in the centre, made grey, negated where it is darker
than the background, and sharpened. A grey picture of 28 x 28 pixels on black is taken as it is, to
the byte. Networks for other images take pictures in the size of those; what is grey and of this
size is taken as it is. Of an animation the first frame counts."""


@dataclass
class Picture:
    """A picture and what networks say of it.

    Attributes:
        path: the file, or a folder that cannot be read.
        image: uint8 (height, width), as the networks see it; None after an error.
        error: why it is not answered.
        ranked: classes with their probabilities, the most probable first.
    """

    path: Path
    image: np.ndarray | None = None
    error: ImageError | None = None
    ranked: tuple[tuple[str, float], ...] = ()


def find_networks(places: Sequence[Path]) -> list[Network]:
    """The networks that vote, which must answer the same question.

    Raises:
        RecordError: there is no such network, or two of them know other classes or images.
    """
    first, *others = networks = [find_network(place) for place in places]
    for each in others:
        if (each.class_names, each.shape) != (first.class_names, first.shape):
            raise RecordError(
                "networks that vote must know the same classes and size of images, received "
                f"{first.path} and {each.path}. Ask them one by one."
            )
    return networks


def read_pictures(places: Sequence[Path], network: Network) -> list[Picture]:
    """Pictures as a network sees them, in their order; of a folder all."""
    pictures: list[Picture] = []
    for place in places:
        try:
            pictures += map(Picture, pictures_in(place))
        except ImageError as error:
            pictures.append(Picture(place, error=error))
    for each in pictures:
        if each.error is None:
            try:
                each.image = prepared(each.path, network.shape, of_clothes=network.of_clothes)
            except ImageError as error:
                each.error = error
    return pictures


def answer(pictures: Sequence[Picture], networks: Sequence[Network]) -> None:
    """Ask networks, which vote, about all pictures that could be read; errors as theirs."""
    images = [each.image.ravel() for each in pictures if each.image is not None]
    if not images:
        return
    seen = (each for each in pictures if each.image is not None)
    for each, row in zip(seen, mean_probabilities(networks, np.stack(images)), strict=True):
        named = zip(networks[0].class_names, row.tolist(), strict=True)
        each.ranked = tuple(sorted(named, key=lambda pair: -pair[1]))


def show_images(pictures: Sequence[Picture], folder: Path) -> None:
    """Write what the networks saw, in its own size: `NAME.png`, in no other file's place.

    Raises:
        RecordError: a file cannot be written.
    """
    taken = {path.name for path in folder.glob("*.png")}
    for each in pictures:
        if each.image is not None:
            names = (f"{each.path.stem}{f'_{n}' * (n > 1)}.png" for n in itertools.count(1))
            name = next(name for name in names if name not in taken)
            taken.add(name)
            with atomic_path(folder / name) as temporary:
                Image.fromarray(each.image).save(temporary, "PNG")


def as_table(pictures: Sequence[Picture]) -> str:
    """The first classes of each picture in columns."""
    shown = [each for each in pictures if each.ranked]
    if not shown:
        return ""
    width = max(len(str(each.path)) for each in shown)
    longest = max(len(name) for each in shown for name, _ in each.ranked[:NUM_SHOWN])
    lines = [f"{'image':{width}}  the {NUM_SHOWN} most probable classes"]
    for each in shown:
        cells = (f"{name:{longest}} {share:6.1%}" for name, share in each.ranked[:NUM_SHOWN])
        lines.append("  ".join([f"{each.path!s:{width}}", *cells]))
    return "".join(f"{line}\n" for line in lines)


def as_json(pictures: Sequence[Picture]) -> str:
    """For each picture `image`, `class`, the `probabilities` of all classes, and `error`."""
    found = [
        {
            "image": str(each.path),
            "class": each.ranked[0][0] if each.ranked else None,
            "probabilities": dict(each.ranked),
            "error": None if each.error is None else str(each.error),
        }
        for each in pictures
    ]
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def as_csv(pictures: Sequence[Picture]) -> str:
    """A row for each picture, with its first classes and their probabilities."""
    columns = [(f"class_{n}", f"probability_{n}") for n in range(1, NUM_SHOWN + 1)]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", *itertools.chain(*columns), "error"])
    for each in pictures:
        cells = [*itertools.chain(*each.ranked[:NUM_SHOWN])]
        cells += [""] * (2 * NUM_SHOWN - len(cells))
        table.writerow([each.path, *cells, "" if each.error is None else each.error])
    return text.getvalue()


def read_arguments() -> argparse.Namespace:
    """The command line; `runs` and `images` are told apart."""
    parser = argparse.ArgumentParser(
        usage=f"{typed('predict')} [--json | --csv] [--show FOLDER] "
        "RUN [RUN ...] IMAGE [IMAGE ...]",
        description=main.__doc__,
        epilog=PREPARED,
        allow_abbrev=False,
    )
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run directory or .keras file; several vote"
    )
    parser.add_argument(
        "others", nargs="+", type=Path, metavar="IMAGE", help=f"{KINDS}, or a folder of them"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="all classes, for programs")
    form.add_argument("--csv", action="store_true", help="a row for each image")
    parser.add_argument("--show", type=Path, metavar="FOLDER", help="write what the network saw")
    arguments = parser.parse_intermixed_args()
    more = list(itertools.takewhile(is_run, arguments.others))
    arguments.runs, arguments.images = [arguments.run, *more], arguments.others[len(more) :]
    if not arguments.images:
        parser.error("after the runs it must name an image or a folder of images")
    return arguments


@as_command()
def main() -> None:
    """Ask trained networks what pictures show. Nothing is trained."""
    arguments = read_arguments()
    networks = find_networks(arguments.runs)
    for network in networks:
        if network.is_guess:
            print(
                f"{network.path} has no {RECORD} beside it: its classes are taken for those of "
                "Fashion-MNIST.",
                file=sys.stderr,
            )
    pictures = read_pictures(arguments.images, networks[0])
    answer(pictures, networks)
    shown = as_json if arguments.json else as_csv if arguments.csv else as_table
    print(shown(pictures), end="")
    if arguments.show is not None:
        show_images(pictures, arguments.show)
    failed = [each.error for each in pictures if each.error is not None]
    for error in failed:
        complain(error)
    sys.exit(EXIT_BAD_INPUT if failed else 0)


if __name__ == "__main__":
    main()
