"""README and docs: every link leads somewhere, and every command names what exists."""

import importlib.util
import re

import pytest
from conftest import ROOT
from pages import PAGES

from fmnist_exp.config import CONFIG_DIR

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@page
def test_every_relative_link_leads_to_a_file_and_a_heading(path):
    for target, anchor in LINK.findall(path.read_text("utf-8")):
        found = path.parent / target if target else path
        assert found.is_file(), target
        assert not anchor or anchor in anchors(found.read_text("utf-8")), f"{target}#{anchor}"


@page
def test_every_command_names_what_exists(path):
    text = path.read_text("utf-8")
    for module in re.findall(r"python -m (fmnist_exp[\w.]*\w)", text):
        assert importlib.util.find_spec(module) is not None, module
    for script in re.findall(r"(?:scripts|benchmarks)/\w+\.\w+", text):
        assert (ROOT / script).is_file(), script
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for target in re.findall(r"`make (\w+)`|^make (\w+)", text, re.MULTILINE):
        assert "".join(target) in targets


@page
def test_every_path_of_the_code_exists(path):
    paths = re.findall(
        r"`((?:fmnist_exp|tests|conf|benchmarks)/[\w./-]*\w/?)`", path.read_text("utf-8")
    )
    assert [each for each in paths if not (ROOT / each).exists() and "GROUP" not in each] == []


def test_every_option_is_in_the_docs():
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    for group in (
        "data",
        "augmentation",
        "model",
        "initializer",
        "optimizer",
        "training",
        "chance",
        "without",
        "experiment",
    ):
        [row] = re.findall(rf"^\| `{group}` \|.*$", text, re.MULTILINE)
        for option in (CONFIG_DIR / group).glob("*.yaml"):
            todo = f"add `{option.stem}` to the row `{group}` of docs/configuration.md"
            assert f"`{option.stem}`" in row, todo


def test_every_page_is_linked_from_the_readme():
    linked = {target for target, _ in LINK.findall((ROOT / "README.md").read_text("utf-8"))}
    assert {f"docs/{path.name}" for path in ROOT.glob("docs/*.md")} <= linked


@page
def test_no_page_holds_a_conflict_of_a_merge(path):
    assert re.findall(r"^(?:<{7}|>{7}) .*$", path.read_text("utf-8"), re.MULTILINE) == []
