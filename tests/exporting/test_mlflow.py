"""A sweep in MLflow, read back through MLflow's own client; a server that dies in the middle."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from study import change_record

from fmnist_exp.rundir import records, tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("undrawn"),
    # MLflow's own, and those of the libraries that it uses.
    pytest.mark.filterwarnings("ignore"),
]
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # processes that nothing here needs
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}


class Server:
    """A server of MLflow in a folder of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it; `wait` says when it answers."""
        options = {
            "backend-store-uri": f"sqlite:///{self._folder}/runs.db",
            "artifacts-destination": self._folder / "artifacts",
            "host": "127.0.0.1",
            "port": self._port,
            "workers": 1,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words],
                env=os.environ | SETTINGS,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that its workers die with it
            )

    def wait(self) -> None:
        """Return once it answers."""
        for _ in range(3000):
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.1)
        raise TimeoutError(f"no answer from {self.uri}")

    def kill(self) -> None:
        """End it at once, without a chance to finish anything."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.kill()


def everything(client):
    """Runs that are there: the parents, and the children by their place."""
    experiment = client.get_experiment_by_name("fmnist_exp")
    runs = client.search_runs([experiment.experiment_id])
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    parents = [run for run in runs if run not in children]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {
        run.info.run_id for run in parents
    }
    places = [run.data.tags["fmnist_exp.place"] for run in children]
    assert len(places) == len({*places})
    return parents, dict(zip(places, children, strict=True))


def check_run(client, tracked, run_dir, tmp_path):
    """The run has the metrics, the parameters and the files of its directory."""
    record = records.read_record(run_dir)
    history = tables.read_history(run_dir / records.HISTORY)
    run_id = tracked.info.run_id
    for column in tables.HISTORY_COLUMNS[1:]:
        logged = client.get_metric_history(run_id, column)
        steps = {each.step: each.value for each in logged}
        assert steps == dict(zip(history["epoch"], history[column], strict=True))
    for metric, value in record.metrics["test"].items():
        assert tracked.data.metrics[f"test_{metric}"] == value
    assert tracked.data.params["initializer.name"] == record.config["initializer"]["name"]
    assert tracked.data.params["seed"] == str(record.seed)
    assert tracked.info.status == "FINISHED"
    target = tmp_path / f"of {run_id}"
    target.mkdir()
    local = Path(client.download_artifacts(run_id, "", str(target)))
    for name in (*record.artifacts, records.RECORD, ".hydra/config.yaml"):
        assert (local / name).read_bytes() == (run_dir / name).read_bytes()


def test_export_to_a_server_that_dies_is_completed_by_the_same_command_without_doubling(
    sweep, server, export_here, tmp_path, monkeypatch
):
    from mlflow import MlflowClient  # takes seconds

    from fmnist_exp.exporting.to_mlflow import Exporter

    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    log_model, calls = Exporter._log_model, []

    def dying(self, run, child):
        calls.append(run)
        if len(calls) == 3:
            server.kill()
        log_model(self, run, child)

    arguments = (sweep, "--to", "mlflow", "--uri", server.uri)
    server.wait()
    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "_log_model", dying)
        ended = export_here(*arguments)
    assert ended.status == 2
    assert "2 of 4 runs not exported; 2 runs exported" in ended.err
    failed = [line.split(":")[0].strip() for line in ended.err.splitlines()[1:]]
    assert failed == ["2", "3"]
    assert "not tried" in ended.err.splitlines()[-1]

    server.start()
    server.wait()
    for exported, before in ((2, 2), (0, 4)):
        ended = export_here(*arguments)
        assert ended.status == 0, ended.err
        said = f"{exported} runs exported to {server.uri}, {before} there before"
        assert said in ended.out
    client = MlflowClient(server.uri)
    (parent,), children = everything(client)
    assert children.keys() == {"0", "1", "2", "3"}
    assert "No answer yet" in parent.data.tags["mlflow.note.content"]
    reported = {each.path for each in client.list_artifacts(parent.info.run_id, "report")}
    assert {"report/index.html", "report/runs.csv"} <= reported
    for place, child in children.items():
        check_run(client, child, sweep / place, tmp_path)
    models = client.search_logged_models([parent.info.experiment_id])
    assert {each.source_run_id for each in models} == {
        each.info.run_id for each in children.values()
    }
    assert {str(each.status) for each in models} == {"READY"}
    check_model(models[0], children, sweep)


def check_model(model, children, sweep):
    """The model has a signature, and answers as the saved one does."""
    from mlflow import pyfunc

    from fmnist_exp.engine.backend import keras

    (place,) = (at for at, run in children.items() if run.info.run_id == model.source_run_id)
    loaded = pyfunc.load_model(f"models:/{model.model_id}")
    assert loaded.metadata.signature.inputs.inputs[0].shape == (-1, 64)
    images = np.linspace(0, 1, 3 * 64, dtype=np.float32).reshape(3, 64)
    (saved,) = (sweep / place).glob(f"*{records.MODEL_SUFFIX}")
    answers = keras.models.load_model(saved).predict(images, verbose=0)
    np.testing.assert_array_equal(loaded.predict(images), answers)


def test_by_default_it_goes_to_a_file_and_a_damaged_run_is_named_while_others_go(
    sweep, export_here, tmp_path, monkeypatch
):
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    gone = {"status": "failed", "metrics": {}, "artifacts": {}}
    gone |= {"error": {"type": "E", "message": "m", "traceback": "t"}}
    change_record(sweep / "3", lambda record: record.update(gone))
    path = sweep / "1" / records.PREDICTIONS
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    ended = export_here(sweep, "--to", "mlflow")
    assert ended.status == 2
    assert "1 of 4 runs not exported; 3 runs exported to sqlite:///mlflow.db" in ended.err
    assert f"1: {path} must have the sha256" in ended.err
    path.write_bytes(whole)
    ended = export_here(sweep, "--to", "mlflow")
    assert ended.status == 0
    assert "1 run exported to sqlite:///mlflow.db, 3 there before" in ended.out
    parents, children = everything(MlflowClient("sqlite:///mlflow.db"))
    assert len(parents) == 1
    statuses = {place: run.info.status for place, run in children.items()}
    assert statuses == {"0": "FINISHED", "1": "FINISHED", "2": "FINISHED", "3": "FAILED"}

    # What was deleted there comes back once, and an experiment is left to who deleted it.
    client = MlflowClient("sqlite:///mlflow.db")
    client.delete_run(parents[0].info.run_id)
    client.delete_run(children["0"].info.run_id)
    ended = export_here(sweep, "--to", "mlflow")
    assert "1 run exported to sqlite:///mlflow.db, 3 there before" in ended.out
    (parent,), again = everything(client)
    assert parent.info.run_id != parents[0].info.run_id
    assert {place: run.info.run_id for place, run in again.items() if place != "0"} == {
        place: run.info.run_id for place, run in children.items() if place != "0"
    }
    shutil.rmtree(sweep / "2")
    ended = export_here(sweep, "--to", "mlflow")
    assert f"left there, as it is no run of {sweep} now: 2\n" in ended.out
    assert everything(client)[1].keys() == {"0", "1", "2", "3"}

    client.delete_experiment(parent.info.experiment_id)
    ended = export_here(sweep, "--to", "mlflow")
    assert ended.status == 2
    (repair,) = re.findall("`(MLFLOW_TRACKING_URI=sqlite:///mlflow.db .*)`", ended.err)
    assert repair.endswith(f"restore --experiment-id {parent.info.experiment_id}")
    assert len(ended.err.splitlines()) == 1


def test_a_server_that_is_not_there_is_one_line(sweep, export_here, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{closed.getsockname()[1]}"
        ended = export_here(sweep, "--to", "mlflow", "--uri", f"http://me:secret@{place}")
    assert ended.status == 2
    must = f"RecordError: --uri http://{place} must be an MLflow server that answers"
    assert ended.err.startswith(must)
    assert "secret" not in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("uri", ["postgresql+absent://me:top@secret@host/runs", "absent://host"])
def test_a_database_that_cannot_be_used_is_one_line(uri, sweep, export_here):
    ended = export_here(sweep, "--to", "mlflow", "--uri", uri)
    assert ended.status == 2
    assert ended.err.startswith("RecordError: --uri ")
    assert "secret" not in ended.err
    assert len(ended.err.splitlines()) == 1
