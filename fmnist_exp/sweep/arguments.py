"""A command line as people type it: flags anywhere, `~` for the home folder, `{}` for none."""

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import suppress

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from fmnist_exp.errors import ConfigError, did_you_mean

FOREIGN = ("config_path", "config_name", "experimental_rerun")  # Hydra's, refused here


def read_arguments(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Hydra's options, its `overrides` among them as Hydra understands them, and the flags.

    Raises:
        ConfigError: there is no such flag, or it lacks its value.
    """
    parser = get_args_parser()
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
    flags = list(arguments)
    for override in options.overrides:
        flags.remove(override)
    options.overrides = [as_hydra_reads(override) for override in options.overrides]
    return options, flags


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
