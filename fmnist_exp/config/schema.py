"""What fixes a run, and how it is carried out: plain, checked values."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from fmnist_exp.config.keras_classes import activation_names
from fmnist_exp.config.rules import (
    BOOLEAN,
    FOLDER,
    MAPPING,
    NAME,
    PATH,
    TEXT,
    WIDTHS,
    Rule,
    integer,
    number,
    one_of,
)

DATA_SETS = ("digits", "fashion_mnist", "synthetic")
# The options that stand for others, whose names no other class may bear either.
SHORT_NAMES = {"glorot": "glorot_uniform", "he": "he_normal", "lecun": "lecun_normal"}
MAX_SEED = 2**32 - 1


def _ruled(rule: Rule) -> Any:
    return field(metadata={"rule": rule})


@dataclass(frozen=True)
class DataConfig:
    """Which images, and how they are split."""

    name: str = _ruled(one_of(DATA_SETS))
    dir: str | None = _ruled(FOLDER)
    validation_fraction: float = _ruled(number("(0, 1)", "0.2"))
    split_seed: int = _ruled(integer(0, MAX_SEED, example=0))
    num_train: int | None = _ruled(integer(20, example=2000, or_null=True))
    num_test: int | None = _ruled(integer(1, example=500, or_null=True))


@dataclass(frozen=True)
class ModelConfig:
    """The architecture: hidden layers, and what follows each of them."""

    name: str = _ruled(NAME)
    hidden: list[int] = _ruled(WIDTHS)
    activation: str = _ruled(one_of(activation_names() - {"glu", "threshold"}))
    batch_normalization: bool = _ruled(BOOLEAN)
    dropout: float = _ruled(number("[0, 1)", "0.3"))


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
    epochs: int = _ruled(integer(1, example=20))
    batch_size: int = _ruled(integer(1, example=128))
    callbacks: list[KerasObject] = _ruled(MAPPING)


@dataclass(frozen=True)
class RunConfig:
    """Everything that fixes one run."""

    data: DataConfig
    model: ModelConfig
    initializer: KerasObject
    optimizer: KerasObject
    training: TrainingConfig
    engine: str = _ruled(one_of(("auto", "c", "gpu", "xla")))
    seed: int = _ruled(integer(0, MAX_SEED, example=0))


@dataclass(frozen=True)
class ExecutionConfig:
    """How runs are carried out; nothing here changes a result."""

    store: str = _ruled(PATH)
    reuse: bool = _ruled(BOOLEAN)
    checkpoint_seconds: float = _ruled(number("[0, inf)", "30"))
    threads_per_run: int | None = _ruled(integer(1, example=1, or_null=True))
    dry_run: bool = _ruled(BOOLEAN)


EXECUTION = tuple(item.name for item in dataclasses.fields(ExecutionConfig))


def from_record(values: dict[str, Any]) -> RunConfig:
    """The config that `dataclasses.asdict` has made `values` of.

    Raises:
        KeyError: a part is missing.
        TypeError: a part has other keys than its class.
    """
    training = dict(values["training"])
    training["callbacks"] = [KerasObject(**callback) for callback in training["callbacks"]]
    return RunConfig(
        data=DataConfig(**values["data"]),
        model=ModelConfig(**values["model"]),
        initializer=KerasObject(**values["initializer"]),
        optimizer=KerasObject(**values["optimizer"]),
        training=TrainingConfig(**training),
        engine=values["engine"],
        seed=values["seed"],
    )
