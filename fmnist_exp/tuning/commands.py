"""The shortest command line that trains a given config, whatever it was composed of."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp.config.parsing import parse
from fmnist_exp.config.schema import RunConfig


def overrides_of(
    config: RunConfig,
    choices: Mapping[str, str],
    loader: ConfigLoader,
    search_path: Sequence[str] = (),
) -> list[str]:
    """The overrides that make `config` of the default one, without any experiment.

    Args:
        config: the run; its seed is left out.
        choices: config group -> option, of which it was composed.
        loader: composes configs from the files in conf/.
        search_path: where Hydra looks for options besides, as in `hydra.searchpath`.
    """

    def composed(overrides: list[str]) -> DictConfig:
        path = [f"hydra.searchpath={json.dumps(list(search_path))}"] if search_path else []
        return loader.load_configuration("config", [*path, *overrides], RunMode.RUN)

    default = composed([]).hydra.runtime.choices
    chosen = [
        f"{'' if group in default else '+'}{group}={option}"
        for group, option in choices.items()
        if group != "experiment" and default.get(group) != option
    ]
    plain = _flat(parse(composed(chosen)))
    wanted = _flat(config)
    changed = [
        f"{'' if key in plain else '+'}{key}={json.dumps(value, separators=(',', ':'))}"
        for key, value in wanted.items()
        if value != {} and (key not in plain or plain[key] != value)
    ]
    gone = dict.fromkeys(_highest_missing(key, wanted) for key in plain if key not in wanted)
    return [*chosen, *changed, *(f"~{key}" for key in gone)]


def _highest_missing(key: str, wanted: Mapping[str, Any]) -> str:
    """The first part of a path below which nothing is wanted."""
    names = key.split(".")
    starts = (".".join(names[:length]) for length in range(1, len(names) + 1))
    return next(
        start
        for start in starts
        if not any(each == start or each.startswith(f"{start}.") for each in wanted)
    )


def _flat(config: RunConfig) -> dict[str, Any]:
    """Full key -> value of everything but the seed."""
    flat: dict[str, Any] = {}

    def visit(value: Any, key: str) -> None:
        if isinstance(value, dict) and value:
            for name, inner in value.items():
                visit(inner, f"{key}.{name}" if key else name)
        else:
            flat[key] = value

    visit(config.plain() | {"seed": None}, "")
    return flat
