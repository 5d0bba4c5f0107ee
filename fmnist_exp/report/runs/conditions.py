"""What makes a condition, what tells conditions apart, and what they are called."""

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fmnist_exp.console import counted
from fmnist_exp.rundir.records import called

# Factors in the order in which a table names them; the remaining keys follow.
GROUPS = ("data", "model", "initializer", "optimizer", "training", "augmentation")
NO_PART = {"seed", "seeds", "data.dir", "note", "tags"}  # of what a condition is
# Keys that records of former code lack, with what they did.
FORMER = {
    "model.layer_normalization": "false",
    "training.label_smoothing": "0.0",
    "augmentation.name": "none",
    "augmentation.mirror": "false",
    "augmentation.shift_pixels": "0",
}
SCHEDULE = "training.schedule"
LINE, MAX_NAME = 28, 54  # characters of a name in a figure: in a line, and altogether
# Conditions that differ in one of these are not compared: other test images are another task, and
# another engine rounds differently.
GROUNDS = {"data.name", "data.num_test", "data.class_names", "data.sha256", "engine"}
DATA_HASH, SPLIT_SEED = "data.sha256", "data.split_seed"
WIDTHS, LAYERS, UNITS = "model.hidden", "hidden layers", "units of each hidden layer"


def flatten(config: dict[str, Any]) -> dict[str, str]:
    """The keys of a config that make its condition: full key -> value as text.

    A Keras object's class is part of its name where the name does not say it, so that a class
    given alone, as in `initializer.class_name=RandomNormal`, is never called by another's name.
    """
    flat: dict[str, str] = {}

    def visit(value: Any, key: str) -> None:
        if key in NO_PART or (key == SCHEDULE and value is None):
            return
        if key == SCHEDULE and isinstance(value, dict):
            value = {"name": value["class_name"], **value}
        if key == "training.callbacks" and isinstance(value, list):  # as records once had them
            value = {str(item.get("name")): item for item in value if isinstance(item, dict)}
        elif key == "training.callbacks" and isinstance(value, dict):
            value = {each: {"name": each, **item} for each, item in value.items()}
        if isinstance(value, dict):
            if {"name", "class_name"} <= value.keys():
                value = value | {"name": called(value)}
            for name, inner in value.items():
                visit(inner, f"{key}.{name}" if key else name)
        else:
            flat[key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    visit(config, "")
    return {printable(key): printable(text) for key, text in flat.items()}


def naming_keys(configs: Sequence[dict[str, str]], chosen: Sequence[str] = ()) -> list[str]:
    """The fewest keys, in order of preference, that tell all different configs apart.

    They name the conditions and are their factors; `differences` lists every key that differs. A
    key is kept if it splits a group of configs that the keys before it leave together. So a
    model's name stands for its widths and its recipe, and a width is named only where two
    models of one name differ in it. Without any difference, the initializer is named.

    Args:
        configs: flat configs, key -> value, without seed and paths.
        chosen: keys to name first, and whenever they differ.
    """
    keys = dict.fromkeys([*chosen, *(f"{group}.name" for group in GROUPS)])
    keys |= dict.fromkeys(key for config in configs for key in config)
    kept: list[str] = []
    parts = [0] * len(configs)  # which group of configs, not yet told apart, each belongs to
    num_parts = 1
    for key in keys:
        pairs = [(part, config.get(key)) for part, config in zip(parts, configs, strict=True)]
        numbers = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
        differs = len({value for _, value in pairs}) > 1
        if len(numbers) > num_parts or (key in chosen and differs):
            kept.append(key)
            parts, num_parts = [numbers[pair] for pair in pairs], len(numbers)
    return kept or ["initializer.name"]


def column(key: str) -> str:
    """Column of a factor: `initializer.name` is `initializer`, other keys are themselves."""
    return key.removesuffix(".name")


def label(config: dict[str, str], factors: Sequence[str]) -> str:
    """What a condition is called: its names, and `key=value` for the other factors it has."""
    ends = [_end(key) for key in factors]
    parts = [
        config[key]
        if key.endswith(".name")
        else counted(int(config[key]), "hidden layer")
        if key == LAYERS
        else f"{end if ends.count(end) == 1 else key}={config[key]}"
        for key, end in zip(factors, ends, strict=True)
        if key in config
    ]
    return ", ".join(parts) or "no " + ", no ".join(_end(column(key)) for key in factors)


def short_names(names: Sequence[str]) -> list[str]:
    """The names in at most two lines each, the middle of a long one left out.

    Names that would then read the same are numbered by their place, from 1.
    """
    half = (MAX_NAME - 1) // 2
    cut = [name if len(name) <= MAX_NAME else f"{name[:half]}…{name[-half:]}" for name in names]
    times = Counter(cut)
    numbered = [
        name if times[name] == 1 else f"{place}: {name}" for place, name in enumerate(cut, start=1)
    ]
    return [textwrap.fill(name, LINE) for name in numbered]


def number(text: str) -> float | None:
    """The number that a value is, None for any other value."""
    try:
        return float(text)
    except ValueError:
        return None


def printable(text: str) -> str:
    """The text with a question mark in a box for what would break a line or a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _end(key: str) -> str:
    return key.rpartition(".")[2]


def grounds(config: dict[str, str]) -> dict[str, str]:
    """The keys of a flat config that two conditions must share to be compared, and their values.

    Synthetic images are made from the seed of their split; those of other data are only divided.
    """
    keys = GROUNDS | ({SPLIT_SEED} if config.get("data.name") == "synthetic" else set())
    return {key: value for key, value in config.items() if key in keys}


def fixes(keys: Sequence[str], other: str, configs: Sequence[dict[str, str]]) -> bool:
    """Whether a key's value is the same wherever those of some keys are."""
    levels = [tuple(map(config.get, keys)) for config in configs]
    pairs = {(level, config.get(other)) for level, config in zip(levels, configs, strict=True)}
    return len(pairs) == len(set(levels))


def without_chance(configs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Flat configs without the seed of the split, and without hashes that other keys explain.

    The hash of the data covers split and number of the training images, so it differs wherever
    these do; by itself it says that a folder or a version of the data held something else.
    Synthetic images are made from the seed of their split, which therefore stays.
    """
    keys = {key for config in configs for key in config if key.startswith("data.")} - {DATA_HASH}
    explained = {DATA_HASH} if fixes(sorted(keys), DATA_HASH, configs) else set()
    return [
        {
            key: text
            for key, text in each.items()
            if key not in explained and (key != SPLIT_SEED or SPLIT_SEED in grounds(each))
        }
        for each in configs
    ]


def with_hidden_layers(configs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Flat configs in which equal widths read as `64 x 30`, thirty layers of 64 units.

    Where all have equal widths, the same ones, and they differ in how many, that number is a
    factor, `hidden layers`, in the place of the widths.
    """
    widths = [each.get(WIDTHS, "[]").strip("[]").split(", ") for each in configs]
    units = {width for each in widths for width in each}
    if len(units) == 1 < len({len(each) for each in widths}) and units != {""}:
        return [
            {LAYERS if key == WIDTHS else key: value for key, value in config.items()}
            | {LAYERS: str(len(each)), UNITS: each[0]}
            for config, each in zip(configs, widths, strict=True)
        ]
    return [
        config | {WIDTHS: f"{each[0]} x {len(each)}"} if len({*each}) == 1 < len(each) else config
        for config, each in zip(configs, widths, strict=True)
    ]
