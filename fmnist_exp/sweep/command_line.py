"""A command line as people type it: flags anywhere, `~` for the home folder, `{}` for none."""

import argparse
import codecs
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig

from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.sweep import hydra_private
from fmnist_exp.sweep.explaining import explained

FOREIGN = ("config_path", "config_name", "experimental_rerun")  # Hydra's, refused here
DEFAULT_RECIPE = "training=baseline"  # of a model that has none of its own


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Hydra's options, with the `overrides` as Hydra understands them.

    Raises:
        ConfigError: there is no such flag, it lacks its value, or is not supported.
    """
    parser = hydra_private.args_parser()
    parser.exit_on_error = False
    try:
        options, unknown = parser.parse_known_intermixed_args(list(arguments))
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error}. `python -m fmnist_exp.train --help` lists all.") from error
    known = [
        flag for each in parser._actions if each.dest not in FOREIGN for flag in each.option_strings
    ]
    for override in options.overrides:
        if f"--{override}" in known:
            raise ConfigError(f"{override} must have -- before it: --{override}.")
    if unknown:
        mistyped = next((each for each in unknown if each.startswith("-")), unknown[0])
        raise ConfigError(
            f"{mistyped} is not an option.{did_you_mean(mistyped, known)} "
            "`python -m fmnist_exp.train --help` lists all."
        )
    _check(options)
    options.overrides = [as_hydra_reads(override) for override in options.overrides]
    if options.config_dir is not None:
        folder = f"file://{os.path.abspath(options.config_dir)}"
        options.overrides.insert(0, f"hydra.searchpath=[{quoted(folder)}]")
    return options


def compose(options: argparse.Namespace) -> DictConfig:
    """The config of a command line, with Hydra's own section: `hydra.mode` says of what.

    Args:
        options: as `read_arguments`; Hydra must be initialized.

    Raises:
        ConfigError: it cannot be composed, or names several values for a single run.
    """
    with explained(options.overrides):
        try:
            return _compose(options.overrides, options.multirun)
        except MissingConfigException as error:
            if not _lacks_recipe(error, options.overrides):
                raise
        options.overrides.append(DEFAULT_RECIPE)
        return _compose(options.overrides, options.multirun)


def _compose(overrides: list[str], multirun: bool) -> DictConfig:
    parsed = OverridesParser.create().parse_overrides(overrides)
    several = [each.input_line for each in parsed if each.is_sweep_override()]
    if not multirun:
        single = [each for each in overrides if each not in several]
        config = hydra.compose("config", single, return_hydra_config=True)
        if config.hydra.mode != RunMode.MULTIRUN:
            config.hydra.mode = RunMode.RUN
            if several:
                raise ConfigError(
                    f"{several[0]} names several values, received for a single run. Add --multirun "
                    "for a run of each; put a list into brackets, KEY=[1,2]."
                )
            return config
    loader = GlobalHydra.instance().config_loader()
    mode = f"hydra.mode={RunMode.MULTIRUN.name}"  # also for runs in other processes
    return loader.load_configuration("config", [*overrides, mode], RunMode.MULTIRUN)


def _lacks_recipe(error: MissingConfigException, overrides: Sequence[str]) -> bool:
    """Whether a model was chosen beside which there is no recipe of its name."""
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if group != "training" or any(each.startswith("training=") for each in overrides):
        return False
    path = [each for each in overrides if each.startswith("hydra.searchpath=")]
    loader = GlobalHydra.instance().config_loader()
    return option in loader.get_group_options("model", overrides=path)


def words_for_options(master: DictConfig) -> list[str]:
    """What is to be given besides overrides, so that a command finds the same options."""
    folders = [str(each) for each in master.hydra.searchpath or []]
    if len(folders) == 1 and folders[0].startswith("file://"):
        return ["--config-dir", folders[0].removeprefix("file://")]
    return [f"hydra.searchpath=[{','.join(map(quoted, folders))}]"] if folders else []


def as_hydra_reads(override: str) -> str:
    """An override that Hydra would not understand, or not as it is meant, in Hydra's words.

    `KEY={}` replaces a mapping by none, where Hydra would merge nothing into it; and `KEY=~/DIR`,
    which no shell expands, names a folder, where Hydra's grammar has no `~`.
    """
    if found := re.fullmatch(r"((?:\+\+)?\w+(?:\.\w+)+)=\s*\{\s*\}\s*", override):
        return f"{found[1]}=null"
    if found := re.fullmatch(r"(\+{0,2}[\w.]+)=(~[^,'\"]*)", override):
        return f"{found[1]}={quoted(os.path.expanduser(found[2]))}"
    return override


def quoted(text: str) -> str:
    """A text as Hydra reads it, of whatever characters; with quotes only where it needs them."""
    with suppress(HydraException):
        if OverridesParser.create().parse_override(f"key=[{text}]").value() == [text]:
            return text
    return QuotedString(text, Quote.single).with_quotes()


def _check(options: argparse.Namespace) -> None:
    for flag in FOREIGN:
        value = getattr(options, flag)
        if value is not None:
            name = "--" + flag.replace("_", "-")
            raise ConfigError(
                f"{name} is not supported, received {value!r}: every run is composed from conf/. "
                "Pass --config-dir FOLDER for groups of your own, and overrides for the rest."
            )
    if options.resolve and not (options.cfg or options.help):
        raise ConfigError("--resolve must stand beside --cfg or --help. Pass --cfg job --resolve.")
    folder = options.config_dir
    if folder is None:
        return
    if not os.path.isdir(folder):
        raise ConfigError(
            f"--config-dir must name a folder, received {folder!r}. Pass a folder with groups of "
            "your own, such as FOLDER/training/mine.yaml."
        )
    if any(each.startswith("hydra.searchpath=") for each in options.overrides):
        raise ConfigError(
            "--config-dir and hydra.searchpath must not be given both. Pass all folders as "
            "hydra.searchpath=[file:///FOLDER,file:///OTHER]."
        )
    for path in sorted(Path(folder).rglob("*.yaml")):
        if path.is_file() and path.read_bytes()[:3] == codecs.BOM_UTF8:
            raise ConfigError(
                f"{path} must be UTF-8 without a byte order mark, behind which Hydra does not see "
                "the line `# @package`. Save it as plain UTF-8."
            )
