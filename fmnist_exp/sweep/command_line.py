"""A command line as people type it: flags anywhere, `~` for the home folder, `{}` for none."""

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import suppress

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig

from fmnist_exp.config.schema import EXECUTION, RunConfig
from fmnist_exp.console import is_script, typed
from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.sweep import hydra_private
from fmnist_exp.sweep.explaining import GROUPS

FOREIGN = ("config_path", "config_name", "experimental_rerun")  # Hydra's, not ours
KEYS = {*GROUPS, *RunConfig.model_fields, *EXECUTION}  # at the top of the config
SEE_HELP = f"`{typed('train', '--hydra-help')}` lists all."


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Hydra's options, with the `overrides` as Hydra understands them.

    Raises:
        ConfigError: there is no such flag, it lacks its value, or is not supported.
    """
    parser = hydra_private.args_parser()
    parser.exit_on_error = False
    parser.allow_abbrev = False  # `--experiment` would be short for a flag of Hydra's
    try:
        options, unknown = parser.parse_known_intermixed_args(list(arguments))
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error}. {SEE_HELP}") from error
    known = [
        flag for each in parser._actions if each.dest not in FOREIGN for flag in each.option_strings
    ]
    for override in options.overrides:
        if f"--{override}" in known:
            raise ConfigError(f"{override} must have -- before it: --{override}.")
    foreign = [flag for flag in FOREIGN if getattr(options, flag)]
    unknown += [f"--{flag.replace('_', '-')}" for flag in foreign]
    if unknown:
        mistyped = next((each for each in unknown if each.startswith("-")), unknown[0])
        key, _, value = mistyped.lstrip("-").replace("-", "_").partition("=")
        if key.partition(".")[0] in KEYS:
            place = [*arguments].index(mistyped) + 1
            given = [each for each in arguments[place : place + 1] if re.match("[^-=]+$", each)]
            value = value or "".join(given) or "VALUE"
            raise ConfigError(f"{mistyped} must have no -- before it: {key}={value}.")
        raise ConfigError(f"{mistyped} is not an option.{did_you_mean(mistyped, known)} {SEE_HELP}")
    if options.shell_completion:
        _check_completion(options.overrides)
    if options.resolve and not (options.cfg or options.help):
        raise ConfigError("--resolve must stand beside --cfg or --help. Pass --cfg job --resolve.")
    options.overrides = [as_hydra_reads(override) for override in options.overrides]
    if options.config_dir is not None:
        folder = f"file://{os.path.abspath(options.config_dir)}"
        options.overrides.insert(0, f"hydra.searchpath=[{quoted(folder)}]")
    return options


def _check_completion(words: Sequence[str]) -> None:
    """Refuse what Hydra's completion cannot answer: it completes no `python -m`."""
    repair = 'In bash run: eval "$(fmnist-train --shell-completion install=bash)".'
    if not is_script():
        raise ConfigError(f"--shell-completion is for the command fmnist-train alone. {repair}")
    if len(words) != 1 or not re.fullmatch(
        "(un)?install=(bash|fish|zsh)|query=(bash|fish)", words[0]
    ):
        raise ConfigError(
            "--shell-completion must have one word after it, install or uninstall, with the name "
            f"of a shell, received {' '.join(words)!r}. {repair}"
        )


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
