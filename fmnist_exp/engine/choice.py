"""Which engine trains a run, settled without TensorFlow: C what it knows, else XLA."""

import functools
import logging
import platform
from collections.abc import Sequence
from dataclasses import replace

from fmnist_exp.config import RunConfig
from fmnist_exp.engine import c_library
from fmnist_exp.errors import ConfigError

log = logging.getLogger(__name__)

ADAM_ARGUMENTS = {"learning_rate", "beta_1", "beta_2", "epsilon"}  # that epoch.c knows of


def can_train(config: RunConfig) -> bool:
    """Whether epoch.c knows all that `config` asks for: ReLU, and Adam without extras."""
    return (
        config.model.activation == "relu"
        and config.optimizer.class_name == "Adam"
        and config.optimizer.config.keys() <= ADAM_ARGUMENTS
    )


def settled(config: RunConfig) -> RunConfig:
    """The config with the engine that trains it in the place of `auto`.

    `auto` is never a graphics card, so that one command trains alike on machines with and without
    one; networks of this size gain little by it.

    Raises:
        ConfigError: the config asks for C, which does not know it or cannot be had here.
    """
    if config.engine == "auto":
        return replace(config, engine="c" if can_train(config) and _c_is_here() else "xla")
    if config.engine == "c" and not can_train(config):
        raise ConfigError(
            "engine=c trains ReLU networks by Adam with no other arguments than "
            f"{', '.join(sorted(ADAM_ARGUMENTS))}, received {config.model.activation} and "
            f"{config.optimizer.class_name} with {', '.join(config.optimizer.config)}. "
            "Pass engine=xla."
        )
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
        replace(config, engine="xla") if left else config
        for left, config in zip(left_open, one_by_one, strict=True)
    ]


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
