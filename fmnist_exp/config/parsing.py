"""From the composed Hydra config to checked, plain dataclasses; the only reader of OmegaConf.

Every rule is checked here, before TensorFlow is imported. Defaults live in the YAML files:
a key that is absent is an error, and so is a key that nobody reads.
"""

import dataclasses
import re
from dataclasses import field, replace
from typing import Any

from omegaconf import DictConfig, Node, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from omegaconf.resolvers import oc

from fmnist_exp.config.keras_arguments import check_keras_class
from fmnist_exp.config.keras_classes import keras_classes
from fmnist_exp.config.rules import (
    check_fields,
)
from fmnist_exp.config.schema import (
    EXECUTION,
    SHORT_NAMES,
    DataConfig,
    ExecutionConfig,
    KerasObject,
    ModelConfig,
    RunConfig,
    TrainingConfig,
)
from fmnist_exp.errors import ConfigError

MAX_INTERPOLATIONS = 20  # that refer to one another unfold at most 3^(20 / 3) = 1500 times


def parse(composed: DictConfig) -> RunConfig:
    """Check what a composed config says of the run, and turn it into plain dataclasses.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule. The message names
            the key, the value, the rule and a value that would do.
    """
    values, _ = _top_level(composed)
    data = DataConfig(**check_fields(DataConfig, values["data"], "data"))
    if data.dir is not None and data.name != "fashion_mnist":
        raise ConfigError(
            f"data.dir is read by data=fashion_mnist only, received {data.dir!r} with "
            f"data={data.name}. Leave out data.dir, or pass data=fashion_mnist."
        )
    return RunConfig(
        data=data,
        model=ModelConfig(**check_fields(ModelConfig, values["model"], "model")),
        initializer=_parse_initializer(values["initializer"]),
        optimizer=_parse_named(values["optimizer"], "optimizer"),
        training=_parse_training(values["training"]),
        engine=values["engine"],
        seed=values["seed"],
    )


def parse_execution(composed: DictConfig) -> ExecutionConfig:
    """Check what a composed config says of how the run is carried out; errors as `parse`."""
    _, values = _top_level(composed)
    return ExecutionConfig(**values)


def check_batch_size(config: RunConfig, num_train: int) -> None:
    """Refuse a batch larger than the training split, whose size is known once data are read.

    Raises:
        ConfigError: there are fewer training images than one batch holds.
    """
    if config.training.batch_size > num_train:
        raise ConfigError(
            f"training.batch_size must be at most the {num_train} images of the training split, "
            f"received {config.training.batch_size}. Pass training.batch_size={num_train} or less."
        )


def check_interpolations(composed: DictConfig) -> None:
    """Refuse values that could unfold one another, before any of them is resolved.

    Raises:
        ConfigError: the config of a run holds too many interpolations.
    """
    num_interpolations = str(OmegaConf.to_container(composed, resolve=False)).count("${")
    if num_interpolations > MAX_INTERPOLATIONS:
        raise ConfigError(
            f"the config of a run must hold at most {MAX_INTERPOLATIONS} interpolations, received "
            f"{num_interpolations}: they could unfold to any size. Write the values themselves."
        )


def _top_level(composed: DictConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """The checked keys at the top that fix the run, and those that say how it is carried out."""
    check_interpolations(composed)
    try:
        raw = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(explain_value(error)) from None
    _check_references(composed, raw)
    schema = dataclasses.make_dataclass(
        "TopLevel",
        [
            (item.name, item.type, field(metadata=item.metadata))
            for part in (RunConfig, ExecutionConfig)
            for item in dataclasses.fields(part)
        ],
    )
    values = check_fields(schema, raw, "")
    run, execution = (
        {item.name: values[item.name] for item in dataclasses.fields(part)}
        for part in (RunConfig, ExecutionConfig)
    )
    return run, execution


def _check_references(composed: DictConfig, resolved: Any) -> None:
    """Refuse values of a run that refer to what is no part of it: records would hold a path.

    Resolved without the rest, a run must be the same.
    """
    plain: Any = OmegaConf.to_container(composed, resolve=False)
    if "${" not in str(plain):
        return
    text = OmegaConf.to_yaml(OmegaConf.create(_of_the_run(plain)))
    text = re.sub(r"\$\{\s*hydra\s*:", "${hydra.", text)
    key, other = None, "other sections"
    try:
        alone: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
    except OmegaConfBaseException as error:
        found = re.search(r"key '(.*)' not found", str(error.msg))
        key, other = error.full_key, found[1] if found else other
    else:
        expected = _of_the_run(resolved)
        key = next((each for each in expected if alone[each] != expected[each]), None)
    if key is not None:
        raise ConfigError(
            f"{key} must not refer to {other}, which is no part of what a run is. "
            "Write the value itself."
        )


def _of_the_run(values: dict[str, Any]) -> dict[str, Any]:
    """The sections that make a run, without the folder of its data."""
    run = {key: value for key, value in values.items() if key not in EXECUTION}
    if isinstance(run.get("data"), dict):
        run["data"] = {key: value for key, value in run["data"].items() if key != "dir"}
    return run


def explain_value(error: OmegaConfBaseException) -> str:
    """What OmegaConf says of a value that it cannot resolve, in one line."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConfigError):  # of the function below
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    reason = str(error.msg or error).partition("\n")[0].rstrip(".")
    return f"{error.full_key or 'config'}: {reason}. Correct the value, or leave it out."


def _environment(name: str, *default: Any, _node_: Node) -> Any:
    """OmegaConf's `oc.env`, for what is no part of a run: other values stand in every record."""
    key = str(_node_._get_full_key(None))
    if key != "data.dir" and key not in EXECUTION and not key.startswith("hydra."):
        raise ConfigError(
            f"{key} must not come from an environment variable, received '${{oc.env:{name}}}', as "
            f'it is part of what a run is. Write the value, or let the shell do so: {key}="${name}"'
        )
    try:
        return oc.env(name, *default)
    except KeyError:
        raise ConfigError(
            f"{key} names the environment variable {name}, which is not set. Set it, or write the "
            "value itself."
        ) from None


OmegaConf.register_new_resolver("oc.env", _environment, replace=True)


def _parse_named(raw: Any, key: str) -> KerasObject:
    """An initializer or optimizer, whose name is that of its class or of none: tables bear it."""
    named = _keras_object(check_fields(KerasObject, raw, key), key, f"{key}s")
    name, class_name = named.name, named.class_name
    known = {each.casefold(): each for each in keras_classes(f"{key}s")}
    letters = re.sub(r"[\W_]", "", SHORT_NAMES.get(name, name)).casefold()
    meant = known.get(letters, class_name)
    if meant != class_name:
        own = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
        raise ConfigError(
            f"{key}.class_name must be {meant} under the name {name}, received "
            f"{class_name!r}: tables and files bear that name. Pass "
            f"{key}=OPTION, or give it a name of its own: {key}.name={own}."
        )
    return named


def _parse_initializer(raw: Any) -> KerasObject:
    """An initializer; each option of ours has one name, which names the file of the model."""
    initializer = _parse_named(raw, "initializer")
    letters = re.sub(r"[\W_]", "", initializer.name).casefold()
    names = {each.replace("_", ""): each for each in SHORT_NAMES.values()} | SHORT_NAMES
    return replace(initializer, name=names.get(letters, initializer.name))


def _keras_object(values: dict[str, Any], key: str, family: str) -> KerasObject:
    arguments = check_keras_class(key, family, values["class_name"], values["config"])
    return KerasObject(values["name"], values["class_name"], arguments)


def _parse_training(raw: Any) -> TrainingConfig:
    values = check_fields(TrainingConfig, raw, "training")
    callbacks = []
    for name, callback in values["callbacks"].items():
        key = f"training.callbacks.{name}"
        if callback is None:
            continue
        complete = {"name": str(name), "config": {}}
        named = complete | callback if isinstance(callback, dict) else callback
        fields = check_fields(KerasObject, named, key)
        callbacks.append(_keras_object(fields, key, "callbacks"))
    return TrainingConfig(**(values | {"callbacks": callbacks}))
