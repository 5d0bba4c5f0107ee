"""Data of one's own make the whole trip, whatever their sizes, classes and names."""

import base64
import io
import json
import re

import numpy as np
import pytest
from conftest import read_rows
from idx_files import arrays_of, write_data
from PIL import Image

from fmnist_exp.aggregate import aggregate
from fmnist_exp.data import other
from fmnist_exp.rundir.tables import read_confusion_matrix

LONG = [f"{place:02} {'very long name of a class':x<37}" for place in range(26)]
RATE = "optimizer.config.learning_rate"
# labels, height and width, lines of classes.txt
CASES = {
    "26 letters from 1, 20 x 30": (list(range(1, 27)), (20, 30), LONG),
    "two classes, odd sizes": ([3, 8], (7, 5), []),
    "gaps, one row of pixels": ([0, 4, 9], (1, 11), ["a", "b|c", "<i>"]),
}


@pytest.mark.parametrize(
    ("case", "engine"),
    [*((name, "c") for name in CASES), ("26 letters from 1, 20 x 30", "xla")],  # it has the most
)
def test_data_of_ones_own_are_trained_on_reported_and_named(
    tmp_path, train_here, undrawn, case, engine
):
    labels, shape, names = CASES[case]
    data = write_data(tmp_path / "data", arrays_of(labels, shape, num_train=60, num_test=12))
    if names:
        (data / "classes.txt").write_text("\n".join(names))
    other.read.cache_clear()
    sweep = tmp_path / "sweep"
    recipe = (
        "training=smoke",
        "training.epochs=8",
        f"{RATE}=0.01",
        "training.batch_size=20",
        "model.hidden=[32]",
        f"engine={engine}",
    )
    swept = ("initializer=he,lecun", "seed=range(2)", f"hydra.sweep.dir={sweep}")
    result = train_here("--multirun", "data=idx", f"data.dir={data}", *recipe, *swept)
    assert result.status == 0, result.err
    told = aggregate([sweep], sweep / "report")

    called = names or list(map(str, labels))
    record = json.loads((sweep / "0" / "run.json").read_text())
    assert record["class_names"] == called
    assert record["provenance"]["data_source"] == f"data.dir: {data}"
    read_names, counts = read_confusion_matrix(sweep / "0" / "confusion_matrix.csv")
    assert (read_names, counts.sum()) == (called, 12 * len(labels))
    # Easy images: near to 1, or images and labels do not belong together.
    rows = read_rows(sweep / "report" / "summary.csv")
    assert all(float(row["test_accuracy_mean"]) > 0.8 for row in rows)

    text, html = ((sweep / "report" / name).read_text() for name in ("report.md", "index.html"))
    assert "Fashion" not in told + text + html
    assert f"data: {record['provenance']['data_name']}; " in text
    assert f"ln {len(labels)} = {np.log(len(labels)):.3f}" in html
    pictures = re.findall(r'<img src="data:image/png;base64,([^"]+)', html)
    sizes = {Image.open(io.BytesIO(base64.b64decode(each))).size for each in pictures}
    assert shape[::-1] in sizes
