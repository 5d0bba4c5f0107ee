"""Edits train anew what they change, and change nothing in silence."""

import json
import logging
import re
import shutil

import pytest
from conftest import ROOT, command
from sweep.test_plan import begin

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import CodeError
from fmnist_exp.run import provenance
from fmnist_exp.rundir import plan, records
from fmnist_exp.sweep.task import planned

SETTINGS = ("data=synthetic", "training=smoke", "training.epochs=1")
PROBE = """
import sys
from fmnist_exp import train
train.main()
print("TensorFlow", "tensorflow" in sys.modules)
"""
OTHER_PIXEL = """
import numpy as np
from fmnist_exp import train
from fmnist_exp.data import loading
real = loading._synthetic
def with_another_pixel(config):
    made = real(config)
    made[0][2][0, 0, 0] ^= 1  # of the test images
    return made
loading._synthetic = with_another_pixel
train.main()
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the package and its configs, to be edited, with one run in its store."""
    root = tmp_path_factory.mktemp("project")
    without_bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "fmnist_exp", root / "fmnist_exp", ignore=without_bytecode)
    shutil.copytree(CONFIG_DIR, root / "conf")
    result = within(root, PROBE, "hydra.run.dir=first")
    assert result.stdout.endswith("TensorFlow True\n"), result.stderr
    return root


def within(root, code, *arguments):
    """Run code in the copy, and nowhere else."""
    return command("-c", code, *SETTINGS, *arguments, cwd=root, PYTHONPATH=str(root))


def listed(root, code=PROBE):
    """What a dry run says of the run: `done`, or `to train`."""
    result = within(root, code, "dry_run=true")
    assert result.returncode == 0, result.stderr
    [state] = re.findall(r"^   0  \w+  (done|to train) ", result.stdout)
    return state


@pytest.fixture
def edit(project):
    """Changes a file of the copy until the test is over."""
    former = {}

    def change(name, old, new):
        path = project / name
        former[path] = path.read_text()
        assert old in former[path]
        path.write_text(former[path].replace(old, new))

    yield change
    for path, text in former.items():
        path.write_text(text)


@pytest.mark.slow
def test_run_of_the_same_code_config_and_data_is_reused_without_tensorflow(project):
    assert listed(project) == "done"
    result = within(project, PROBE, "hydra.mode=MULTIRUN", "hydra.sweep.dir=again")
    assert result.stdout.endswith("TensorFlow False\n"), result.stderr
    assert records.read_record(project / "again" / "0").reused


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        ("fmnist_exp/engine/training.py", '"""From a config', '"""Out of a config'),
        ("conf/optimizer/adam.yaml", "learning_rate: 0.001 ", "learning_rate: 0.002 "),
    ],
    ids=["a line of training.py", "a default"],
)
def test_run_is_trained_again_after_an_edit(change, project, edit):
    edit(*change)
    assert listed(project) == "to train"


@pytest.mark.slow
def test_run_is_trained_again_for_one_changed_byte_of_the_data(project):
    assert listed(project, OTHER_PIXEL) == "to train"


@pytest.mark.slow
def test_modules_edited_while_they_are_imported_are_not_trained(project, edit):
    """The edit comes after the start of the process and before training.py is imported."""
    path = project / "fmnist_exp" / "engine" / "training.py"
    edit("fmnist_exp/engine/training.py", "import math\n", "import math\n")
    code = f"""
from pathlib import Path
from fmnist_exp import train
path = Path({str(path)!r})
path.write_text(path.read_text() + "# edited\\n")
train.main()
"""
    result = within(project, code, "hydra.run.dir=edited", "seed=7")
    assert result.returncode == 2
    assert "CodeError: the modules in" in result.stderr
    record = records.read_record(project / "edited")
    assert (record.status, record.num_epochs) == ("failed", 0)


def test_edits_after_the_imports_are_of_no_account(monkeypatch):
    provenance.check_imported_code.cache_clear()
    provenance.check_imported_code()
    monkeypatch.setattr(provenance, "_code_on_disk", lambda: {"engine": "edited"})
    provenance.check_imported_code()
    provenance.check_imported_code.cache_clear()
    with pytest.raises(CodeError, match="were edited while this process imported them"):
        provenance.check_imported_code()


def test_run_by_other_code_than_its_sweep_was_planned_with_is_warned_of(tmp_path, caplog):
    begin(tmp_path, "seed=1,2")
    path = tmp_path / plan.STUDY
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code_sha256": "former"}))
    with caplog.at_level(logging.WARNING):
        planned(tmp_path, 0)
    assert "modules of fmnist_exp have changed since the sweep began" in caplog.text
