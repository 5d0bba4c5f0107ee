"""The example notebook runs, in any folder, and says what its stored outputs say."""

import json
import re

import pytest
from conftest import ROOT, command

pytestmark = pytest.mark.slow
NOTEBOOK = ROOT / "examples" / "study_in_a_notebook.ipynb"
# In a process of its own: what Jupyter's packages warn of is not ours to mend.
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
folder = {"metadata": {"path": "."}}
NotebookClient(notebook, timeout=120, record_timing=False, resources=folder).execute()
nbformat.write(notebook, sys.argv[2])
"""
NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?\d[\d.,]*")
PLACES = re.compile(r"(?<![\w.])/(?:home|root|tmp|usr|var|Users|private|work|opt)/")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    places = {name: str(folder / name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    # As Jupyter sets it, whatever tests before have imported that sets another.
    places["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    told = command("-c", EXECUTE, NOTEBOOK, "out.ipynb", cwd=folder, **places)
    assert told.returncode == 0, told.stderr
    return folder


def texts_of(path):
    """The plain text of each output, in order; pictures have none that counts."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    found = []
    for output in (each for cell in cells for each in cell.get("outputs", [])):
        if "image/png" not in output.get("data", {}):
            found.append("".join(output.get("text") or output["data"]["text/plain"]))
    return found


def test_stored_outputs_have_the_words_of_those_that_are_made_here(executed):
    """Another processor rounds differently: numbers, and the checks that hang on them, may vary."""
    stored, made = texts_of(NOTEBOOK), texts_of(executed / "out.ipynb")
    first = [[NUMBER.sub("#", text.splitlines()[0]) for text in each] for each in (stored, made)]
    assert first[0] == first[1]
    assert first[0][0].startswith("Choose learning_rate=#: it is better than learning_rate=#")
    verdicts = [re.findall(r"\b(?:better|worse|undecided)\b", " ".join(x)) for x in (stored, made)]
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("which", ["stored", "made"])
def test_notebook_shows_a_chart_recomputed_verdicts_and_that_seeds_were_added(executed, which):
    path = NOTEBOOK if which == "stored" else executed / "out.ipynb"
    *_, recomputed, added = texts_of(path)
    assert path.read_text("utf-8").count('"image/png"') == 1
    assert "data:image/png;base64" in path.read_text("utf-8")  # the chart of the answer
    assert recomputed.startswith("balanced_accuracy")
    assert "6 seeds each" in added
    assert "(seeds-added)" in added


def test_stored_outputs_name_no_place_of_the_machine_that_made_them():
    assert PLACES.findall(NOTEBOOK.read_text("utf-8")) == []


def test_every_run_of_the_notebook_is_in_its_folder(executed):
    assert len([*executed.glob("notebook_study/*/run.json")]) == 12
