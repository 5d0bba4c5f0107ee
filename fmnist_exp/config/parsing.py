"""From the composed Hydra config to checked, plain values; the only reader of OmegaConf.

Every rule is checked here, before TensorFlow is imported. A key that nobody reads is an error; one
that is left out has the default of the schema.
"""

import re
from collections.abc import Mapping
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from fmnist_exp.config.keras_arguments import with_checked_arguments
from fmnist_exp.config.keras_classes import SCHEDULES
from fmnist_exp.config.schema import (
    EXECUTION,
    OF_STUDIES,
    ExecutionConfig,
    RunConfig,
    TrainingConfig,
)
from fmnist_exp.errors import ConfigError
from fmnist_exp.strict import checked, entries

# Options that stand for others, and are named like them.
SHORT_NAMES = {"glorot": "glorot_uniform", "he": "he_normal", "lecun": "lecun_normal"}
# Groups whose options have a name.
NAMED = ("augmentation", "model", "initializer", "optimizer", "training")
OF_FILES = ("fashion_mnist", "idx")  # data that `data.dir` may name
MAX_REFERENCES = 20  # that refer to one another unfold at most 3^(20 / 3) = 1500 times
NO_PART = ("hydra", *EXECUTION, *OF_STUDIES)  # of what makes a run
REFERENCE = re.compile(r"\$\{[\w.]+\}")


def parse(composed: DictConfig, choices: Mapping[str, Any] | None = None) -> RunConfig:
    """Check what a composed config says of the run.

    Args:
        composed: the config; of Hydra's own section only `choices` is read.
        choices: config group -> chosen option, whose file names what has no name of its own; by
            default those of Hydra's section. None for an option that does not exist.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule. The message names
            the key, the value, the rule and a value that would do; a line for each of them.
    """
    config = checked(RunConfig, _values(composed, choices))
    if config.data.dir is not None and config.data.name not in OF_FILES:
        raise ConfigError(
            f"data.dir is read by data={' and data='.join(OF_FILES)} only, received "
            f"{config.data.dir!r} with data={config.data.name}. Leave out data.dir, or pass "
            "data=idx."
        )
    if config.data.dir is None and config.data.name == "idx":
        raise ConfigError(
            "data.dir must name the folder of the files with data=idx, received null. Pass "
            "data.dir=FOLDER."
        )
    if config.model.batch_normalization and config.model.layer_normalization:
        raise ConfigError(
            "model.layer_normalization and model.batch_normalization must not both be true. Pass "
            "model.batch_normalization=false or model.layer_normalization=false."
        )
    return config.replaced(
        initializer=with_checked_arguments("initializer", "initializers", config.initializer),
        optimizer=with_checked_arguments("optimizer", "optimizers", config.optimizer),
        training=_checked_training(config.training),
    )


def _checked_training(training: TrainingConfig) -> TrainingConfig:
    """The recipe with the arguments of its Keras classes checked; errors as `parse`."""
    callbacks = {
        name: with_checked_arguments(f"training.callbacks.{name}", "callbacks", each)
        for name, each in training.callbacks.items()
    }
    if training.schedule is None:
        return training.replaced(callbacks=callbacks)
    schedule = with_checked_arguments("training.schedule", SCHEDULES, training.schedule)
    for name, each in callbacks.items():
        if each.class_name == "ReduceLROnPlateau":
            raise ConfigError(
                f"training.schedule sets the learning rate of every step, and the callback {name} "
                f"must not: received both. Pass training.schedule=null or "
                f"training.callbacks.{name}=null."
            )
    if (warmup := schedule.config.get("warmup_epochs", 0)) >= training.epochs:
        raise ConfigError(
            f"training.schedule.config.warmup_epochs must be less than training.epochs="
            f"{training.epochs}, received {warmup:g}. Pass fewer, or more epochs."
        )
    return training.replaced(callbacks=callbacks, schedule=schedule)


def parse_execution(composed: DictConfig) -> ExecutionConfig:
    """Check what a composed config says of how the run is carried out; errors as `parse`."""
    try:
        given = {name: composed[name] for name in EXECUTION if name in composed}
        values: Any = OmegaConf.to_container(OmegaConf.create(given), resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(explain_value(error)) from None
    return checked(ExecutionConfig, values)


def check_batch_size(config: RunConfig, num_train: int) -> None:
    """Refuse a batch larger than the training split by a ConfigError, once data are read."""
    if config.training.batch_size > num_train:
        raise ConfigError(
            f"training.batch_size must be at most the {num_train} images of the training split, "
            f"received {config.training.batch_size}. Pass training.batch_size={num_train} or less."
        )


def explain_value(error: OmegaConfBaseException) -> str:
    """What OmegaConf says of a value that it cannot resolve, in one line."""
    reason = str(error.msg or error).partition("\n")[0].rstrip(".")
    reason = re.sub(r"^\w+ raised while resolving interpolation: ", "", reason)
    return f"{error.full_key or 'config'}: {reason}. Correct the value, or leave it out."


def _values(composed: DictConfig, choices: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values of the run, unchecked; options that have no name are named by their files."""
    if choices is None:
        choices = composed.hydra.runtime.choices if "hydra" in composed else {}
    try:
        values = _resolved(composed)
    except OmegaConfBaseException as error:
        outside = isinstance(error, InterpolationKeyError)
        alone = " What makes a run may refer to other keys of the run alone." if outside else ""
        raise ConfigError(explain_value(error) + alone) from None
    for group in NAMED:
        section = values.get(group)
        if isinstance(section, dict) and section.get("name") is None and group in choices:
            option = choices[group] or getattr(RunConfig(), group).name
            name = option.rpartition("/")[2]
            section["name"] = SHORT_NAMES.get(name, name) if group == "initializer" else name
    return values


def _resolved(composed: DictConfig) -> dict[str, Any]:
    """The values that make the run, without anything from outside of it but the data's folder.

    Its record must hold all that it takes to repeat a run, and no secret from the environment.
    """
    names = [str(name) for name in composed if name not in NO_PART]
    run = OmegaConf.masked_copy(composed, names)  # which leads nowhere else
    plain = OmegaConf.to_container(run, resolve=False)
    texts = {key: text for key, text in entries(plain) if isinstance(text, str)}
    if (num_references := sum(text.count("${") for text in texts.values())) > MAX_REFERENCES:
        raise ConfigError(
            f"the config of a run must hold at most {MAX_REFERENCES} references such as ${{seed}}, "
            f"received {num_references}: they could unfold to any size. Write the values."
        )
    for key, text in texts.items():
        if "${" in REFERENCE.sub("", text) and key != "data.dir":
            raise ConfigError(
                f"{key} must be a value or refer to another key as ${{seed}} does, received "
                f"{text!r}: what makes a run comes neither from the environment nor from Hydra. "
                f'Write the value, or let the shell do so: {key}="$NAME".'
            )
    if "data.dir" in texts:
        del run.data.dir  # no other key may refer to it
    values: Any = OmegaConf.to_container(run, resolve=True, throw_on_missing=True)
    if "data.dir" in texts:
        values["data"]["dir"] = composed.data.dir
    return values


# The defaults, on which Hydra lays the options; what has no name is named by its file.
DEFAULTS = RunConfig().plain()
DEFAULTS["optimizer"]["config"] = {}  # a result must say its learning rate
for group in NAMED:
    DEFAULTS[group]["name"] = None
ConfigStore.instance().store("schema", DEFAULTS)
