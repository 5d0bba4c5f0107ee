"""What may be set of Hydra's own section, which can name code to run and places to write to.

Hydra builds its launcher, sweeper, callbacks and logging from Python paths in its config, and
calls its own list of forbidden ones no complete boundary. Here only what is known to be harmless
can be set, on the command line alone; everything else stays as conf/ and Hydra have it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError

SETTABLE = (
    "hydra/launcher",
    "hydra/sweeper",
    "hydra/job_logging",
    "hydra/hydra_logging",
    "hydra.mode",
    "hydra.verbose",
    "hydra.run.dir",
    "hydra.sweep.dir",
    "hydra.sweeper.KEY",
    "hydra.launcher.KEY",
)
_SETTABLE = re.compile(
    "|".join(re.escape(key).replace("KEY", r"[\w.]+") for key in SETTABLE)
    + r"|hydra\.sweeper\.params\..+"
)
# Made by Hydra anew for every command line; `params` are the factors of a sweep.
COMPUTED = ("runtime", "overrides", "searchpath", "sweeper.params", "job.override_dirname")


def settings_of_execution(overrides: Iterable[str], also: Iterable[str]) -> list[str]:
    """The overrides that say how and where runs are carried out, each checked.

    Args:
        overrides: of the command line.
        also: further keys that belong to the execution.

    Raises:
        ConfigError: an override sets what must stay as it is.
    """
    chosen = []
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = override.key_or_group
        if re.match(r"hydra\b", key):
            _check(override)
        elif key not in also and "." not in key:
            _check_option(override)
        if re.match(r"hydra\b", key) or key in also:
            chosen.append(str(override.input_line))
    return chosen


def check_factors(factors: Iterable[str], also: Iterable[str]) -> None:
    """Refuse a sweep over how runs are carried out: callbacks or directories that differ by run.

    Raises:
        ConfigError: a factor is a key of Hydra's or of the execution.
    """
    for key in factors:
        if re.match(r"[+~]*hydra\b", str(key)) or str(key).strip("+~") in also:
            raise ConfigError(
                f"hydra.sweeper.params must name keys of runs, received {key!r}. Leave it out."
            )


def check_unchanged(
    master: DictConfig, loader: ConfigLoader, settings: list[str], also: Iterable[str]
) -> None:
    """Refuse config files of the user's own that change how or where runs are carried out.

    Args:
        master: a command line, composed with files of the user's own.
        loader: finds the configs that are ours and Hydra's.
        settings: what the command line itself says of the execution.
        also: further keys that must not be changed.

    Raises:
        ConfigError: a file sets such a key; the message names it.
    """
    ours = loader.load_configuration(
        "config", [*settings, *_shipped_experiment(master)], RunMode.MULTIRUN
    )
    found, expected = (_watched(config, also) for config in (master, ours))
    for key in {**expected, **found}:
        if found.get(key) != expected.get(key):
            raise ConfigError(
                f"{key} must not be set by a file of --config-dir, received {found.get(key)!r}: "
                "groups of your own describe runs, not where they are written or what starts "
                "them. Leave it out of the file; what can be set, set on the command line."
            )


def _shipped_experiment(master: DictConfig) -> list[str]:
    """The experiment of a command line if it is ours, and may name a sweeper and a directory."""
    name = OmegaConf.select(master, "hydra.runtime.choices.experiment")
    ours = name is not None and (CONFIG_DIR / "experiment" / f"{name}.yaml").is_file()
    return [f"experiment={name}"] if ours else []


def _check(override: Override) -> None:
    key = override.key_or_group
    line = str(override.input_line)
    plain = not (override.is_sweep_override() or override.is_delete())
    computed = "${" in line and not key.endswith(".dir")  # could build what is forbidden
    if plain and _SETTABLE.fullmatch(key) and "_target_" not in line and not computed:
        return
    raise ConfigError(
        f"{key} must stay as it is, received {override.input_line!r}. Of Hydra's own section these "
        f"can be set, to one value and without _target_: {', '.join(SETTABLE)}."
    )


def _check_option(override: Override) -> None:
    if re.search(r"""[=,\['" ](\.\./|/)|/\.\./""", str(override.input_line)):
        raise ConfigError(
            f"{override.key_or_group} must name an option, received {override.input_line!r}, which "
            "leads out of its folder. Pass --config-dir FOLDER for groups of your own."
        )


def _watched(config: DictConfig, also: Iterable[str]) -> dict[str, Any]:
    values: Any = OmegaConf.to_container(config, resolve=False)
    watched = {key: values.get(key) for key in also}
    watched |= dict(_leaves(values["hydra"], "hydra"))
    computed = tuple(f"hydra.{key}" for key in COMPUTED)
    return {key: value for key, value in watched.items() if not key.startswith(computed)}


def _leaves(node: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Every value below a node, by its full key; an empty mapping or a list is a value."""
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}")
    else:
        yield key, node
