"""Side-by-side timings: `make bench` measures in turn and writes benchmarks/results.md.

Machines change speed from minute to minute, so peers run in turn, one process after another
(A B A B). Processes differ in speed too, by where their memory happens to lie, so each peer is
measured in several. Medians over all of it are compared.
"""

import contextlib
import datetime
import importlib.util
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import calibration
import launchers
import long_sweep
import scale

from fmnist_exp.provenance import describe_machine

HERE = Path(__file__).resolve().parent
PROCESSES = 3  # of each peer
ROUNDS = 2  # epochs of each kind that a process is asked for
NUM_STUDIES = 500  # simulated for each setting; calibration.py itself takes more
MODELS = ("baseline", "regularized")


class Peer:
    """A process that runs one epoch at a time on demand."""

    def __init__(self, name: str, model: str) -> None:
        self.name = name
        self.command = [sys.executable, str(HERE / "peers.py"), name, model]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def kinds(self) -> list[str]:
        """Wait until the process is ready; the kinds of epoch that it can run."""
        return self._answer().split()

    def seconds(self, kind: str) -> float:
        """Run one epoch of a kind.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # no answer will come either
            self.process.stdin.write(f"{kind}\n")
        return float(self._answer())

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(
                f"the peer {self.name} ended with exit status {self.process.wait()}. "
                f"What it said is above; its command was: {shlex.join(self.command)}"
            )
        return answer


def peer_names(model: str) -> list[str]:
    """The peers that can train a model here."""
    names = ["fmnist_exp", "engine=xla", "keras", "floor"]
    if model == "baseline":  # the other model has layers that scikit-learn lacks
        names.append("scikit-learn")
    return names + (["pytorch"] if importlib.util.find_spec("torch") else [])


def measure_epochs(model: str) -> dict[str, float]:
    """Median seconds of every kind of epoch of every peer, over several processes of each."""
    seconds: dict[str, list[float]] = {}
    for _ in range(PROCESSES):
        _measure_in_turn(model, seconds)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _measure_in_turn(model: str, seconds: dict[str, list[float]]) -> None:
    """Add the epochs of one new process of each peer to `seconds`.

    One process runs at a time: the threads of idle ones would not quite be idle.
    """
    for name in peer_names(model):
        peer = Peer(name, model)
        try:
            for kind in peer.kinds() * ROUNDS:
                seconds.setdefault(f"{name} {kind}", []).append(peer.seconds(kind))
        finally:
            peer.stop()


def epoch_lines(model: str, medians: dict[str, float]) -> list[str]:
    """The epochs of one model as Markdown: medians, and ratios to the engine and the floor."""
    floor = min(medians["floor graph"], medians["floor xla"])
    lines = [f"## {model}", "", "| what | seconds | against fmnist_exp | against the floor |"]
    lines.append("| --- | --- | --- | --- |")
    for name, median in medians.items():
        own = medians["fmnist_exp epoch" if name.endswith("epoch") else "fmnist_exp training"]
        lines.append(f"| {name} | {median:.3f} | {median / own:.2f} | {median / floor:.2f} |")
    return [*lines, ""]


def measure_sweep() -> list[str]:
    """Fixed cost per run and growth of memory, from sweeps in a process of their own."""
    lines = ["## A sweep", ""]
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(folder) / "baseline"
        _train(
            "--multirun",
            "training.epochs=3",
            "seed=range(6)",
            f"hydra.sweep.dir={sweep}",
            "reuse=false",
        )
        fixed = [_seconds_beside_epochs(sweep / str(number)) for number in range(1, 6)]
    lines.append(
        f"- From the second run on, everything but epochs costs {statistics.median(fixed):.2f} s a "
        f"run (median of {len(fixed)}; most {max(fixed):.2f} s)."
    )
    growth, peak = _memory_growth(100, ["data=synthetic", "training=smoke"])
    lines.append(
        f"- 100 smoke runs in one process: resident memory grows by {growth:.0f} MB from the first "
        f"run's end to the last's; peak {peak:.0f} MB."
    )
    _, peak = _memory_growth(1, ["training.epochs=3"])
    return [*lines, f"- A single baseline run, figures and all, peaks at {peak:.0f} MB.", ""]


def _train(*arguments: str) -> None:
    command = [sys.executable, "-m", "fmnist_exp.train", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _seconds_beside_epochs(run_dir: Path) -> float:
    """Wall time from the end of the run before to the end of this one, less its epochs."""
    record = json.loads((run_dir / "run.json").read_text())
    before = run_dir.parent / str(int(run_dir.name) - 1) / "run.json"
    elapsed = (run_dir / "run.json").stat().st_mtime - before.stat().st_mtime
    rows = (run_dir / "history.csv").read_text().splitlines()[1:]
    epochs = sum(float(row.rpartition(",")[2]) for row in rows)
    assert record["num_epochs"] == len(rows)
    return elapsed - epochs


def _memory_growth(num_runs: int, settings: list[str]) -> tuple[float, float]:
    """Megabytes of growth over a sweep after its first run, and the peak."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "memory.py"), folder, str(num_runs), *settings]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    growth, peak = result.stdout.split()[-2:]
    return float(growth), float(peak)


def heading() -> list[str]:
    """What was measured, on which machine, and how the tables of epochs are to be read."""
    machine = describe_machine()
    shown = ("git_commit", "git_dirty", "python", "tensorflow", "keras", "cpu", "threads")
    return [
        "# Benchmark results",
        "",
        "Written by `make bench`.",
        "",
        f"{datetime.date.today()}. "
        + ", ".join(f"{k} {machine[k]}" for k in shown)
        + f", load {os.getloadavg()[0]:.1f} at the start.",
        "",
        (
            f"Seconds of epochs are the median of {PROCESSES * ROUNDS}: {ROUNDS} rounds in each of "
            f"{PROCESSES} processes, peers in turn. `epoch` is training and validation, "
            "`training` is training alone. The floor is the matrix products of one epoch alone, "
            "in the same shapes on the same images; ratios take the faster of its two forms."
        ),
        "",
    ]


def main() -> None:
    """Measure everything; print and write down each section as it is done."""
    measures: list[Callable[[], list[str]]] = [
        heading,
        *(lambda model=model: epoch_lines(model, measure_epochs(model)) for model in MODELS),
        measure_sweep,
        long_sweep.lines,
        scale.lines,
        launchers.lines,
        lambda: calibration.lines(NUM_STUDIES),
    ]
    lines = []
    for measure in measures:
        section = measure()
        print("\n".join(section), flush=True)
        lines += section
        (HERE / "results.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
