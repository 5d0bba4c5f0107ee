"""Checks of Keras classes and their arguments as a config names them; Keras is not imported."""

import functools
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, create_model

from fmnist_exp.config.keras_classes import REQUIRED, SCHEDULES, keras_classes
from fmnist_exp.config.schema import InitializerConfig, KerasConfig, OptimizerConfig
from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.strict import Strict, Text, checked

# Bases of a family; an optimizer that copies the weights when it is built, which no later run of
# a sweep could share; callbacks that write files of their own or need a function: a run directory
# already holds the history, the model and the best weights; one that swaps weights, which the
# engine does; and a schedule that lists rates, where others begin with that of the optimizer.
NOT_FROM_CONFIG = {
    "initializers": {"Initializer", "RandomInitializer", "STFT"},
    "optimizers": {"BaseOptimizer", "LegacyOptimizerWarning", "LossScaleOptimizer"}
    | {"MultiOptimizer", "Optimizer", "OptimizerMap", "ScheduleFreeAdamW"},
    "callbacks": {"BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "History"}
    | {"LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback"}
    | {"OrbaxCheckpoint", "ProgbarLogger", "RemoteMonitor", "SwapEMAWeights", "TensorBoard"},
    SCHEDULES: {"LearningRateSchedule", "PiecewiseConstantDecay"},
}

Positive = Annotated[float, Field(gt=0, examples=[1.0])]
AtLeastOne = Annotated[float, Field(ge=1, examples=[1.0])]
NotNegative = Annotated[float, Field(ge=0, examples=[0.0])]
Decay = Annotated[float, Field(ge=0, lt=1, examples=[0.9])]
Epochs = Annotated[int, Field(ge=0, examples=[3])]
# For arguments whose default is an integer: 2.0 means 2, and 0.5 may still be allowed.
Count = Annotated[float, AfterValidator(lambda value: int(value) if value % 1 == 0 else value)]
NoScaling = Annotated[None, Field(description="The engine takes one unscaled step per batch.")]
NoSeed = Annotated[
    None,
    Field(
        description="It would repeat one draw in every layer; each layer's seed follows from the "
        "run's, seed=N."
    ),
]
NoRate = Annotated[None, Field(description="It is given as optimizer.config.learning_rate.")]
NoSteps = Annotated[
    None, Field(description="A schedule counts in epochs: write `epochs` in the place of `steps`.")
]
# Of schedules; periods that shrink, t_mul < 1, have a last one, after which Keras has no rate.
SCHEDULED: dict[str, Any] = dict.fromkeys(("decay_rate", "power", "m_mul"), Positive)
SCHEDULED["t_mul"] = AtLeastOne
# Arguments by name; others must be of the kind of their default.
ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm"), Positive),
    **dict.fromkeys(("epsilon", "scale", "stddev"), Positive),
    **dict.fromkeys(("min_lr", "weight_decay"), NotNegative),
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2"), Decay),
    **dict.fromkeys(("patience", "cooldown", "start_from_epoch"), Epochs),
    **dict.fromkeys(("loss_scale_factor", "gradient_accumulation_steps"), NoScaling),
    "seed": NoSeed,
    "learning_rate": Annotated[float, Field(gt=0, examples=[0.001])],
    "distribution": Literal["truncated_normal", "untruncated_normal", "uniform"],
    "monitor": Literal["accuracy", "loss", "val_accuracy", "val_loss"],
    "factor": Annotated[float, Field(gt=0, lt=1)],
    "baseline": float,
    "ema_momentum": Annotated[float, Field(ge=0, le=1)],
    "ema_overwrite_frequency": Annotated[int, Field(ge=1, examples=[100])],
    "name": Text,  # of an optimizer
}
MODES: dict[str, Any] = {
    "initializers": Literal["fan_avg", "fan_in", "fan_out"],
    "callbacks": Literal["auto", "max", "min"],
}


Given = TypeVar("Given", InitializerConfig, OptimizerConfig, KerasConfig)


def with_checked_arguments(key: str, family: str, given: Given) -> Given:
    """The same Keras class with its arguments in canonical form; Keras can build it from them.

    Args:
        key: where in the config the class is named.
        family: `initializers`, `optimizers`, `callbacks` or `SCHEDULES`.
        given: the class and its arguments.

    Raises:
        ConfigError: there is no such class or argument, one is missing, or a value breaks its rule.
    """
    class_name = given.class_name
    known = keras_classes(family).keys() - NOT_FROM_CONFIG[family]
    if class_name not in known:
        raise ConfigError(
            f"{key}.class_name must name one of Keras's {family.rpartition('/')[2]} that plain "
            f"values can build, received {class_name!r}.{did_you_mean(class_name, known)}"
        )
    values = dict(checked(_model_of(family, class_name), given.config, f"{key}.config"))
    return given.replaced(config={name: values[name] for name in given.config})


@functools.cache
def _model_of(family: str, class_name: str) -> type[Strict]:
    """The arguments of a Keras class as a model."""
    arguments = keras_classes(family)[class_name].items()
    fields: dict[str, Any] = dict(_scheduled(arguments)) if family == SCHEDULES else {}
    for name, default in () if fields else arguments:
        kind = MODES[family] if name == "mode" else ARGUMENTS.get(name, _kind_of(default))
        # A result must say its learning rate, whatever Keras's default is.
        fields[name] = kind, REQUIRED if name == "learning_rate" else default
    settings = {"title": f"an argument of Keras's {class_name}", "validate_default": False}
    return create_model(class_name, __base__=Strict, __cls_kwargs__=settings, **fields)


def _scheduled(arguments: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Name -> type and default of a schedule's arguments, whose steps are given in epochs."""
    for name, default in arguments:
        if name in ("initial_learning_rate", "warmup_target"):
            yield name, (NoRate, None)
        elif name.endswith("_steps"):
            yield name, (NoSteps, None)
            in_epochs = name.replace("_steps", "_epochs")
            # `decay_epochs` ends with the last epoch unless it is given; see `engine/schedules.py`.
            kind = NotNegative if name == "warmup_steps" else Positive
            yield in_epochs, (kind, None if name == "decay_steps" else default)
        elif name != "name":
            kind = bool if isinstance(default, bool) else SCHEDULED.get(name, NotNegative)
            yield name, (kind, default)


def _kind_of(default: Any) -> Any:
    """The type hint of an argument by its default."""
    kinds = {bool: bool, int: Count, float: float, str: Text}
    # Those without a default of these kinds are axes and layers, of no use here.
    return Any if default is REQUIRED else kinds.get(type(default))
