"""Which engine trains a run, settled without TensorFlow: C what it knows, else XLA."""

import functools
import logging
import platform
from collections.abc import Sequence

from fmnist_exp.config.schema import RunConfig
from fmnist_exp.engine.keras_private import moments_moved
from fmnist_exp.engine.native import c_library
from fmnist_exp.errors import ConfigError

log = logging.getLogger(__name__)

ADAM = {"learning_rate", "beta_1", "beta_2", "epsilon"}  # the arguments that epoch.c knows of


def settled(config: RunConfig) -> RunConfig:
    """The config with the engine that trains it in the place of `auto`.

    `auto` is never a graphics card, so that one command trains alike on machines with and without
    one; networks of this size gain little by it.

    Raises:
        ConfigError: the config asks for C, which does not know it or cannot be had here.
    """
    if config.engine == "auto":
        return config.replaced(engine="xla" if _unknown(config) or not _c_is_here() else "c")
    if config.engine == "c" and (reason := _unknown(config) or _missing()) is not None:
        raise ConfigError(
            f"engine=c cannot train this run on {platform.node()}: {reason}. Pass engine=xla, "
            "which trains every run on every machine."
        )
    return config


def settled_together(configs: Sequence[RunConfig]) -> tuple[list[RunConfig], str | None]:
    """The configs of a sweep, with one engine for all that say `auto`.

    Its runs are compared with each other, and a comparison must not mix engines: XLA trains all
    of them if C does not know one. Errors as `settled`.

    Returns:
        The configs, and why XLA trains runs that C would train one by one; None if it does not.
    """
    alone = [settled(config) for config in configs]
    reasons = [_unknown(config) for config in configs if config.engine == "auto"]
    first = next(filter(None, reasons), None)
    if first is None or None not in reasons or not _c_is_here():
        return alone, None
    together = [
        config.replaced(engine="xla") if config.engine == "auto" else config for config in configs
    ]
    return together, f"XLA trains all runs, as they are compared: {first}"


def _unknown(config: RunConfig) -> str | None:
    """What of a config the C code does not know, on any machine; None if it knows all."""
    optimizer = config.optimizer
    named = [f"optimizer.config.{x}={y}" for x, y in optimizer.config.items() if x not in ADAM]
    if optimizer.class_name != "Adam":
        named = [f"optimizer.class_name={optimizer.class_name}"]
    schedule = config.training.schedule
    for key, value, known in (
        ("model.activation", config.model.activation, "relu"),
        ("model.layer_normalization", config.model.layer_normalization, False),
        ("training.label_smoothing", config.training.label_smoothing, 0),
        ("training.schedule", schedule and schedule.class_name, None),
        ("augmentation.shift_pixels", config.augmentation.shift_pixels, 0),
    ):
        if value != known:
            named = [f"{key}={value}"]
    return f"the C code does not know {named[0]}" if named else None


def _missing() -> str | None:
    """Why this machine can train no config by C code; None if it can."""
    library = c_library.load("float32")
    return library if isinstance(library, str) else moments_moved()


@functools.cache  # so that it is said once
def _c_is_here() -> bool:
    if (reason := _missing()) is not None:
        log.warning(
            "XLA trains what C code would train faster: %s; engine=xla asks for XLA without this "
            "warning.",
            reason,
        )
    return reason is None
