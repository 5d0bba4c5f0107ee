"""The pages of README and docs, and the commands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "RESULTS.md", "multirun/README.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(ROOT.glob("examples/**/*.md")),
    *sorted(ROOT.glob("docs/*.md")),
]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELL = {"", "bash", "console", "sh", "shell"}  # languages of blocks
PROGRAM = r"(?:python3?|pip|make|source|ray|git|uv|eval|mlflow|tensorboard|jupyter|fmnist-\w+)"
COMMAND = re.compile(rf"(?:\$ )?({PROGRAM} (?!-m$)\S.*)")
WITHIN = re.compile(r"python (?:-m fmnist_exp|scripts/).*?(?=  |`|$)")


def commands_in(path: Path) -> Iterator[str]:
    """Commands of a page: in blocks, and in running text between backticks.

    A block that begins with a command holds commands alone. Another one is a picture or what is
    printed, and what it says of our own commands counts as well.
    """
    text = path.read_text("utf-8")
    for language, block in BLOCK.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        if language not in SHELL or not lines:
            continue
        if COMMAND.match(lines[0].strip()):
            yield from (re.sub(r"^\$ ", "", line.strip()) for line in lines if line.strip())
        else:
            yield from (found for line in lines for found in WITHIN.findall(line))
    for code in re.findall(r"`([^`]+)`", BLOCK.sub("", text)):
        words = " ".join(code.split())
        if COMMAND.fullmatch(words):
            yield words
