"""Draws the rooms of the package: `python tests/architecture_picture.py` writes the picture.

Levels and arrows follow from the table of `test_architecture.py`: a room stands above all that it
uses, and an arrow that others imply is left out.
"""

import graphlib
from collections.abc import Mapping
from html import escape
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "architecture.svg"
BOX, HEIGHT, COLUMN, STEP, MARGIN = 190, 52, 285, 92, 20  # pixels
PLACES = {  # room -> column, and what it is about
    "config": (0, "what a run is"),
    "data": (0, "images and their split"),
    "engine": (0, "training; all of TensorFlow"),
    "run": (0, "one run, the store"),
    "sweep": (0, "the runs of one command"),
    "tuning": (0, "runs that Optuna proposes"),
    "rundir": (1, "the files of a run"),
    "report": (1, "findings, charts, page"),
    "exporting": (1, "zip files, model cards"),
    "using": (1, "saved models, asked"),
    "settling": (1, "seeds until it is settled"),
    "statistics": (2, "intervals, verdicts"),
}
NEW = (2, "")  # where a room without a place is drawn
WIDTH = 2 * COLUMN + BOX + 2 * MARGIN
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" width="{width}"
  height="{height:g}" role="img">
<title>The rooms of fmnist_exp, and which of them use which</title>
<style>
  svg {{ font: 15px system-ui, sans-serif; }}
  .paper {{ fill: #ffffff; }}
  .box {{ fill: #eaf2fb; stroke: #2f6db3; stroke-width: 1.5; }}
  .flat {{ fill: #f3f3f0; stroke: #8a8a80; }}
  .name {{ font-weight: 600; fill: #10243c; }}
  .does {{ font-size: 12.5px; fill: #44525f; }}
  .arrow {{ stroke: #5d6b78; stroke-width: 1.6; fill: none; marker-end: url(#tip); }}
  .tip {{ fill: #5d6b78; }}
  text {{ text-anchor: middle; }}
  @media (prefers-color-scheme: dark) {{
    .paper {{ fill: #0d1117; }}
    .box {{ fill: #14283f; stroke: #6ea8e6; }}
    .flat {{ fill: #20242a; stroke: #8b949e; }}
    .name {{ fill: #f0f6fc; }}
    .does {{ fill: #b8c4d0; }}
    .arrow {{ stroke: #9aa7b4; }}
    .tip {{ fill: #9aa7b4; }}
  }}
</style>
<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"
  orient="auto"><path class="tip" d="M0,0 L10,5 L0,10 z"/></marker>
<rect class="paper" width="{width}" height="{height:g}" rx="8"/>
"""


def needed(rooms: Mapping[str, set[str]]) -> set[tuple[str, str]]:
    """Pairs of rooms, user first, that no way through a third room implies."""
    reach: dict[str, set[str]] = {}
    for room in graphlib.TopologicalSorter(rooms).static_order():
        reach[room] = set(rooms[room]).union(*(reach[below] for below in rooms[room]))
    return {
        (room, below)
        for room in rooms
        for below in rooms[room]
        if not any(below in reach[other] for other in rooms[room])
    }


def levels(rooms: Mapping[str, set[str]]) -> dict[str, int]:
    """How high each room stands: one above the highest that it uses."""
    found: dict[str, int] = {}
    for room in graphlib.TopologicalSorter(rooms).static_order():
        found[room] = max((found[below] + 1 for below in rooms[room]), default=0)
    return found


def box(kind: str, x: float, y: float, width: float, lines: tuple[str, str]) -> str:
    """A box around (x, y) with a name and a line on what it does."""
    name, does = map(escape, lines)
    corner = f'x="{x - width / 2:g}" y="{y - HEIGHT / 2:g}"'
    return (
        f'<rect class="{kind}" {corner} width="{width}" height="{HEIGHT}" rx="7"/>\n'
        f'<text class="name" x="{x:g}" y="{y - 4:g}">{name}</text>\n'
        f'<text class="does" x="{x:g}" y="{y + 15:g}">{does}</text>'
    )


def drawn(rooms: Mapping[str, set[str]], commands: set[str], ground: set[str]) -> str:
    """The picture as SVG.

    Args:
        rooms: the rooms that each room uses.
        commands: names of the modules that are commands.
        ground: names of the modules that all may use.
    """
    level = levels(rooms)
    top = MARGIN + HEIGHT / 2
    bottom = top + STEP * (max(level.values()) + 2)
    at = {
        room: (
            MARGIN + BOX / 2 + COLUMN * PLACES.get(room, NEW)[0],
            bottom - STEP * (level[room] + 1),
        )
        for room in rooms
    }
    parts = [
        box("flat", WIDTH / 2, top, WIDTH - 2 * MARGIN, ("commands", ", ".join(sorted(commands)))),
        box("flat", WIDTH / 2, bottom, WIDTH - 2 * MARGIN, ("ground", ", ".join(sorted(ground)))),
    ]
    for user, used in sorted(needed(rooms)):
        (x, y), (to_x, to_y) = at[user], at[used]
        aside = BOX / 4 * ((to_x > x) - (to_x < x))
        start, end = (
            f"M{x + aside:g},{y + HEIGHT / 2:g}",
            f"L{to_x - aside:g},{to_y - HEIGHT / 2:g}",
        )
        parts.append(
            f'<path class="arrow" d="{start} {end}"><title>{user} uses {used}</title></path>'
        )
    parts += [
        box("box", *at[room], BOX, (room, PLACES.get(room, NEW)[1])) for room in sorted(rooms)
    ]
    height = bottom + HEIGHT / 2 + MARGIN
    return HEAD.format(width=WIDTH, height=height) + "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    from project import test_architecture as contract

    picture = drawn(contract.ROOMS, contract.COMMANDS, contract.GROUND - {""})
    PICTURE.write_text(picture, "utf-8")
    print(f"picture: {PICTURE}")
