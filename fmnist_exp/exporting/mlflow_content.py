"""What MLflow is told of a run: parameters, metrics, tags, and its model with a signature."""

import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
from mlflow.entities import Metric, Param
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec

from fmnist_exp.exporting.shared import LEAST_KERAS, model_of, pixels_of
from fmnist_exp.report.runs.run import METRICS, Run
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.records import MODEL_SUFFIX
from fmnist_exp.rundir.tables import HISTORY_COLUMNS

FORBIDDEN = r"[^\w./ :-]"  # in the names of MLflow's parameters and metrics
ALIKE = ("test_loss", "test_accuracy")  # measured once; others have a value after each epoch, too
WANTED = ("keras", "tensorflow")  # by the model
DATA = "data"  # folder of the model itself, in MLflow's flavor keras


def params_of(run: Run, condition: Condition) -> list[Param]:
    """Every key of the config, flat; the seed, and those of sources of chance with their own."""
    record = run.record
    own = {f"seed of {name}": getattr(record.seeds, name) for name in sorted(record.held)}
    found = {**condition.config, "seed": record.seed, **own}
    return [Param(re.sub(FORBIDDEN, "_", key), str(value)) for key, value in found.items()]


def metrics_of(run: Run, end: float) -> Iterator[Metric]:
    """The columns of its history, an epoch being a step, then what its report is made of.

    Metrics of the saved weights begin with `final_`, except those on test images, which are
    measured once. Numbers that were not measured are left out.

    Args:
        run: the run.
        end: when it ended, in seconds.
    """
    time = end - run.record.timing_seconds.get("total", 0.0)
    for row, seconds in enumerate(run.history.get("seconds", ())):
        time += float(seconds)
        for name in HISTORY_COLUMNS[1:]:
            yield Metric(name, float(run.history[name][row]), round(1000 * time), row + 1)
    step = run.record.evaluated_epoch or run.record.num_epochs
    for name, value in run.numbers.items():
        if math.isfinite(value):
            called = f"final_{name}" if name in METRICS and name not in ALIKE else name
            yield Metric(called, float(value), round(1000 * end), step)


def write_model(run: Run, folder: Path, model_id: str, run_id: str) -> None:
    """Write the model of a run as MLflow's flavor keras, the saved file as it is.

    Nothing is loaded, so that TensorFlow is not needed. As MLflow's own `mlflow.keras.save_model`
    lays it out (3.17).

    Args:
        run: a run that has left a model.
        folder: where it goes.
        model_id: what MLflow calls the model.
        run_id: what MLflow calls the run.
    """
    path = model_of(run)
    assert path is not None
    provenance, data = run.record.provenance, folder / DATA
    data.mkdir()
    shutil.copyfile(path, data / "model.keras")
    (data / "keras_module.txt").write_text("keras")
    num_pixels, num_classes = pixels_of(run), len(run.record.class_names)
    signature = ModelSignature(
        Schema([TensorSpec(np.dtype("float32"), (-1, num_pixels))]),
        Schema([TensorSpec(np.dtype("float32"), (-1, num_classes))]),
    )
    model = Model(run_id=run_id, model_id=model_id, signature=signature)
    model.add_flavor(
        "keras",
        data=DATA,
        keras_version=provenance.get("keras", LEAST_KERAS),
        keras_backend="tensorflow",
        save_exported_model=False,
    )
    mlflow.pyfunc.add_to_model(model, loader_module="mlflow.keras", python_env="python_env.yaml")
    model.save(folder / "MLmodel")
    needed = [f"mlflow=={mlflow.__version__}"]
    needed += [f"{name}=={provenance[name]}" for name in WANTED if name in provenance]
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n")
    python = f"python: {provenance['python']}\n" if "python" in provenance else ""
    env = f"{python}dependencies:\n- -r requirements.txt\n"
    (folder / "python_env.yaml").write_text(env)


def name_of_model(run: Run) -> str:
    """What its model is called: he_normal."""
    path = model_of(run)
    assert path is not None
    return re.sub(r"[^\w-]", "_", path.name.removesuffix(MODEL_SUFFIX))
