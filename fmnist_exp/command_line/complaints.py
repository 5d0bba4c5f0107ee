"""What Hydra says of a command line that it cannot compose, in words that help to mend it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from fmnist_exp.errors import did_you_mean
from fmnist_exp.sweep.launchers import missing
from fmnist_exp.tuning.search import without_hydra


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """Hydra's message, with the advice to add an unknown key replaced by its likely spelling."""
    message = str(error).strip()
    if isinstance(error, yaml.YAMLError):
        return f"a config file is not readable YAML: {' '.join(message.split())}. Correct it."
    if isinstance(error, RecursionError):
        return "an override is nested too deep to be read. Write it with fewer brackets."
    if isinstance(error, ValueError):  # Hydra's parser, on overrides such as `=3`
        return f"{message}. Every override must read KEY=VALUE, received {' '.join(overrides)!r}."
    recipe = re.search(r"Could not find 'training/([^']+)'", message)
    if recipe is not None and not any(each.startswith("training=") for each in overrides):
        return (
            f"model={recipe[1]} brings no recipe of its own: there is no training/{recipe[1]}.yaml "
            "beside it. Add that file, or pass training=baseline or another one of conf/training."
        )
    if (advice := missing(message)) is not None:
        return advice
    unknown = re.search(r"Could not override '([^']+)'", message)
    if unknown is None:
        return f"{message}: {reason}" if (reason := _first_line(error.__cause__)) else message
    key = unknown[1]
    of_launcher = key.startswith("hydra.launcher.")
    chosen = [each for each in overrides if each.startswith("hydra/launcher=")]
    known = [each for each in _known_keys(chosen) if each.startswith("hydra.") == of_launcher]
    return (
        f"{key} is not a key of the config.{did_you_mean(key, known)} "
        f"`python -m fmnist_exp.train --cfg {'hydra' if of_launcher else 'job'}` shows every key "
        "and value."
    )


def _first_line(error: BaseException | None) -> str:
    return str(error or "").partition("\n")[0]


def _known_keys(overrides: list[str]) -> list[str]:
    """The full path of every key that can be set: those of runs, and those of the launcher."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    config = hydra.compose_config("config", overrides, RunMode.RUN)
    launcher = {"launcher": OmegaConf.to_container(config.hydra.launcher, resolve=False)}
    values: Any = OmegaConf.to_container(without_hydra(config), resolve=False)

    def paths(node: Any, prefix: str) -> Iterator[str]:
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from paths(value, f"{prefix}{key}.")

    return [*paths(values, ""), *paths(launcher, "hydra.")]
