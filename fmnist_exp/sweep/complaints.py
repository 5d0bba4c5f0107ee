"""What Hydra says of a command line that it cannot compose, in words that help to mend it."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.keras_classes import keras_classes, lacks
from fmnist_exp.config.parsing import explain_value
from fmnist_exp.errors import did_you_mean
from fmnist_exp.tuning.search import without_hydra

FAMILIES = {"initializer": "initializers", "optimizer": "optimizers"}
# option that a plugin of Hydra adds -> extra of this package that installs the plugin
EXTRAS = {"joblib": "joblib", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """Hydra's message in one line: what was received, the rule, and the repair.

    Args:
        error: raised by Hydra while it composed these overrides.
        overrides: of the command line, or of the run of a sweep.
    """
    message = str(error).strip()
    if isinstance(error, RecursionError):
        return "an override is nested too deep to be read. Write it with fewer brackets."
    if isinstance(error, OmegaConfBaseException):
        return explain_value(error)
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override!r} cannot be read as KEY=VALUE. Put a value with special characters "
            """into two pairs of quotes: 'KEY="VALUE"'."""
        )
    if isinstance(error, ValueError):  # Hydra's parser, on overrides such as `=3`
        return f"{message}. Every override must read KEY=VALUE, received {' '.join(overrides)!r}."
    if several := re.match(r"Ambiguous value for argument '(.*)'\n", message):
        return (
            f"{several[1]} names several values, received for a single run. Add --multirun for a "
            "run of each; put a list into brackets, KEY=[1,2]."
        )
    if option := re.search(r"Could not (?:find|load) '([^']+)/([^'/]+)'", message):
        return _explain_option(option[1], option[2], message, overrides)
    if found := re.match(r"Error merging override (\S+)=null$", message):
        return f"{found[1]} must have a value, received null. Leave it out, or pass a value."
    if unknown := re.search(r"Could not override '([^']+)'", message):
        return _explain_key(unknown[1], overrides)
    reason = str(error.__cause__ or "").partition("\n")[0]
    return ": ".join(filter(None, (" ".join(message.split()), reason)))


def _explain_option(group: str, option: str, message: str, overrides: Sequence[str]) -> str:
    if group == "hydra/launcher" and option in EXTRAS:
        return (
            f"hydra/launcher needs Hydra's plugin for {option}, which is not installed. "
            f"Install it: pip install -e '.[{EXTRAS[option]}]'"
        )
    if group == "training" and not any(each.startswith("training=") for each in overrides):
        return (
            f"model={option} brings no recipe of its own: there is no training/{option}.yaml "
            "beside it. Add that file, or pass training=baseline or another one of conf/training."
        )
    known = re.findall(r"^\t(\S+)$", message, re.MULTILINE)
    return f"{group} must name an option, received {option!r}.{did_you_mean(option, known)}"


def _explain_key(key: str, overrides: Sequence[str]) -> str:
    """Why a key cannot be set: it is misspelled, or the chosen options do not have it."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    loader = hydra.config_loader
    names = {each: each.partition("=")[0].lstrip("+~") for each in overrides if "{" not in each}
    options = [
        each
        for each, name in names.items()
        if name == "hydra.searchpath" or ("." not in name and loader.get_group_options(name))
    ]
    # As the config of a sweep, since that may ask for several options of a group.
    config = hydra.compose_config("config", options, RunMode.MULTIRUN)
    group = key.partition(".")[0]
    if group == "hydra":
        group = "/".join(key.split(".")[:2])
    option = config.hydra.runtime.choices.get(group)
    owner = "the config" if option is None or key == group else f"{group}={option}"
    arguments = _arguments(config)
    if key in arguments:
        return (
            f"{key} is not set by {owner}, which leaves it at Keras's default. Write ++ before it "
            f"to add it where it is missing: ++{key}=VALUE."
        )
    section = key.rpartition(".config.")[0]
    if (family := FAMILIES.get(section)) is not None:
        class_name = OmegaConf.select(config, f"{section}.class_name")
        if (problem := lacks(key, family, class_name, owner)) is not None:
            return problem
    if OmegaConf.select(config, key) is not None:
        return f"{key} has not all keys of the value received. Write ++ before it to add them."
    what = "hydra" if key.startswith("hydra.") else "job"
    keys = _keys(config)
    offered = {each: name for each, name in _offered().items() if each not in keys}
    known = [each for each in (*keys, *offered) if what == "job" or each.startswith("hydra.")]
    near = nearest(key, known, [each for each in arguments if each not in known])
    near = f"{near} with {offered[near]}" if near in offered else near
    return (
        f"{key} is not a key of {owner}.{f' Did you mean {near}?' if near else ''} "
        f"`python -m fmnist_exp.train --cfg {what}` shows every key and value."
    )


def nearest(key: str, known: Sequence[str], addable: Sequence[str] = ()) -> str | None:
    """The key that is meant, if there is one; with `++` if it is not known yet, but can be added.

    A key is meant by its last part, as in `epochs` for `training.epochs`, by the initials of that,
    as in `lr` for `optimizer.config.learning_rate`, or by nearly the same spelling.
    """
    last = _last(key)

    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, key, other).ratio()

    keys = [*known, *(f"++{each}" for each in addable)]
    meant = [each for each in keys if last in (_last(each), _initials(_last(each)))]
    if not meant:
        spelled = difflib.get_close_matches(last, map(_last, known), n=1)
        meant = [each for each in known if _last(each) in spelled]
    return max(meant, key=likeness, default=None)


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _initials(name: str) -> str:
    words = name.split("_")
    return "".join(word[:1] for word in words) if len(words) > 1 else name


def _arguments(config: DictConfig) -> list[str]:
    """The full path of every argument of the Keras classes that a config names."""
    named = FAMILIES | {
        f"training.callbacks.{name}": "callbacks" for name in config.training.callbacks or {}
    }
    return [
        f"{key}.config.{argument}"
        for key, family in named.items()
        if (found := keras_classes(family).get(OmegaConf.select(config, f"{key}.class_name")))
        for argument in found
        if argument != "seed"  # a run's seed is meant
    ]


def _offered() -> dict[str, str]:
    """Key of a launcher's or sweeper's -> the options of ours that set it."""
    offered: dict[str, list[str]] = {}
    for path in sorted((CONFIG_DIR / "hydra").glob("*er/*.yaml")):
        for name in yaml.safe_load(path.read_text("utf-8")):
            key = f"hydra.{path.parent.name}.{name}"
            offered.setdefault(key, []).append(f"hydra/{path.parent.name}={path.stem}")
    return {key: " or ".join(options) for key, options in offered.items()}


def _keys(config: DictConfig) -> list[str]:
    """The full path of every key that can be set: of runs, of the launcher and of the sweeper."""
    parts = ("launcher", "sweeper")
    of_hydra = {part: OmegaConf.to_container(config.hydra[part], resolve=False) for part in parts}
    values: Any = OmegaConf.to_container(without_hydra(config), resolve=False)

    def paths(node: Any, prefix: str) -> Iterator[str]:
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from paths(value, f"{prefix}{key}.")

    keys = [*paths(values, ""), *paths(of_hydra, "hydra.")]
    return [each for each in keys if not each.endswith("._target_")]
