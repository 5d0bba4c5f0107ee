"""What Hydra says of a command line that it cannot compose, in words that help to mend it."""

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    OmegaConfBaseException,
    ValidationError,
)

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.keras_classes import keras_classes, lacks
from fmnist_exp.config.parsing import explain_value
from fmnist_exp.errors import ConfigError, did_you_mean

# PyYAML lets through what its constructors stumble over, such as `!!int` without a number.
UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
ERRORS = (HydraException, OmegaConfBaseException, RecursionError, *UNREADABLE)
FAMILIES = {"initializer": "initializers", "optimizer": "optimizers"}
# option that a plugin of Hydra adds -> extra of this package that installs the plugin
EXTRAS = {"joblib": "joblib", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}


@contextmanager
def explained(overrides: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra raises while it composes these overrides into a ConfigError of one line."""
    try:
        yield
    except ERRORS as error:
        raise ConfigError(explain(error, overrides)) from error


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """What was received, the rule, and the repair.

    Args:
        error: raised by Hydra while it composed these overrides.
        overrides: of the command line, or of the run of a sweep.
    """
    if isinstance(error, OverrideParseException):
        return (
            f"{error.override!r} cannot be read as KEY=VALUE. Put a value with special characters "
            """into two pairs of quotes: 'KEY="VALUE"'."""
        )
    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        return _explain_option(error)
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(cause, ConfigKeyError | ConfigAttributeError):
        return _explain_key(_given_key(str(cause.full_key), overrides), overrides)
    if isinstance(cause, ValidationError) and {f"{cause.full_key}={no}" for no in ("", "null")} & {
        *overrides
    }:
        return f"{cause.full_key} must have a value, received null. Leave it out, or pass a value."
    if isinstance(cause, OmegaConfBaseException):
        return explain_value(cause)
    is_of_file = isinstance(error, (RecursionError, *UNREADABLE))
    if is_of_file and (found := _unreadable_file(overrides)) is not None:
        return found
    if isinstance(error, RecursionError):
        return "an override is nested too deep to be read. Write it with fewer brackets."
    message = " ".join(str(error).split())
    if isinstance(error, ValueError):  # Hydra's parser, on overrides such as `=3`
        return f"{message}. Every override must read KEY=VALUE, received {' '.join(overrides)!r}."
    reason = str(error.__cause__ or "").partition("\n")[0]
    return ": ".join(filter(None, (message, reason)))


def _unreadable_file(overrides: Sequence[str]) -> str | None:
    """The first config file that is no YAML, if there is one: Hydra does not name it."""
    folders = [CONFIG_DIR]
    for override in overrides:
        if override.startswith("hydra.searchpath="):
            given: Any = OverridesParser.create().parse_override(override).value()
            folders += [Path(str(each).removeprefix("file://")) for each in given]
    for path in sorted(path for folder in folders for path in folder.rglob("*.yaml")):
        try:
            OmegaConf.load(path)
        except (RecursionError, *UNREADABLE) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            return f"{path} must be YAML in UTF-8: {' '.join(reason.split())}. Correct it."
    return None


def _explain_option(error: MissingConfigException) -> str:
    group, _, option = str(error.missing_cfg_file).removesuffix(".yaml").rpartition("/")
    if group == "hydra/launcher" and option in EXTRAS:
        return (
            f"hydra/launcher needs Hydra's plugin for {option}, which is not installed. "
            f"Install it: pip install -e '.[{EXTRAS[option]}]'"
        )
    meant = did_you_mean(option, error.options or [])
    return f"{group} must name an option, received {option!r}.{meant}"


def _given_key(key: str, overrides: Sequence[str]) -> str:
    """The key as it was given: of `modle.dropout` OmegaConf names `modle` alone."""
    given = (each.partition("=")[0].lstrip("+~") for each in overrides)
    return next((each for each in given if each.startswith(f"{key}.")), key)


def _explain_key(key: str, overrides: Sequence[str]) -> str:
    """Why a key cannot be set: it is misspelled, or the chosen options do not have it."""
    loader = GlobalHydra.instance().config_loader()
    names = {each: each.partition("=")[0].lstrip("+~") for each in overrides if "{" not in each}
    options = [
        each
        for each, name in names.items()
        if name == "hydra.searchpath" or ("." not in name and loader.get_group_options(name))
    ]
    # As the config of a sweep, since that may ask for several options of a group.
    config = loader.load_configuration("config", options, RunMode.MULTIRUN)
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
    last_of = {each: each.rpartition(".")[2] for each in (*known, *(f"++{a}" for a in addable))}
    initials_of = {each: "".join(re.findall(r"(?:^|_)(\w)", last_of[each])) for each in last_of}
    last = key.rpartition(".")[2]
    meant = [each for each in last_of if last == last_of[each]]
    meant += [each for each in last_of if last == initials_of[each] and "_" in last_of[each]]
    if not meant:
        spelled = difflib.get_close_matches(last, [last_of[each] for each in known], n=1)
        meant = [each for each in known if last_of[each] in spelled]
    return max(meant, key=lambda o: difflib.SequenceMatcher(None, key, o).ratio(), default=None)


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
    values: Any = OmegaConf.to_container(config, resolve=False)
    of_hydra = values.pop("hydra")

    def paths(node: Any, prefix: str) -> Iterator[str]:
        for key, value in node.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from paths(value, f"{prefix}{key}.")

    parts = {part: of_hydra[part] for part in ("launcher", "sweeper")}
    keys = [*paths(values, ""), *paths(parts, "hydra.")]
    return [each for each in keys if not each.endswith("._target_")]
