"""What untrained networks do to signal and gradient, layer by layer, beside theory.

python -m fmnist_exp.signal --multirun initializer=glorot,he,lecun
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig, SeedsConfig
from fmnist_exp.console import as_command, typed
from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError
from fmnist_exp.files import write_bytes
from fmnist_exp.rundir.tables import SIGNAL_COLUMNS, History
from fmnist_exp.sweep.checking import check_output_dir
from fmnist_exp.sweep.command_line import read_arguments
from fmnist_exp.sweep.composing import Composer, compose
from fmnist_exp.sweep.explaining import explained
from fmnist_exp.sweep.hydra_private import REQUESTS, task_overrides

if TYPE_CHECKING:
    from fmnist_exp.report.starts import Start

NUM_DRAWS = 10
OUT = Path("outputs") / "signal"
WIDE = 1000  # columns of a file or a pipe, which have no width
TRAINING = ("hydra/", "hydra.", "until_settled=", "dry_run=")  # how words begin of no use here


def configs_of(words: list[str]) -> list[RunConfig]:
    """The runs that a command line names, as for training.

    Raises:
        ConfigError: it cannot be read, or says how to train.
    """
    options = read_arguments(words)
    of_training = [each for each in words if each.lstrip("+~").startswith(TRAINING)]
    of_training += [f"--{name.replace('_', '-')}" for name in REQUESTS if getattr(options, name)]
    if of_training:
        raise ConfigError(
            f"signal trains nothing, received {of_training[0]}. Leave it out, or pass it to "
            f"`{typed('train')}`."
        )
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3", job_name="signal"):
        master = compose(options.overrides, options.multirun)
        if master.hydra.mode != RunMode.MULTIRUN:
            given = {each.partition("=")[0] for each in task_overrides(master)}
            if {*(master.hydra.sweeper.get("params") or {})} - given:
                raise ConfigError(
                    f"experiment={master.hydra.runtime.choices.experiment} is a sweep, received a "
                    "command for one network. Add --multirun."
                )
            return [parse(master)]
        composer = Composer(master, GlobalHydra.instance().config_loader())
        configs = []
        for run in composer.expand():
            with explained([*composer.of_hydra, *run]):
                alone, of_hydra = composer.compose_alone(run)
            configs.append(parse(alone, of_hydra.runtime.choices))
        return configs


def measured(config: RunConfig) -> list[History]:
    """Columns of `signal.csv`, as a run has them, for draws with seeds from 0."""
    from fmnist_exp.engine import models, signal_of_model  # TensorFlow takes seconds

    splits = loading.load(config.own_data)
    sizes = {"num_pixels": splits.train.images.shape[1], "num_classes": len(splits.class_names)}
    model = models.build_model(config, **sizes)
    draws = []
    for seed in range(NUM_DRAWS):
        models.draw_kernels(model, config.replaced(seed=seed, seeds=SeedsConfig()))
        layers = signal_of_model.initial_signal(model, config.model, splits.train)
        rows = np.array([astuple(layer) for layer in layers], dtype=float)
        draws.append(dict(zip(SIGNAL_COLUMNS, rows.T, strict=True)))
    return draws


def starts_of_configs(configs: Sequence[RunConfig]) -> "list[Start]":
    """Networks, each measured once, however many runs begin with it."""
    from fmnist_exp.report.runs import conditions
    from fmnist_exp.report.starts import Measured, starts_of

    plain = [config.plain() for config in configs]
    flat = conditions.without_chance([conditions.flatten(each) for each in plain])
    flat = conditions.with_hidden_layers(flat)
    draws: dict[str, list[History]] = {}
    networks = []
    for config, own, values in zip(configs, flat, plain, strict=True):
        model = config.model.replaced(dropout=0.0)  # none of it before training
        key = RunConfig(data=config.data, model=model, initializer=config.initializer)
        name = key.model_dump_json()
        if name not in draws:
            draws[name] = measured(config)
        networks.append(Measured("", own, values, draws[name]))
    return starts_of(networks)


def show(starts: "Sequence[Start]", data: str, out: Path, width: int) -> str:
    """Draw the networks into files of a folder; tables and sentences for a terminal.

    Args:
        starts: the networks.
        data: names of the data that they saw.
        out: the folder.
        width: columns of the terminal.
    """
    from rich.text import Text

    from fmnist_exp.report.charts import drawing
    from fmnist_exp.report.charts.signal_charts import draw_signals
    from fmnist_exp.report.page.signal_lines import paragraphs
    from fmnist_exp.report.page.terminal import in_columns, printed
    from fmnist_exp.report.page.why import layers_table, why_table

    looks = {level: number for number, level in enumerate(dict.fromkeys(x.level for x in starts))}
    about = f"{data}; {NUM_DRAWS} draws of the weights"
    files = drawing.render_all(draw_signals(starts, looks, about))
    for name, content in files.items():
        write_bytes(out / name, content)
    tables = [*map(layers_table, starts), why_table(starts)]
    parts = [part for each in tables for part in (Text(each.caption), in_columns(each), Text())]
    told = printed(*parts, *map(Text, paragraphs(starts)), width=width)
    return "\n".join([told, *(f"chart: {out / name}" for name in files if name.endswith(".png"))])


@as_command()
def main() -> None:
    """Show what untrained networks do to signal and gradient; nothing is trained."""
    parser = argparse.ArgumentParser(
        usage=f"{typed('signal')} [--out FOLDER] [--multirun] [KEY=VALUE ...]",
        description=main.__doc__,
        epilog=f"All other words are as for `{typed('train')}`.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help=f"folder of the chart; default: {OUT}"
    )
    arguments, words = parser.parse_known_args()
    configs = configs_of(words)
    check_output_dir(arguments.out)
    starts = starts_of_configs(configs)
    data = dict.fromkeys(map(loading.name_of, dict.fromkeys(each.data for each in configs)))
    width = shutil.get_terminal_size((WIDE, 0)).columns
    print(show(starts, " and ".join(data), arguments.out, width))


if __name__ == "__main__":
    main()
