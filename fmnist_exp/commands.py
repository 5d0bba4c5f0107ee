"""The shortest command line that trains a given config, whatever it was composed of."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode

from fmnist_exp.config import RunConfig, parse
from fmnist_exp.search import without_hydra


def overrides_of(config: RunConfig, choices: Mapping[str, str], loader: ConfigLoader) -> list[str]:
    """The overrides that make `config` of the default one, without any experiment.

    Args:
        config: the run; its seed is left out.
        choices: config group -> option, of which it was composed.
        loader: composes configs from the files in conf/.
    """
    default = loader.load_configuration("config", [], RunMode.RUN).hydra.runtime.choices
    chosen = [
        f"{group}={option}"
        for group, option in choices.items()
        if group != "experiment" and default[group] != option
    ]
    plain = _flat(parse(without_hydra(loader.load_configuration("config", chosen, RunMode.RUN))))
    wanted = _flat(config)
    changed = [
        f"{'' if key in plain else '+'}{key}={json.dumps(value, separators=(',', ':'))}"
        for key, value in wanted.items()
        if key not in plain or plain[key] != value
    ]
    return [*chosen, *changed, *(f"~{key}" for key in plain if key not in wanted)]


def _flat(config: RunConfig) -> dict[str, Any]:
    """Full key -> value of everything but the seed."""
    flat: dict[str, Any] = {}

    def visit(value: Any, key: str) -> None:
        if key == "training.callbacks":
            value = {callback["name"]: callback for callback in value}
            value = {name: {**each, "name": None} for name, each in value.items()}
        if isinstance(value, dict):
            for name, inner in value.items():
                visit(inner, f"{key}.{name}" if key else name)
        else:
            flat[key] = value

    visit(asdict(config) | {"seed": None}, "")
    return flat
