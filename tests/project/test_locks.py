"""What is imported is declared; the locks hold that and no more, and name no place."""

import ast
import re
import sys
import tomllib

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
STUDY, DEVELOPMENT, BUILD = (f"requirements{which}.lock" for which in ("", "-dev", "-build"))
# What a package is called where it is imported, if not by its own name.
NAMES = {
    "hydra-core": "hydra",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}


def locked(name):
    """Package -> its versions, of one lock."""
    found = {}
    for package, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.M):
        found.setdefault(package, set()).add(version)
    return found


def required(requirements):
    return {re.match(r"[\w.-]+", each)[0] for each in requirements}


def test_study_needs_none_of_the_packages_of_development():
    dev = required(PROJECT["project"]["optional-dependencies"]["dev"])
    assert {"ray", "optuna", "playwright", "mypy", "ruff"} <= dev
    assert locked(STUDY).keys().isdisjoint(dev)
    assert dev <= locked(DEVELOPMENT).keys()


def test_study_has_all_that_the_project_requires():
    assert required(PROJECT["project"]["dependencies"]) <= locked(STUDY).keys()


def test_what_builds_is_locked_before_all_else():
    build = required(PROJECT["build-system"]["requires"])
    assert build <= required(PROJECT["dependency-groups"]["build"]) <= locked(BUILD).keys()
    assert locked(STUDY).keys() & locked(BUILD).keys() == {"packaging", "setuptools"}
    assert locked(BUILD)["setuptools"] == locked(STUDY)["setuptools"]


def test_filelock_is_one_that_refuses_file_systems_without_locks():
    """Tried with each: up to 3.29 `fallback_to_soft=False` is swallowed, and ENOSYS falls back."""
    (asked,) = [each for each in PROJECT["project"]["dependencies"] if each.startswith("filelock")]
    assert tuple(map(int, asked.removeprefix("filelock>=").split("."))) >= (3, 30)


def test_development_adds_packages_and_changes_none():
    assert locked(STUDY).items() <= locked(DEVELOPMENT).items()


@pytest.mark.parametrize("name", [STUDY, DEVELOPMENT, BUILD])
def test_a_lock_names_packages_versions_and_hashes_and_no_place(name):
    lines = (ROOT / name).read_text().splitlines()
    package = r"[\w.-]+==\S+( ; [^/:@]+)? \\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    other = r"   -c requirements(-build)?\.lock"
    reason = rf"    #( via)?({other}| *[\w.-]+( \(pyproject\.toml(:build)?\))?)?"
    assert [line for line in lines if not re.fullmatch(f"{package}|{digest}|{reason}", line)] == []


def imported_packages() -> set[str]:
    """Top-level names that the package imports."""
    found = set()
    for folder in ("fmnist_exp", "hydra_plugins", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((node.module or "").partition(".")[0])
    return found - sys.stdlib_module_names - {"fmnist_exp", "hydra_plugins"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    project = PROJECT["project"]
    declared = {NAMES.get(each, each) for each in required(project["dependencies"])}
    optional = set().union(*map(required, project["optional-dependencies"].values()))
    assert imported_packages() - declared <= optional
    assert declared <= imported_packages()
