"""What untrained networks do to signal and gradient, layer by layer, beside theory.

python -m fmnist_exp.signal --multirun initializer=glorot,he,lecun
"""

import math
import sys

import numpy as np
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig, SeedsConfig
from fmnist_exp.console import as_command
from fmnist_exp.data import loading
from fmnist_exp.rundir.tables import SIGNAL_COLUMNS
from fmnist_exp.statistics.propagation import relu_ratio, weight_variance
from fmnist_exp.sweep.command_line import read_arguments
from fmnist_exp.sweep.composing import Composer, compose

NUM_DRAWS, NUM_IMAGES = 10, 1000
HEADER = ("layer", "weight SD", "mean square", "ratio", "theory", "gradient norm", "dead units, %")


def configs_of(words: list[str]) -> list[RunConfig]:
    """The runs that a command line names, as for training; ConfigError if it cannot be read."""
    options = read_arguments(words)
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3", job_name="signal"):
        master = compose(options.overrides, options.multirun)
        if master.hydra.mode != RunMode.MULTIRUN:
            return [parse(master)]
        composer = Composer(master, GlobalHydra.instance().config_loader())
        composed = [composer.compose(run) for run in composer.expand()]
        return [parse(each) for each in composed]


def measured(config: RunConfig) -> np.ndarray:
    """Columns of `signal.csv` for draws of the weights: float (num_draws, num_layers, columns)."""
    from fmnist_exp.engine import models, signal_of_model  # TensorFlow takes seconds

    splits = loading.load(config.own_data)
    sizes = {"num_pixels": splits.train.images.shape[1], "num_classes": len(splits.class_names)}
    model = models.build_model(config, **sizes)
    draws = []
    first = config.seed_of("initialization")
    for seed in range(first, first + NUM_DRAWS):
        models.draw_kernels(model, config.replaced(seed=seed, seeds=SeedsConfig()))
        layers = signal_of_model.initial_signal(model, config.model, splits.train, NUM_IMAGES)
        draws.append([[getattr(layer, name) for name in SIGNAL_COLUMNS] for layer in layers])
    return np.array(draws)


def table(config: RunConfig) -> str:
    """Means over the draws, with the ratio of mean squares and its theory for ReLU."""
    draws = measured(config)
    means = dict(zip(SIGNAL_COLUMNS, draws.mean(axis=0).T, strict=True))
    squares = draws[:, :, SIGNAL_COLUMNS.index("mean_square")].mean(axis=0)
    has_theory = config.model.activation == "relu" and not config.model.batch_normalization
    lines = [f"{config.initializer.name}, {NUM_DRAWS} draws", "".join(f"{x:>15}" for x in HEADER)]
    for place, square in enumerate(squares):
        fans = int(means["fan_in"][place]), int(means["fan_out"][place])
        law = config.initializer
        variance = weight_variance(law.class_name, law.config, *fans) if has_theory else None
        known = place > 0 and variance is not None
        theory = f"{relu_ratio(variance or 0, fans[0]):.3f}" if known else "-"
        ratio = f"{square / squares[place - 1]:.3f}" if place else "-"
        numbers = (f"{means[x][place]:.3g}" for x in ("weight_sd", "mean_square"))
        dead = f"{100 * means['dead_share'][place]:.1f}"
        cells = (place + 1, *numbers, ratio, theory, f"{means['gradient_norm'][place]:.3g}", dead)
        lines.append("".join(f"{cell:>15}" for cell in cells))
    num_classes = int(means["fan_out"][-1])
    lines.append(
        f"initial loss {means['initial_loss'][0]:.3f} (ln {num_classes} is "
        f"{math.log(num_classes):.3f}); {100 * means['favourite_share'][0]:.0f} % of the images in "
        "the favourite class"
    )
    return "\n".join(lines)


@as_command()
def main() -> None:
    """Print a table for each run that the command line names."""
    for config in configs_of(sys.argv[1:]):
        print(table(config), end="\n\n")


if __name__ == "__main__":
    main()
