"""Launchers: what each needs is checked before the sweep, and each gives its runs their share."""

import os
import signal
import socket
import sys
import threading
import time
from types import SimpleNamespace

import joblib
import pytest
from conftest import train
from hydra.core.config_store import ConfigStore
from planning import plan_command_line

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError, Terminated
from fmnist_exp.rundir.presence import num_running, working_in
from fmnist_exp.rundir.records import HISTORY
from fmnist_exp.sweep import launchers
from fmnist_exp.sweep.launchers import leaving, preemptible, prepare, threads_of_a_run

LAUNCHERS = sorted(path.stem for path in (CONFIG_DIR / "hydra" / "launcher").glob("*.yaml"))


@pytest.fixture
def plan(tmp_path):
    """Plans a sweep with some arguments."""

    def build(*arguments):
        settings = ("data=synthetic", "seed=1,2", f"hydra.sweep.dir={tmp_path / 'sweep'}")
        return plan_command_line(["--multirun", *settings, *arguments])

    return build


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launcher_composes(launcher, train_here):
    ended = train_here("--cfg", "hydra", f"hydra/launcher={launcher}")
    assert ended.status == 0, ended.err
    assert "_target_: hydra_plugins" in ended.out


@pytest.mark.slow
def test_failures_in_other_processes_are_named_at_the_end(tmp_path):
    for number in range(2):  # a folder in the place of a file
        (tmp_path / "sweep" / str(number) / HISTORY).mkdir(parents=True)
    settings = ("data=synthetic", "training=smoke", "seed=range(2)")
    place = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    result = train("--multirun", "hydra/launcher=cores", *settings, place)
    assert result.returncode == 2
    path = tmp_path / "sweep" / "0" / HISTORY
    assert f"RecordError: cannot write {path}: Is a directory. " in result.stderr
    assert "Error executing" not in result.stderr  # Hydra's words
    assert "HYDRA_FULL_ERROR" not in result.stderr
    assert result.stdout.endswith(f"0 of 2 runs finished, 2 failed\nfiles in {tmp_path}/sweep\n")
    assert result.stderr.count("repeat it: python -m fmnist_exp.train") == 2


@pytest.mark.parametrize(
    ("launcher", "plugin", "extra"),
    [
        ("cores", "joblib", "joblib"),
        ("here_submitit", "submitit_local", "slurm"),
        ("slurm", "submitit_slurm", "slurm"),
        ("on_ray", "ray", "ray"),
    ],
)
def test_missing_plugin_is_named_with_the_command_that_installs_it(
    launcher, plugin, extra, plan, monkeypatch
):
    plan(f"hydra/launcher={launcher}")  # Hydra has loaded its plugins now
    monkeypatch.delitem(ConfigStore.instance().repo["hydra"]["launcher"], f"{plugin}.yaml")
    with pytest.raises(
        ConfigError, match=rf"not installed\. .*: pip install 'fmnist_exp\[{extra}\]'$"
    ):
        plan(f"hydra/launcher={launcher}")


MISTAKES = {
    "hydra/launcher=corse": r"must name an option, received 'corse'\. Did you mean cores\?",
    "hydra.launcher.n_job=3": r"n_job is not a key .* mean hydra\.launcher\.n_jobs\?.*--cfg hydra",
    "hydra.launcher.n_jobs=two": "hydra.launcher.n_jobs: Value 'two' .* be converted to Integer",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistyped_launcher_or_key_is_refused(mistake, plan):
    with pytest.raises(ConfigError, match=MISTAKES[mistake]):
        plan("hydra/launcher=cores", mistake)


def test_slurm_is_refused_where_there_is_none(plan, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="srun is not on the PATH"):
        prepare(plan("hydra/launcher=slurm").launcher)


def test_launcher_without_a_process_is_refused(plan):
    with pytest.raises(ConfigError, match=r"hydra.launcher.n_jobs must not be 0"):
        prepare(plan("hydra/launcher=cores", "hydra.launcher.n_jobs=0").launcher)


def test_ray_cluster_that_does_not_answer_is_named(plan):
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    chosen = plan("hydra/launcher=on_ray", f"hydra.launcher.ray.init.address={address}").launcher
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(
        ConfigError, match=rf"{address}.*refused\. Start one with: ray start --head"
    ):
        prepare(chosen)
    assert signal.getsignal(signal.SIGTERM) is before


SHARES = {
    ("cores",): 1,
    ("cores", "hydra.launcher.n_jobs=2"): 4,
    ("cores", "hydra.launcher.n_jobs=3"): 2,
    ("cores", "hydra.launcher.n_jobs=-5"): 2,
    ("cores", "hydra.launcher.n_jobs=99"): 1,
    ("here_submitit",): 1,
    ("slurm", "hydra.launcher.cpus_per_task=6"): 6,
    ("on_ray", "hydra.launcher.ray.remote.num_cpus=3"): 3,
    ("on_ray", "hydra.launcher.ray.remote.num_cpus=0.5"): 1,
    ("basic",): None,
}


@pytest.mark.slow
@pytest.mark.parametrize("chosen", SHARES)
def test_run_has_the_threads_that_its_launcher_has_for_it(chosen, plan, monkeypatch):
    """On eight cores."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "8")
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    name, *settings = chosen
    assert threads_of_a_run(plan(f"hydra/launcher={name}", *settings).launcher) == SHARES[chosen]


def test_case_4_joblib_starts_no_more_runs_than_the_quota_has_cores_for(monkeypatch):
    """Its own count knows the quota of the outermost cgroup alone; its processes are told, too."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("LOKY_MAX_CPU_COUNT", None)
    monkeypatch.setattr(launchers, "available_threads", lambda: 1)
    assert launchers.runs_at_a_time({"n_jobs": -1}) == joblib.cpu_count() == 1
    assert os.environ["LOKY_MAX_CPU_COUNT"] == "1"


@pytest.fixture
def job_of_submitit():
    """What this process would be as a job: submitit's handler, which notes that it was called."""
    called = []

    def checkpoint_and_try_requeue(number, frame):
        called.append(number)

    former = signal.signal(signal.SIGUSR1, checkpoint_and_try_requeue)
    yield called
    signal.signal(signal.SIGUSR1, former)


def test_warning_of_the_cluster_interrupts_the_run_and_queues_its_job_again(job_of_submitit):
    with pytest.raises(Terminated), preemptible():
        signal.raise_signal(signal.SIGUSR1)
    assert job_of_submitit == [signal.SIGUSR1]


def test_end_of_a_ray_worker_interrupts_its_run():
    """Ray's own answer alone would pass for a run that has failed."""

    def sigterm_handler(number, frame):
        raise SystemExit(1)

    former = signal.signal(signal.SIGTERM, sigterm_handler)
    try:
        with pytest.raises(SystemExit) as ended, preemptible():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, former)
    assert isinstance(ended.value.__context__, Terminated)  # which the run has seen


def test_runs_in_a_ray_cluster_have_ended_when_they_are_counted(monkeypatch, tmp_path):
    """One run was lost, which ends the sweep, and another still trains, but is told to end."""
    trains, told = threading.Event(), threading.Event()

    def work():
        with working_in(tmp_path / "1", wait=False):
            trains.set()
            told.wait()
            time.sleep(0.2)

    worker = threading.Thread(target=work)
    worker.start()
    trains.wait()
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(shutdown=told.set))
    with pytest.raises(ZeroDivisionError), leaving({"ray": {}}, tmp_path):
        1 / 0  # noqa: B018
    assert num_running(tmp_path) == 0
    worker.join()


def test_warning_between_two_runs_is_left_to_submitit(job_of_submitit):
    with preemptible():
        pass
    signal.raise_signal(signal.SIGUSR1)
    assert job_of_submitit == [signal.SIGUSR1]
