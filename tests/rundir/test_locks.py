"""The locks hold what is needed and no more, and name no place that it comes from."""

import re
import tomllib

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
STUDY, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"


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


def test_study_has_all_that_the_project_requires_and_what_builds_it():
    needed = required(PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"])
    assert needed <= locked(STUDY).keys()


def test_filelock_is_one_that_refuses_file_systems_without_locks():
    """Tried with each: up to 3.29 `fallback_to_soft=False` is swallowed, and ENOSYS falls back."""
    (asked,) = [each for each in PROJECT["project"]["dependencies"] if each.startswith("filelock")]
    assert tuple(map(int, asked.removeprefix("filelock>=").split("."))) >= (3, 30)


def test_development_adds_packages_and_changes_none():
    assert locked(STUDY).items() <= locked(DEVELOPMENT).items()


@pytest.mark.parametrize("name", [STUDY, DEVELOPMENT])
def test_a_lock_names_packages_versions_and_hashes_and_no_place(name):
    lines = (ROOT / name).read_text().splitlines()
    package = r"[\w.-]+==\S+( ; [^/:@]+)? \\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    reason = r"    #( via)?(   -c requirements\.lock| *[\w.-]+( \(pyproject\.toml(:build)?\))?)?"
    assert [line for line in lines if not re.fullmatch(f"{package}|{digest}|{reason}", line)] == []
