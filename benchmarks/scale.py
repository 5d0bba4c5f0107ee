"""What a report costs as studies grow: seconds, memory and bytes for many synthetic runs.

`python benchmarks/scale.py` prints a section in Markdown, in about a minute. Each study has ten
seeds for every condition. A study of one condition stands for start-up; the larger ones pay for
their figures as well, which are capped.
"""

import csv
import dataclasses
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import HISTORY_COLUMNS

SIZES = (1_000, 10_000)
SEEDS = 10
NUM_EPOCHS, NUM_IMAGES, NUM_CLASSES = 20, 10_000, 10
NAMES = [f"class {number}" for number in range(NUM_CLASSES)]


def write_study(folder: Path, num_runs: int) -> None:
    """Run directories of `num_runs` runs whose results are drawn from a fixed seed.

    Every run has its own record, history and confusion matrix; all share one file of predictions.
    """
    generator = np.random.default_rng(0)
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        config = parse(compose("config", return_hydra_config=True))
    predictions = folder / records.PREDICTIONS
    folder.mkdir(parents=True)
    labels = np.arange(NUM_IMAGES, dtype=np.uint8) % NUM_CLASSES
    probabilities = generator.dirichlet(np.full(NUM_CLASSES, 0.1), NUM_IMAGES).astype(np.float16)
    np.savez(predictions, probabilities=probabilities, labels=labels)
    for number in range(num_runs):
        condition, seed = divmod(number, SEEDS)
        model = config.model.replaced(dropout=condition / 10_000)
        replica = config.replaced(model=model, seed=seed)
        run_dir = folder / str(number)
        run_dir.mkdir()
        os.link(predictions, run_dir / records.PREDICTIONS)
        _write_run(run_dir, replica.plain(), generator)


def _write_run(run_dir: Path, config: dict, generator: np.random.Generator) -> None:
    accuracy = round(generator.normal(0.888, 0.004), 4)
    scores = dict.fromkeys(records.CLASS_METRICS, accuracy) | {"support": 1000.0}
    record = RunRecord(
        schema_version=records.SCHEMA_VERSION,
        status="completed",
        run_key=f"{config['model']['dropout']} {config['seed']}",
        seed=config["seed"],
        choices={"initializer": "glorot_uniform"},
        config=config,
        class_names=NAMES,
        metrics={name: {"loss": 1 - accuracy, "accuracy": accuracy} for name in records.SPLITS},
        per_class={name: {**scores} for name in NAMES},
        num_epochs=NUM_EPOCHS,
        best_epoch=NUM_EPOCHS,
        evaluated_epoch=NUM_EPOCHS,
        timing_seconds={"fit": 10.0, "total": 11.0},
        provenance={"code_sha256": "c", "data_sha256": "d"},
        artifacts={},
        error=None,
        reused=False,
    )
    (run_dir / records.RECORD).write_text(record.model_dump_json(indent=2))
    noise = generator.normal(0, 0.005, NUM_EPOCHS)
    curve = accuracy * (1 - 0.5 ** np.arange(1, NUM_EPOCHS + 1)) + noise
    columns = [np.arange(1, NUM_EPOCHS + 1), 1 - curve, curve, 1 - curve, curve]
    columns += [np.full(NUM_EPOCHS, 0.001), np.full(NUM_EPOCHS, 0.5)]
    _write_table(run_dir / records.HISTORY, [HISTORY_COLUMNS, *zip(*columns, strict=True)])
    counts = generator.multinomial(1000, np.full(NUM_CLASSES, 1 / NUM_CLASSES), NUM_CLASSES)
    rows = [[name, *row] for name, row in zip(NAMES, counts.tolist(), strict=True)]
    _write_table(run_dir / records.CONFUSION_MATRIX, [["true \\ predicted", *NAMES], *rows])


def _write_table(path: Path, rows: list) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds and peak megabytes of one aggregation in a process of its own; size of its page."""

    seconds: float
    megabytes: float
    page_megabytes: float


def measure(num_runs: int) -> Cost:
    """Aggregate a synthetic study of that many runs."""
    with tempfile.TemporaryDirectory() as folder:
        study, out = Path(folder) / "study", Path(folder) / "report"
        write_study(study, num_runs)
        command = [sys.executable, __file__, str(study), "--out", str(out)]
        started = time.perf_counter()
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        page = (out / "index.html").stat().st_size
        return Cost(seconds, float(result.stdout.split()[-1]), page / 1e6)


def lines() -> list[str]:
    """The section: a row for each size, then the growth."""
    start = measure(SEEDS)
    found = {num_runs: measure(num_runs) for num_runs in SIZES}
    table = ["| runs | seconds | peak, MB | runs a second beyond start-up | page, MB |"]
    table.append("| ---: | ---: | ---: | ---: | ---: |")
    for num_runs, cost in {SEEDS: start, **found}.items():
        beyond = cost.seconds - start.seconds
        rate = f"{(num_runs - SEEDS) / beyond:,.0f}" if beyond > 0 else "-"
        table.append(
            f"| {num_runs:,} | {cost.seconds:.1f} | {cost.megabytes:,.0f} | {rate} "
            f"| {cost.page_megabytes:.2f} |"
        )
    first, last = (found[num_runs].seconds for num_runs in (SIZES[0], SIZES[-1]))
    growth = (
        f"{SIZES[-1] / SIZES[0]:g} times the runs take {last / first:.1f} times the time: "
        f"{(SIZES[-1] - SIZES[0]) / (last - first):,.0f} further runs a second."
    )
    about = (
        f"`aggregate` on synthetic runs, {SEEDS} for each condition, figures and all, in a process "
        f"of its own. Start-up is the time for {SEEDS} runs."
    )
    return ["## A report", "", about, "", *table, "", growth, ""]


def main() -> None:
    """Aggregate as the command does and print the peak, or, without arguments, the section."""
    if sys.argv[1:]:
        from fmnist_exp import aggregate

        aggregate.main()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        print("\n".join(lines()))


if __name__ == "__main__":
    main()
