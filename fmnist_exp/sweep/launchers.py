"""What Hydra's launchers leave to us: a plugin or cluster that is missing, threads, preemption.

A launcher is the `hydra.launcher` section of a composed config, as plain values.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from fmnist_exp.errors import ConfigError, Terminated
from fmnist_exp.machine import available_threads
from fmnist_exp.rundir.presence import num_running

CANNOT_CONNECT = (OSError, RuntimeError, ValueError)  # as `ray.init` says it
SECONDS_TO_ANSWER = 10
SECONDS_TO_STOP = 10  # Ray itself kills a worker that goes on for 5 s after it was told to end
WARNED_BY = ("checkpoint_and_try_requeue", "sigterm_handler")  # of submitit, and of Ray's workers


def prepare(launcher: Mapping[str, Any]) -> None:
    """Make sure that a launcher can start runs, before anything is written; connect to Ray.

    Raises:
        ConfigError: it has no process, no Slurm is here, or no Ray cluster answers.
    """
    if launcher.get("n_jobs") == 0:
        raise ConfigError(
            "hydra.launcher.n_jobs must not be 0, received 0. Pass -1 for a process on each core."
        )
    if launcher.get("_target_", "").endswith(".SlurmLauncher") and shutil.which("srun") is None:
        raise ConfigError(
            "hydra/launcher must be one that this machine has, received one for Slurm, whose srun "
            "is not on the PATH. Start the sweep where sbatch works, or rehearse it with "
            "hydra/launcher=here_submitit."
        )
    if "ray" in launcher:
        _connect(launcher["ray"]["init"])


def _connect(settings: Mapping[str, Any]) -> None:
    """Start or join a Ray cluster; the plugin then finds itself connected."""
    import ray

    on_terminate = signal.getsignal(signal.SIGTERM)  # Ray puts its own in the place of ours
    try:
        # Ray itself would try for minutes to reach an address where nothing listens.
        if found := re.fullmatch(r"(?:ray://)?(.+):(\d+)", settings.get("address") or ""):
            socket.create_connection((found[1], int(found[2])), SECONDS_TO_ANSWER).close()
        ray.init(**settings)
    except CANNOT_CONNECT as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise ConfigError(
            f"hydra.launcher.ray.init must lead to a Ray cluster, received {dict(settings)}: "
            f"{reason}. Start one with: ray start --head --disable-usage-stats"
        ) from error
    finally:
        signal.signal(signal.SIGTERM, on_terminate)


@contextlib.contextmanager
def leaving(launcher: Mapping[str, Any], sweep_dir: Path) -> Iterator[None]:
    """Leave a Ray cluster when the block ends, and wait until the last run has ended with it.

    Ray's plugin gives up as soon as one run is lost, whatever the others do: a run that went on
    could end after it was counted as one without a result.
    """
    try:
        yield
    finally:
        if "ray" in launcher:
            import ray

            ray.shutdown()
            end = time.monotonic() + SECONDS_TO_STOP
            while num_running(sweep_dir) and time.monotonic() < end:
                time.sleep(0.05)


def runs_at_a_time(launcher: Mapping[str, Any]) -> int:
    """Processes that a launcher starts together on this machine; 1 where it does not say."""
    processes: int = launcher.get("n_jobs", 1)
    return processes if processes > 0 else max(_num_cores() + 1 + processes, 1)  # -1: each core


def threads_of_a_run(launcher: Mapping[str, Any]) -> int | None:
    """Processor threads that a launcher has for each of its runs; None for all of the machine."""
    if "n_jobs" in launcher:
        return max(_num_cores() // runs_at_a_time(launcher), 1)
    if "ray" in launcher:
        return max(int(launcher["ray"]["remote"].get("num_cpus") or 1), 1)
    return launcher.get("cpus_per_task")


def _num_cores() -> int:
    """Cores as the joblib plugin counts them, once it is told of quotas that it does not see.

    Joblib looks at the outermost cgroup alone, and rounds up.
    """
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(available_threads()))
    from joblib import cpu_count

    return cpu_count()


@contextlib.contextmanager
def preemptible() -> Iterator[None]:
    """Interrupt the run of this block if its cluster is about to end the job.

    Submitit (whose user chooses the signal), which then queues it again, and Ray answer by
    `sys.exit`, wherever the run may be, and that would pass for a run that has failed. Outside of
    their jobs nothing changes.
    """
    handlers: dict[int, Any] = {each: signal.getsignal(each) for each in signal.valid_signals()}
    warning = [each for each in handlers if getattr(handlers[each], "__name__", "") in WARNED_BY]
    for number in warning:
        signal.signal(number, _interrupt)
    try:
        yield
    except Terminated as stopped:
        if stopped.number in warning:
            handlers[stopped.number](stopped.number, None)
        raise
    finally:
        for number in warning:
            signal.signal(number, handlers[number])


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)
