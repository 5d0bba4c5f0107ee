"""Sweeps give the same runs to the last bit under every launcher, also if they are hit."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest
from launched import NUM_EPOCHS, Sweep, install_slurm, wait_until

from fmnist_exp.rundir.records import RECORD, read_record


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The metrics of three runs of a sweep that nothing has disturbed, without a launcher."""
    records = Sweep(tmp_path_factory.mktemp("basic") / "here").complete()
    return [record.metrics for record in records]


def check_same_command_completes(sweep, finished, expected):
    """Nothing that had finished is trained again, nothing is lost, and the bits are the same."""
    records = sweep.complete()
    assert [record.metrics for record in records] == expected[: sweep.num_runs]
    assert all(records[number].reused for number in finished)
    assert sweep.num_trained() == [1] * sweep.num_runs


def finished_runs(sweep):
    written = [n for n in range(sweep.num_runs) if (sweep.run_dir(n) / RECORD).exists()]
    return [n for n in written if read_record(sweep.run_dir(n)).status == "completed"]


def check_counted(sweep, finished):
    """The console counts the runs without a result, and says once what to do."""
    (line,) = re.findall("(.*): to go on, give the same command again", sweep.said())
    counts = [int(part.split()[0]) for part in line.split(", ")]
    num_named = sum(counts) + sweep.said().count("  repeat it: python -m fmnist_exp.train")
    # Jobs of submitit go on by themselves, and may have ended since they were counted.
    running = sum(int(part.split()[0]) for part in line.split(", ") if part.endswith("running"))
    num_missing = sweep.num_runs - len(finished)
    assert num_named - running <= num_missing <= num_named, sweep.said()


@pytest.mark.slow
@pytest.mark.parametrize(("launcher", "num_runs"), [("cores", 3), ("here_submitit", 2)])
def test_killed_process_is_told_and_the_same_command_completes(
    launcher, num_runs, tmp_path, expected
):
    sweep = Sweep(tmp_path / "here", f"hydra/launcher={launcher}", num_runs=num_runs)
    with sweep.started() as process:
        wait_until(lambda: 1 in sweep.under_way(), process, sweep.said)
        os.kill(sweep.process_of(1), signal.SIGKILL)
        assert process.wait(240) == 1
        finished = finished_runs(sweep)
        check_counted(sweep, finished)
        # Jobs of submitit that were not hit are left alone, and the second command waits for them.
        check_same_command_completes(sweep, finished, expected)


# A cluster of two nodes with one core each; a line of input and it loses one.
CLUSTER = """
from ray.cluster_utils import Cluster
nodes = Cluster()
try:
    nodes.add_node(num_cpus=1, include_dashboard=False)
    lost = nodes.add_node(num_cpus=1)
    print("address", nodes.address, flush=True)
    input()
    nodes.remove_node(lost, allow_graceful=False)
    print("lost", flush=True)
    input()
finally:
    nodes.shutdown()
"""


@pytest.fixture
def cluster():
    """A process with a Ray cluster, whose processes work in another folder.

    In the process of the tests, Ray's threads could stop a later training for good.
    """
    short = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # a socket's path holds 107 bytes at most
    settings = {
        "RAY_TMPDIR": short,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # with 15, its default, runs starve beside other tests
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        cwd=short,
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate("\n\n", timeout=60)
        shutil.rmtree(short, ignore_errors=True)


def said(process, word):
    """What follows a word at the start of a line that the process says."""
    return next(line for line in process.stdout if line.startswith(word)).removeprefix(word).strip()


@pytest.mark.slow
def test_sweep_survives_the_loss_of_a_node_of_its_ray_cluster(tmp_path, cluster, expected):
    """Ray's own retries are off, so that the sweep ends, and the same command has work to do."""
    joins = f"hydra.launcher.ray.init.address={said(cluster, 'address')}"
    once = "+hydra.launcher.ray.remote.max_retries=0"
    sweep = Sweep(tmp_path / "here", "hydra/launcher=on_ray", joins, once)
    with sweep.started() as process:
        wait_until(lambda: len(sweep.under_way()) == 2, process, sweep.said)
        cluster.stdin.write("\n")
        cluster.stdin.flush()
        said(cluster, "lost")
        assert process.wait(240) == 1
    finished = finished_runs(sweep)
    check_counted(sweep, finished)
    assert " running: to go on" not in sweep.said()
    assert " running, " not in sweep.said()
    assert len(finished) < sweep.num_runs
    check_same_command_completes(sweep, finished, expected)


@pytest.mark.slow
def test_preempted_slurm_job_is_queued_again_and_goes_on(tmp_path, monkeypatch, expected):
    install_slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm'}:{os.environ['PATH']}")
    chosen = ("hydra/launcher=slurm", "hydra.launcher.partition=night")
    sweep = Sweep(tmp_path / "here", *chosen, num_runs=2)
    saved = sweep.folder / "store" / "unfinished"
    with sweep.started() as process:
        wait_until(
            lambda: 1 in sweep.under_way() and len([*saved.glob("*/state.npz")]) == 2,
            process,
            sweep.said,
        )
        os.kill(sweep.process_of(1), signal.SIGUSR2)
        assert process.wait(240) == 0, sweep.said()
    check_same_command_completes(sweep, [0, 1], expected)
    # A run that goes on says so, and does not show its former epochs again.
    assert len(re.findall(rf"epoch   1/{NUM_EPOCHS} .* s$", sweep.log(1), re.MULTILINE)) == 1
    assert len(re.findall(rf"continues after epoch \d+ of {NUM_EPOCHS}$", sweep.log(1), re.M)) == 1
    assert "this job is preempted" in (tmp_path / "slurm" / "output_1").read_text()
    script = (tmp_path / "slurm" / "script").read_text()
    asked = ("array=0-1%2", "cpus-per-task=2", "mem=4GB", "partition=night", "time=240")
    for flag in (*asked, "signal=USR2@120", "requeue", "job-name=train"):
        assert f"#SBATCH --{flag}\n" in script
    assert f"{sweep.folder}/sweep/.submitit/%j" in script
