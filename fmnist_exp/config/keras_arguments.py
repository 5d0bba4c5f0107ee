"""Checks of Keras classes and their arguments as a config names them; Keras is not imported."""

import functools
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from fmnist_exp.config.keras_classes import REQUIRED, keras_classes, lacks
from fmnist_exp.config.schema import KerasCallback, KerasObject
from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.strict import Strict, Text, checked

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

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(ge=0, lt=1, examples=[0.9])]
Epochs = Annotated[int, Field(ge=0, examples=[3])]
# For arguments whose default is an integer: 2.0 means 2, and 0.5 may still be allowed.
Count = Annotated[float, AfterValidator(lambda value: int(value) if value % 1 == 0 else value)]
# Axes and layers, which the engine has no use for.
Nothing = Annotated[None, Field(title="null, as nothing here can make use of it")]
NoScaling = Annotated[
    None, Field(title="null", description="The engine takes one unscaled step per batch.")
]
# Arguments by name; others must be of the kind of their default.
ARGUMENTS: dict[str, Any] = {
    "learning_rate": Annotated[float, Field(gt=0, examples=[0.001])],
    "momentum": Decay,
    "rho": Decay,
    "beta_1": Decay,
    "beta_2": Decay,
    "epsilon": Positive,
    "weight_decay": NotNegative,
    "clipnorm": Positive,
    "clipvalue": Positive,
    "global_clipnorm": Positive,
    "scale": Positive,
    "stddev": Positive,
    "distribution": Literal["truncated_normal", "untruncated_normal", "uniform"],
    "monitor": Literal["accuracy", "loss", "val_accuracy", "val_loss"],
    "patience": Epochs,
    "cooldown": Epochs,
    "start_from_epoch": Epochs,
    "factor": Annotated[float, Field(gt=0, lt=1)],
    "min_lr": NotNegative,
    "baseline": float,
    "ema_momentum": Annotated[float, Field(ge=0, le=1)],
    "ema_overwrite_frequency": Annotated[int, Field(ge=1, examples=[100])],
    "name": Text,  # of an optimizer
    "loss_scale_factor": NoScaling,
    "gradient_accumulation_steps": NoScaling,
    "seed": Annotated[
        None,
        Field(
            title="null",
            description="It would repeat one draw in every layer; each layer's seed follows from "
            "the run's, seed=N.",
        ),
    ],
}
MODES: dict[str, Any] = {
    "initializers": Literal["fan_avg", "fan_in", "fan_out"],
    "callbacks": Literal["auto", "max", "min"],
}


def checked_arguments(key: str, family: str, given: KerasObject | KerasCallback) -> dict[str, Any]:
    """The arguments of a Keras class in canonical form; Keras can build the class from them.

    Args:
        key: where in the config the class is named.
        family: `initializers`, `optimizers` or `callbacks`.
        given: the class and its arguments.

    Raises:
        ConfigError: there is no such class or argument, one is missing, or a value breaks its rule.
    """
    class_name, arguments = given.class_name, given.config
    known = keras_classes(family).keys() - NOT_FROM_CONFIG[family]
    if class_name not in known:
        raise ConfigError(
            f"{key}.class_name must name one of Keras's {family} that plain values can build, "
            f"received {class_name!r}.{did_you_mean(class_name, known)}"
        )
    for name in arguments:
        if (problem := lacks(f"{key}.config.{name}", family, class_name, class_name)) is not None:
            raise ConfigError(problem)
    values = dict(checked(_model_of(family, class_name), arguments, f"{key}.config"))
    return {name: values[name] for name in arguments}


@functools.cache
def _model_of(family: str, class_name: str) -> type[Strict]:
    """The arguments of a Keras class as a model."""
    fields: dict[str, Any] = {}
    for name, default in keras_classes(family)[class_name].items():
        kind = MODES[family] if name == "mode" else ARGUMENTS.get(name, _kind_of(default))
        # A result must say its learning rate, whatever Keras's default is.
        required = default is REQUIRED or (family, name) == ("optimizers", "learning_rate")
        fields[name] = kind, ... if required else default
    keys = {"keys": f"an argument of Keras's {class_name}"}
    settings = {"json_schema_extra": keys, "validate_default": False}
    return create_model(class_name, __base__=Strict, __cls_kwargs__=settings, **fields)


def _kind_of(default: Any) -> Any:
    """The type hint of an argument by its default."""
    kinds = {bool: bool, int: Count, float: float, str: Text}
    return Any if default is REQUIRED else kinds.get(type(default), Nothing)
