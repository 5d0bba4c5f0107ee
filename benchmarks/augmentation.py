"""What the recipe of the field costs: epochs with and without each part, in turn, in one process.

`python benchmarks/augmentation.py` prints a table in Markdown, in about five minutes. A pair of
epochs, one after the other, sees the processor at the same speed; the median of the pairs' ratios
is compared. All is trained by XLA but for mirror images in C, which are held against C.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from hydra import compose, initialize_config_dir

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data import loading
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.run.provenance import describe_machine

NETWORKS = {"baseline": [], "1024x2": ["model.hidden=1024x2", "model.dropout=0.4"]}
PARTS = {
    "mirror": ["augmentation=mirror"],
    "mirror, by C": ["augmentation=mirror"],
    "mirror_shift": ["augmentation=mirror_shift"],
    "label_smoothing": ["training.label_smoothing=0.1"],
    "schedule": ["training.schedule={class_name:CosineDecay,config:{warmup_epochs:5}}"],
    "use_ema": ["+optimizer.config.use_ema=true"],
    "layer_normalization": ["model.layer_normalization=true"],
}
WARM_UP = 2  # epochs in which the program is compiled and memory is taken


def config_of(*overrides: str) -> RunConfig:
    """The checked config of a run."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        return parse(compose("config", [*overrides], return_hydra_config=True))


def epoch_of(config: RunConfig, splits: DataSplits) -> Callable[[], float]:
    """Trains an epoch of a run, without validation; returns its seconds."""
    from fmnist_exp.engine import training
    from fmnist_exp.engine.programs import Program

    program = Program(config, splits)
    program.restart(config)
    program.trainer.make_train_function()  # what `fit` calls once an epoch
    train, elements = program.trainer.train_function, iter(program.one_step.repeat())
    given = training.epochs_given(config, len(splits.train))

    def epoch() -> float:
        started = time.perf_counter()
        for name, value in next(given).items():
            getattr(program.trainer, name).assign(value)
        float(train(elements)["loss"])
        return time.perf_counter() - started

    return epoch


def compared(config: RunConfig, other: RunConfig, num_pairs: int) -> tuple[float, list[float]]:
    """Median seconds of an epoch of the first run, and the other's as its multiple, ascending."""
    splits = loading.load(config.own_data)
    first, second = epoch_of(config, splits), epoch_of(other, splits)
    pairs = [(first(), second()) for _ in range(WARM_UP + num_pairs)][WARM_UP:]
    ratios = sorted(b / a for a, b in pairs)
    return statistics.median(a for a, _ in pairs), ratios


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="of epochs")
    num_pairs = parser.parse_args().pairs
    machine = describe_machine()
    print(f"{machine['cpu']}, {machine['threads']} threads, commit {machine['git_commit']}.\n")
    print("| network | part | seconds without | with, times as long (quartiles) |")
    print("| --- | --- | --- | --- |")
    for network, layers in NETWORKS.items():
        for part, overrides in PARTS.items():
            engine = "engine=c" if part.endswith("by C") else "engine=xla"
            settings = (*layers, engine, "training.epochs=100")
            seconds, ratios = compared(
                config_of(*settings), config_of(*settings, *overrides), num_pairs
            )
            low, middle, high = statistics.quantiles(ratios, n=4)
            print(
                f"| {network} | {part} | {seconds:.3f} | {middle:.3f} ({low:.3f} to {high:.3f}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
