"""Checks of Keras classes and their arguments as a config names them; Keras is not imported."""

from typing import Any

from fmnist_exp.config.keras_classes import (
    REQUIRED,
    KerasClass,
    is_of_another,
    keras_classes,
    lacks,
)
from fmnist_exp.config.rules import BOOLEAN, COUNT, NUMBER, TEXT, Rule, integer, number, one_of
from fmnist_exp.errors import ConfigError, did_you_mean

METRICS = ("accuracy", "loss", "val_accuracy", "val_loss")  # Keras's own names

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


# Rules for arguments of Keras classes, by name; other arguments get a rule from their default.
ARGUMENT_RULES = {
    "learning_rate": number("(0, inf)", "0.001"),
    "momentum": number("[0, 1)", "0.9"),
    "rho": number("[0, 1)", "0.9"),
    "beta_1": number("[0, 1)", "0.9"),
    "beta_2": number("[0, 1)", "0.999"),
    "epsilon": number("(0, inf)", "1e-7"),
    "weight_decay": number("[0, inf)", "0.004"),
    "clipnorm": number("(0, inf)", "1.0"),
    "clipvalue": number("(0, inf)", "1.0"),
    "global_clipnorm": number("(0, inf)", "1.0"),
    "scale": number("(0, inf)", "2.0"),
    "stddev": number("(0, inf)", "0.05"),
    "distribution": one_of(("truncated_normal", "untruncated_normal", "uniform")),
    "monitor": one_of(METRICS),
    "patience": integer(0, example=3),
    "cooldown": integer(0, example=0),
    "start_from_epoch": integer(0, example=0),
    "factor": number("(0, 1)", "0.1"),
    "min_lr": number("[0, inf)", "1e-6"),
    "baseline": NUMBER,
    "ema_momentum": number("[0, 1]", "0.99"),
    "ema_overwrite_frequency": integer(1, example=100),
    "name": TEXT,  # of an optimizer
}
# Arguments without a rule of their own mean axes or layers that the engine has no use for.
NOTHING = Rule("null, as nothing here can make use of it", lambda value: value is None, "null")
MODES = {
    "initializers": one_of(("fan_in", "fan_out", "fan_avg")),
    "callbacks": one_of(("auto", "max", "min")),
}


def check_keras_class(
    key: str, family: str, class_name: str, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Check that Keras can build a class from these arguments, and give them in canonical form.

    Args:
        key: where in the config the class is named.
        family: `initializers`, `optimizers` or `callbacks`.
        class_name: the class.
        arguments: name -> value of its constructor's arguments.

    Raises:
        ConfigError: there is no such class or argument, one is missing, or a value breaks its rule.
    """
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
    checked = {
        name: _check_argument(f"{key}.config.{name}", family, known[class_name], name, value)
        for name, value in arguments.items()
    }
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
    return checked


def _check_argument(key: str, family: str, keras: KerasClass, name: str, value: Any) -> Any:
    if is_of_another(family, keras, name):
        raise ConfigError(lacks(key, keras, name, keras.name))
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
        return value
    rule = MODES[family] if name == "mode" else ARGUMENT_RULES.get(name, _rule_of_default(default))
    return value if rule is None else rule.check(key, value)


def _rule_of_default(default: Any) -> Rule | None:
    """A value must be of the kind of its argument's default; none at all if that is null."""
    if isinstance(default, bool):
        return BOOLEAN
    if isinstance(default, int):
        return COUNT
    if isinstance(default, float):
        return NUMBER
    if default is REQUIRED:
        return None
    return TEXT if isinstance(default, str) else NOTHING
