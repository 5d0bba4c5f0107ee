"""From the composed Hydra config to checked, plain dataclasses; the only reader of OmegaConf.

Every rule is checked here, before TensorFlow is imported. Defaults live in the YAML files:
a key that is absent is an error, and so is a key that nobody reads.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.keras_classes import REQUIRED, KerasClass, activation_names, keras_classes

CONFIG_DIR = Path(__file__).resolve().parent.parent / "conf"
DATA_SETS = ("digits", "fashion_mnist", "synthetic")
METRICS = ("accuracy", "loss", "val_accuracy", "val_loss")  # Keras's own names
MAX_SEED = 2**32 - 1

# Bases of a family; an optimizer that copies the weights when it is built, which no later run of
# a sweep could share; and callbacks that write files of their own or need a function: a run
# directory already holds the history, the model and the best weights.
NOT_FROM_CONFIG = {
    "initializers": {"Initializer", "RandomInitializer", "STFT"},
    "optimizers": {"BaseOptimizer", "LegacyOptimizerWarning", "LossScaleOptimizer"}
    | {"MultiOptimizer", "Optimizer", "OptimizerMap", "ScheduleFreeAdamW"},
    "callbacks": {"BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "History"}
    | {"LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback"}
    | {"OrbaxCheckpoint", "ProgbarLogger", "RemoteMonitor", "TensorBoard"},
}


@dataclass(frozen=True)
class Rule:
    """What a value must be: in words, as a test, and one value that passes it."""

    text: str
    holds: Callable[[Any], bool]
    example: str


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _integer(low: int, high: float = math.inf, *, example: int, or_null: bool = False) -> Rule:
    text = f"an integer of at least {low}" if high == math.inf else f"an integer in [{low}, {high}]"
    return Rule(
        text + (", or null" if or_null else ""),
        lambda value: (or_null and value is None) or (_is_int(value) and low <= value <= high),
        str(example),
    )


def _number(interval: str, example: str) -> Rule:
    """A finite number in an interval written the usual way, such as '[0, 1)' or '(0, inf)'."""
    low, high = (float(bound) for bound in interval[1:-1].split(","))

    def holds(value: Any) -> bool:
        above = _is_number(value) and (value > low or (interval[0] == "[" and value == low))
        return above and (value < high or (interval[-1] == "]" and value == high))

    return Rule(f"a number in {interval}", holds, example)


def _one_of(options: Mapping[str, Any] | tuple[str, ...] | frozenset[str]) -> Rule:
    known = sorted(options)
    return Rule(f"one of {', '.join(known)}", lambda value: value in known, known[0])


TEXT = Rule("a non-empty text", lambda value: isinstance(value, str) and value != "", "NAME")
BOOLEAN = Rule("true or false", lambda value: isinstance(value, bool), "true")
NUMBER = Rule("a finite number", _is_number, "0.1")
MAPPING = Rule("a mapping of keys to values", lambda value: isinstance(value, dict), "{}")
WIDTHS = Rule(
    "a list of layer widths, each an integer of at least 1",
    lambda value: isinstance(value, list) and all(_is_int(w) and w >= 1 for w in value),
    "[256,128]",
)
FOLDER = Rule(
    "a folder, or null",
    lambda value: value is None or (isinstance(value, str) and value != ""),
    "FOLDER",
)

# Rules for arguments of Keras classes, by name; other arguments get a rule from their default.
ARGUMENT_RULES = {
    "learning_rate": _number("(0, inf)", "0.001"),
    "momentum": _number("[0, 1)", "0.9"),
    "rho": _number("[0, 1)", "0.9"),
    "beta_1": _number("[0, 1)", "0.9"),
    "beta_2": _number("[0, 1)", "0.999"),
    "epsilon": _number("(0, inf)", "1e-7"),
    "weight_decay": _number("[0, inf)", "0.004"),
    "clipnorm": _number("(0, inf)", "1.0"),
    "clipvalue": _number("(0, inf)", "1.0"),
    "global_clipnorm": _number("(0, inf)", "1.0"),
    "scale": _number("(0, inf)", "2.0"),
    "stddev": _number("(0, inf)", "0.05"),
    "distribution": _one_of(("truncated_normal", "untruncated_normal", "uniform")),
    "monitor": _one_of(METRICS),
    "patience": _integer(0, example=3),
    "cooldown": _integer(0, example=0),
    "start_from_epoch": _integer(0, example=0),
    "factor": _number("(0, 1)", "0.1"),
    "min_lr": _number("[0, inf)", "1e-6"),
    "baseline": NUMBER,
}
MODES = {
    "initializers": _one_of(("fan_in", "fan_out", "fan_avg")),
    "callbacks": _one_of(("auto", "max", "min")),
}


def _ruled(rule: Rule) -> Any:
    return field(metadata={"rule": rule})


@dataclass(frozen=True)
class DataConfig:
    """Which images, and how they are split."""

    name: str = _ruled(_one_of(DATA_SETS))
    dir: str | None = _ruled(FOLDER)
    validation_fraction: float = _ruled(_number("(0, 1)", "0.2"))
    split_seed: int = _ruled(_integer(0, MAX_SEED, example=0))
    num_train: int | None = _ruled(_integer(20, example=2000, or_null=True))
    num_test: int | None = _ruled(_integer(1, example=500, or_null=True))


@dataclass(frozen=True)
class ModelConfig:
    """The architecture: hidden layers, and what follows each of them."""

    name: str = _ruled(TEXT)
    hidden: list[int] = _ruled(WIDTHS)
    activation: str = _ruled(_one_of(activation_names() - {"glu", "threshold"}))
    batch_normalization: bool = _ruled(BOOLEAN)
    dropout: float = _ruled(_number("[0, 1)", "0.3"))


@dataclass(frozen=True)
class KerasObject:
    """A Keras class by name, with the arguments of its constructor."""

    name: str = _ruled(TEXT)
    class_name: str = _ruled(TEXT)
    config: dict[str, Any] = _ruled(MAPPING)


@dataclass(frozen=True)
class TrainingConfig:
    """The recipe: how long, in which batches, under which callbacks."""

    name: str = _ruled(TEXT)
    epochs: int = _ruled(_integer(1, example=20))
    batch_size: int = _ruled(_integer(1, example=128))
    callbacks: list[KerasObject] = _ruled(MAPPING)


@dataclass(frozen=True)
class RunConfig:
    """Everything that fixes one run."""

    data: DataConfig
    model: ModelConfig
    initializer: KerasObject
    optimizer: KerasObject
    training: TrainingConfig
    seed: int = _ruled(_integer(0, MAX_SEED, example=0))


def parse(composed: DictConfig) -> RunConfig:
    """Check a composed config and turn it into plain dataclasses.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule. The message names
            the key, the value, the rule and a value that would do.
    """
    try:
        raw = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key or 'config'}: {error.msg or error}") from None
    values = _checked(RunConfig, raw, "")
    data = DataConfig(**_checked(DataConfig, values["data"], "data"))
    if data.dir is not None and data.name != "fashion_mnist":
        raise ConfigError(
            f"data.dir is read by data=fashion_mnist only, received {data.dir!r} with "
            f"data={data.name}. Leave out data.dir, or pass data=fashion_mnist."
        )
    return RunConfig(
        data=data,
        model=ModelConfig(**_checked(ModelConfig, values["model"], "model")),
        initializer=_parse_named(values["initializer"], "initializer"),
        optimizer=_parse_named(values["optimizer"], "optimizer"),
        training=_parse_training(values["training"]),
        seed=values["seed"],
    )


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


def _parse_named(raw: Any, key: str) -> KerasObject:
    values = _checked(KerasObject, raw, key)
    _check_keras_class(key, f"{key}s", values["class_name"], values["config"])
    return KerasObject(**values)


def _parse_training(raw: Any) -> TrainingConfig:
    values = _checked(TrainingConfig, raw, "training")
    callbacks = []
    for name, callback in values["callbacks"].items():
        key = f"training.callbacks.{name}"
        named = {"name": str(name), **callback} if isinstance(callback, dict) else callback
        fields = _checked(KerasObject, named, key)
        _check_keras_class(key, "callbacks", fields["class_name"], fields["config"])
        callbacks.append(KerasObject(**fields))
    return TrainingConfig(**(values | {"callbacks": callbacks}))


def _checked(schema: type, raw: Any, key: str) -> dict[str, Any]:
    """The mapping `raw` itself, once its keys are exactly those of `schema` and obey the rules."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{key} must be {MAPPING.text}, received {raw!r}. See conf/{key}/.")
    fields = {item.name: item for item in dataclasses.fields(schema)}
    prefix = f"{key}." if key else ""
    for name in raw:
        if name not in fields:
            raise ConfigError(
                f"{prefix}{name} is not a key that anything reads, received {raw[name]!r}."
                f"{did_you_mean(str(name), fields)} Remove it, or correct its spelling."
            )
    for name, item in fields.items():
        if name not in raw:
            raise ConfigError(
                f"{prefix}{name} is missing; every key must have a value. "
                f"See the files in conf/{key.split('.')[0]}."
            )
        if "rule" in item.metadata:
            _check(f"{prefix}{name}", raw[name], item.metadata["rule"])
    return raw


def _check(key: str, value: Any, rule: Rule) -> None:
    if not rule.holds(value):
        raise ConfigError(
            f"{key} must be {rule.text}, received {value!r}. Pass for example {key}={rule.example}."
        )


def _check_keras_class(key: str, family: str, class_name: str, arguments: dict[str, Any]) -> None:
    known = {
        name: found
        for name, found in keras_classes(family).items()
        if name not in NOT_FROM_CONFIG[family]
    }
    if class_name not in known:
        raise ConfigError(
            f"{key}.class_name must name one of Keras's {family} that plain values can build, "
            f"received {class_name!r}.{did_you_mean(class_name, known)}"
        )
    for name, value in arguments.items():
        _check_argument(f"{key}.config.{name}", family, known[class_name], name, value)
    for name, default in known[class_name].arguments.items():
        if default is REQUIRED and name not in arguments:
            raise ConfigError(
                f"{key}.config.{name} is missing: {class_name} cannot be built without it. "
                f"Pass +{key}.config.{name}=VALUE."
            )
    if family == "optimizers" and "learning_rate" not in arguments:
        raise ConfigError(
            f"{key}.config.learning_rate is missing; a result must say its learning rate. "
            f"Pass {key}.config.learning_rate=0.001."
        )


def _check_argument(key: str, family: str, keras: KerasClass, name: str, value: Any) -> None:
    if name not in keras.arguments:
        raise ConfigError(
            f"{key} is not an argument of Keras's {keras.name}, received {value!r}."
            f"{did_you_mean(str(name), keras.arguments)}"
        )
    if name == "seed":
        raise ConfigError(
            f"{key} would repeat one draw in every layer, received {value!r}; each layer's seed "
            "follows from the run's seed. Pass seed=N instead."
        )
    if name in ("loss_scale_factor", "gradient_accumulation_steps") and value is not None:
        raise ConfigError(
            f"{key} is not supported: the engine takes one unscaled step per batch, received "
            f"{value!r}. Leave it out."
        )
    default = keras.arguments[name]
    if value is None and default is None:
        return
    rule = MODES[family] if name == "mode" else ARGUMENT_RULES.get(name, _rule_of_default(default))
    if rule is not None:
        _check(key, value, rule)


def _rule_of_default(default: Any) -> Rule | None:
    """A value must be of the kind of its argument's default; no default, no rule."""
    if isinstance(default, bool):
        return BOOLEAN
    if isinstance(default, int | float):
        return NUMBER
    return TEXT if isinstance(default, str) else None
