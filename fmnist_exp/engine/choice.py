"""Which engine trains a run, settled without TensorFlow: C what it knows, else XLA."""

import functools
import logging
import platform
from collections.abc import Sequence

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine.native import c_library
from fmnist_exp.errors import ConfigError

log = logging.getLogger(__name__)

ADAM_ARGUMENTS = {"learning_rate", "beta_1", "beta_2", "epsilon"}  # that epoch.c knows of


def unknown_to_c(config: RunConfig) -> tuple[str, object, str] | None:
    """What epoch.c does not know of a config, if anything: key, value, and what it must be."""
    if config.model.activation != "relu":
        return "model.activation", config.model.activation, "be relu"
    if config.optimizer.class_name != "Adam":
        return "optimizer.class_name", config.optimizer.class_name, "be Adam"
    for name, value in config.optimizer.config.items():
        if name not in ADAM_ARGUMENTS:
            return f"optimizer.config.{name}", value, "not be given"
    return None


def settled(config: RunConfig) -> RunConfig:
    """The config with the engine that trains it in the place of `auto`.

    `auto` is never a graphics card, so that one command trains alike on machines with and without
    one; networks of this size gain little by it.

    Raises:
        ConfigError: the config asks for C, which does not know it or cannot be had here.
    """
    if config.engine == "auto":
        return config.replaced(engine="xla" if unknown_to_c(config) or not _c_is_here() else "c")
    if config.engine == "c" and (unknown := unknown_to_c(config)) is not None:
        key, value, rule = unknown
        raise ConfigError(f"{key} must {rule} for engine=c, received {value!r}. Pass engine=xla.")
    if config.engine == "c" and (reason := _why_not_here()) is not None:
        raise ConfigError(
            f"engine=c, by which this run is to be trained, cannot be had on {platform.node()}: "
            f"{reason}. Or pass engine=xla, which trains on every machine."
        )
    return config


def settled_together(configs: Sequence[RunConfig]) -> list[RunConfig]:
    """The configs of a sweep, with one engine for all that say `auto`.

    Its runs are compared with each other, and a comparison must not mix engines: XLA trains all
    of them if C does not know one. Errors as `settled`.
    """
    one_by_one = [settled(config) for config in configs]
    left_open = [old.engine == "auto" for old in configs]
    if not any(
        left and new.engine == "xla" for left, new in zip(left_open, one_by_one, strict=True)
    ):
        return one_by_one
    return [
        config.replaced(engine="xla") if left else config
        for left, config in zip(left_open, one_by_one, strict=True)
    ]


def why_together(configs: Sequence[RunConfig]) -> str | None:
    """Why XLA trains runs of a sweep that C would train, if one by one; None if it does not.

    Args:
        configs: as `settled_together` takes them.
    """
    unknown = [unknown_to_c(config) for config in configs if config.engine == "auto"]
    first = next((each for each in unknown if each is not None), None)
    if first is None or None not in unknown or not _c_is_here():
        return None
    key, value, _ = first
    return f"XLA trains all runs, as they are compared: the C code does not know {key}={value}"


def _why_not_here() -> str | None:
    library = c_library.load("float32")
    return library if isinstance(library, str) else None


@functools.cache  # so that it is said once
def _c_is_here() -> bool:
    if (reason := _why_not_here()) is not None:
        log.warning(
            "XLA trains what C code would train faster: %s; engine=xla asks for XLA without this "
            "warning.",
            reason,
        )
    return reason is None
