"""Which engine trains a run, settled without TensorFlow: C what it knows, else XLA."""

import functools
import logging
import platform
from collections.abc import Sequence

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine import native
from fmnist_exp.errors import ConfigError

log = logging.getLogger(__name__)


def settled(config: RunConfig) -> RunConfig:
    """The config with the engine that trains it in the place of `auto`.

    `auto` is never a graphics card, so that one command trains alike on machines with and without
    one; networks of this size gain little by it.

    Raises:
        ConfigError: the config asks for C, which does not know it or cannot be had here.
    """
    if config.engine == "auto":
        return config.replaced(engine="xla" if native.unknown(config) or not _c_is_here() else "c")
    if config.engine == "c" and (reason := native.why_not(config)) is not None:
        raise ConfigError(
            f"engine=c cannot train this run on {platform.node()}: {reason}. Pass engine=xla, "
            "which trains every run on every machine."
        )
    return config


def settled_together(configs: Sequence[RunConfig]) -> list[RunConfig]:
    """The configs of a sweep, with one engine for all that say `auto`.

    Its runs are compared with each other, and a comparison must not mix engines: XLA trains all
    of them if C does not know one. Errors as `settled`.
    """
    pairs = [(config, settled(config)) for config in configs]
    if any(old.engine == "auto" and new.engine == "xla" for old, new in pairs):
        return [new.replaced(engine="xla") if old.engine == "auto" else new for old, new in pairs]
    return [new for _, new in pairs]


def why_together(configs: Sequence[RunConfig]) -> str | None:
    """Why XLA trains runs of a sweep that C would train, if one by one; None if it does not.

    Args:
        configs: as `settled_together` takes them.
    """
    reasons = [native.unknown(config) for config in configs if config.engine == "auto"]
    first = next(filter(None, reasons), None)
    if first is None or None not in reasons or not _c_is_here():
        return None
    return f"XLA trains all runs, as they are compared: {first}"


@functools.cache  # so that it is said once
def _c_is_here() -> bool:
    if (reason := native.missing()) is not None:
        log.warning(
            "XLA trains what C code would train faster: %s; engine=xla asks for XLA without this "
            "warning.",
            reason,
        )
    return reason is None
