"""Side-by-side timings: `make bench` measures in turn and writes benchmarks/results.md.

Machines change speed from minute to minute, so peers run in turn, one process after another
(A B A B). Processes differ in speed too, by where their memory happens to lie, so each peer is
measured in several. Medians over all of it are compared, and stated as a share of what the
processor can do at all, which is measured before and after.
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
from dataclasses import dataclass
from pathlib import Path

import calibration
import launchers
import long_sweep
import peak
import scale
from hydra import compose, initialize_config_dir

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.data import loading
from fmnist_exp.run.provenance import describe_machine

HERE = Path(__file__).resolve().parent
PROCESSES = 3  # of each peer
MAX_DRIFT = 0.1  # between the peaks before and after a round; beyond it is measured again
MAX_TRIES = 4
NUM_STUDIES = 500  # simulated for each setting; calibration.py itself takes more
MODELS = ("baseline", "regularized")


@dataclass(frozen=True)
class Round:
    """Some epochs in a row of one process.

    Attributes:
        seconds: of each epoch.
        peaks: GFLOP/s of the processor, before and after.
    """

    seconds: list[float]
    peaks: tuple[float, float]

    def is_steady(self) -> bool:
        """Whether the processor was as fast after the round as before."""
        return max(self.peaks) <= (1 + MAX_DRIFT) * min(self.peaks)

    def shares(self, gflop: float) -> list[float]:
        """What part of the peak each epoch reaches that does so much work."""
        return [gflop / each / statistics.mean(self.peaks) for each in self.seconds]


class Peer:
    """A process that trains some epochs on demand."""

    def __init__(self, name: str, model: str) -> None:
        self.name = name
        self.command = [sys.executable, str(HERE / "peers.py"), name, model]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def kinds(self) -> list[str]:
        """Wait until the process is ready; the kinds of epoch that it can run."""
        return json.loads(self._answer())

    def measure(self, kind: str) -> Round:
        """Train, and time the epochs that count.

        Raises:
            RuntimeError: the process has ended.
        """
        self._tell(kind)
        self._answer()  # the epochs before have ended
        before = peak.gflops()
        self._tell("go")
        seconds = json.loads(self._answer())
        return Round(seconds, (before, peak.gflops()))

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()

    def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # no answer will come either
            self.process.stdin.write(f"{line}\n")

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
    names = ["fmnist_exp", "engine=xla", "keras"]
    if model == "baseline":  # the other model has layers that scikit-learn lacks
        names.append("scikit-learn")
    return names + (["pytorch"] if importlib.util.find_spec("torch") else [])


def measure_epochs(model: str) -> dict[str, list[Round]]:
    """Rounds of every kind of epoch of every peer, one of each in each of several processes."""
    rounds: dict[str, list[Round]] = {}
    for _ in range(PROCESSES):
        for name in peer_names(model):
            # One process at a time: the threads of idle ones would not quite be idle.
            peer = Peer(name, model)
            try:
                for kind in peer.kinds():
                    rounds.setdefault(f"{name} {kind}", []).append(_steady(peer, kind))
            finally:
                peer.stop()
    return rounds


def _steady(peer: Peer, kind: str) -> Round:
    """A round between two equal peaks; after some tries, the one whose peaks differ least."""
    tried = []
    for _ in range(MAX_TRIES):
        tried.append(peer.measure(kind))
        if tried[-1].is_steady():
            return tried[-1]
    return min(tried, key=lambda each: max(each.peaks) / min(each.peaks))


def epoch_lines(model: str, rounds: dict[str, list[Round]]) -> list[str]:
    """The epochs of one model as Markdown: medians, shares of the peak, ratios to the engine."""
    gflop = work_of(model)
    all_rounds = [each for of_peer in rounds.values() for each in of_peer]
    peaks = [number for each in all_rounds for number in each.peaks]
    unsteady = sum(not each.is_steady() for each in all_rounds)
    lines = [
        f"## {model}",
        "",
        (
            f"Nominal work of an epoch of training: {gflop:.1f} GFLOP. Peak of the processor: "
            f"{statistics.median(peaks):.0f} GFLOP/s ({min(peaks):.0f} to {max(peaks):.0f}); it "
            f"changed by more than {MAX_DRIFT:.0%} in {unsteady} of {len(all_rounds)} rounds."
        ),
        "",
        "| what | seconds | share of the peak, % | against fmnist_exp |",
        "| --- | --- | --- | --- |",
    ]
    medians = {
        name: statistics.median(second for each in of_peer for second in each.seconds)
        for name, of_peer in rounds.items()
    }
    for name, median in medians.items():
        own = medians["fmnist_exp epoch" if name.endswith("epoch") else "fmnist_exp training"]
        share = statistics.median(part for each in rounds[name] for part in each.shares(gflop))
        lines.append(f"| {name} | {median:.3f} | {100 * share:.0f} | {median / own:.2f} |")
    return [*lines, ""]


def work_of(model: str) -> float:
    """GFLOP of an epoch of one of the models on the real images."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        config = parse(compose("config", [f"model={model}"], return_hydra_config=True))
    images = loading.load(config.data).train.images
    return peak.gflop_of_an_epoch(config, *images.shape)


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
    growth, most = _memory_growth(100, ["data=synthetic", "training=smoke"])
    lines.append(
        f"- 100 smoke runs in one process: resident memory grows by {growth:.0f} MB from the first "
        f"run's end to the last's; peak {most:.0f} MB."
    )
    _, most = _memory_growth(1, ["training.epochs=3"])
    return [*lines, f"- A single baseline run, figures and all, peaks at {most:.0f} MB.", ""]


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
            f"Seconds are medians of epochs 8 to 12 in each of {PROCESSES} processes, peers in "
            "turn. `epoch` is training and validation, `training` is training alone. Shares are "
            "the matrix products of training (zeros among the pixels included) a second, of the "
            "multiply-adds on registers that the processor reaches just before and after. Of a "
            "network with dead units every other hidden unit answers 0, so that its moments fade."
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
