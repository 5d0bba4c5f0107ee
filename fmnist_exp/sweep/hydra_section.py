"""What may be set of Hydra's own section, which can name code to run and places to write to.

Hydra builds its launcher, sweeper, callbacks and logging from Python paths in its config, and
calls its own list of forbidden ones no complete boundary. On a command line only what is known to
be harmless can be set. Whoever writes that section into a config file is trusted as the author of
a script is; the groups that are ours run no code.
"""

import re
from collections.abc import Iterable
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

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


def check_settings(overrides: Iterable[str]) -> None:
    """Refuse overrides of a command line that set what must stay as it is.

    Raises:
        ConfigError: an override sets another key of Hydra's section, or to code.
    """
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        if re.match(r"hydra\b", override.key_or_group):
            _check(override)


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


def check_places(master: DictConfig) -> None:
    """Refuse a config file that puts runs where a sweep does not look for them.

    Raises:
        ConfigError: the directories of runs are not named after their numbers.
    """
    sweep: Any = OmegaConf.to_container(master.hydra.sweep, resolve=False)
    if sweep["subdir"] != "${hydra.job.num}":
        raise ConfigError(
            f"hydra.sweep.subdir must stay as it is, received {sweep['subdir']!r}: a run is found "
            "by its number. Leave it out."
        )


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
