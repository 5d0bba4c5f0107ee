"""A small sweep that was really trained, for all that hands sweeps over."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, training_here

from fmnist_exp import export

SMALL = ("data=synthetic", "data.num_train=400", "training=smoke")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a sweep of two initializers with two seeds each; not to be written in."""
    folder = tmp_path_factory.mktemp("trained") / "sweep"
    factors = ("initializer=he,lecun", "seed=0,1", "model.hidden=[16]")
    with pytest.MonkeyPatch.context() as patch, training_here(patch) as train:
        ended = train("--multirun", *SMALL, *factors, f"hydra.sweep.dir={folder}")
    assert ended.status == 0, ended.err
    return folder


@pytest.fixture
def sweep(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(trained, tmp_path / "sweep"))


@pytest.fixture
def export_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Gives the export command in this process."""

    def export_here(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["export", *map(str, arguments)])
        try:
            export.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return Ended(status, *capsys.readouterr())

    return export_here
