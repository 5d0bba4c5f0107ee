"""TensorBoard reads back from its event files what the runs have written."""

import io
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from fmnist_exp.rundir import records, tables

# How TensorBoard itself is written: it reads protocol buffers in ways of former versions.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def accumulated(folder):
    """All that TensorBoard knows of a run."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), {"scalars": 0, "images": 0, "tensors": 0})
    found.Reload()
    return found


def plugin_data(found, tag):
    return found.SummaryMetadata(tag).plugin_data.content


@pytest.fixture(scope="module")
def events(trained, tmp_path_factory):
    """The sweep, and its folder for TensorBoard."""
    from fmnist_exp.export import to_tensorboard

    out = tmp_path_factory.mktemp("events")
    (line,) = to_tensorboard(trained, out)
    return SimpleNamespace(sweep=trained, out=out, line=line)


def test_scalars_are_those_of_the_history_and_the_record(events):
    assert events.line == f"see them with: tensorboard --logdir {events.out}"
    for place in ("0", "3"):
        found = accumulated(events.out / place)
        history = tables.read_history(events.sweep / place / records.HISTORY)
        record = records.read_record(events.sweep / place)
        scalars = found.Scalars("loss/validation")
        assert [each.step for each in scalars] == history["epoch"].tolist()
        values = pytest.approx(history["validation_loss"], rel=1e-6)  # stored in single precision
        assert [each.value for each in scalars] == values
        (final,) = found.Scalars("final/test_accuracy")
        assert final.value == pytest.approx(record.metrics["test"]["accuracy"], rel=1e-6)
        assert final.step == record.evaluated_epoch


def test_hparams_are_what_differs_between_the_runs(events):
    from tensorboard.plugins.hparams import metadata

    experiment = metadata.parse_experiment_plugin_data(
        plugin_data(accumulated(events.out), metadata.EXPERIMENT_TAG)
    )
    names = {each.name for each in experiment.hparam_infos}
    assert {"initializer", "seed"} <= names
    assert "final/test_accuracy" in {each.name.tag for each in experiment.metric_infos}
    told = []
    for place in ("0", "1", "2", "3"):
        found = accumulated(events.out / place)
        start = metadata.parse_session_start_info_plugin_data(
            plugin_data(found, metadata.SESSION_START_INFO_TAG)
        )
        values = start.hparams
        assert set(values) == names
        told.append((values["initializer"].string_value, values["seed"].number_value))
    assert told == [("he_normal", 0), ("he_normal", 1), ("lecun_normal", 0), ("lecun_normal", 1)]


def test_confusion_matrix_is_a_picture(events):
    (image,) = accumulated(events.out / "0").Images("confusion_matrix")
    with Image.open(io.BytesIO(image.encoded_image_string)) as picture:
        assert picture.size == (image.width, image.height)


def test_a_second_export_replaces_the_first(events, export_here):
    before = {path: path.read_bytes() for path in events.out.rglob("*") if path.is_file()}
    assert export_here(events.sweep, "--to", "tensorboard", "--out", events.out).status == 0
    after = {path: path.read_bytes() for path in events.out.rglob("*") if path.is_file()}
    assert after == before


def test_files_of_runs_that_are_no_more_in_the_sweep_are_named(sweep, tmp_path, export_here):
    out = tmp_path / "events"
    arguments = (sweep, "--to", "tensorboard", "--out", out)
    export_here(*arguments)
    shutil.rmtree(sweep / "2")
    (named,) = re.findall(
        "left there, as it is of no run of .* now: (.*)", export_here(*arguments).out
    )
    assert Path(named).parent == out / "2"
    assert Path(named).is_file()


@pytest.mark.parametrize("package", ["tensorboard", "mlflow"])
def test_without_the_package_one_line_says_what_to_install(
    package, trained, export_here, monkeypatch
):
    for name in [*sys.modules]:
        if name.startswith((f"{package}.", "fmnist_exp.exporting.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    ended = export_here(trained, "--to", package)
    assert ended.status == 2
    assert f"pip install 'fmnist_exp[{package}]'" in ended.err
    assert len(ended.err.splitlines()) == 1
