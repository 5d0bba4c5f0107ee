"""What fixes a run, and how it is carried out. A key that an option leaves out has its default."""

import os
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from fmnist_exp.strict import Strict, Text

MAX_SEED = 2**32 - 1
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][\w.-]*$",
        description="A name has letters, digits, '_', '-' and '.' alone.",
    ),
]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Folder = Annotated[Text, AfterValidator(os.path.expanduser)]
# Keras's own, but for glu and threshold, which are no functions of one number alone.
Activation = Literal[  # noqa: RUF041 - flat, it would be a line for each
    Literal["celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu"],
    Literal["hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu"],
    Literal["relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign"],
    Literal["sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh", "tanh_shrink"],
]


def _given(values: Any) -> Any:
    """A mapping without its nulls, which say that something is left out; null is an empty one."""
    if isinstance(values, dict):
        return {key: value for key, value in values.items() if value is not None}
    return {} if values is None else values


def _widths(hidden: Any) -> Any:
    """Widths as a tuple; `128x30` is short for thirty of 128."""
    if isinstance(hidden, str) and (short := re.fullmatch(r"(\d{1,9})x(\d{1,4})", hidden)):
        return (int(short[1]),) * int(short[2])
    return tuple(hidden) if isinstance(hidden, list) else hidden


Arguments = Annotated[dict[str, Any], BeforeValidator(_given)]


class DataConfig(Strict):
    """Which images, and how they are split."""

    name: Literal["digits", "fashion_mnist", "idx", "synthetic"] = "fashion_mnist"
    dir: Folder | None = None
    validation_fraction: float = Field(0.2, gt=0, lt=1)
    split_seed: Seed | None = 0
    num_train: int | None = Field(None, ge=20, examples=[2000])
    num_test: int | None = Field(None, ge=1, examples=[500])


class ModelConfig(Strict):
    """The architecture: hidden layers, and what follows each of them."""

    name: Name = "baseline"
    hidden: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_widths)] = Field(
        (256, 128), examples=[[256, 128], "128x30"]
    )
    activation: Activation = "relu"
    batch_normalization: bool = False
    layer_normalization: bool = False
    dropout: float = Field(0.0, ge=0, lt=1, examples=[0.3])


class AugmentationConfig(Strict):
    """How training images are changed, anew in each epoch; others never are."""

    name: Name = "none"
    mirror: bool = False
    shift_pixels: int = Field(0, ge=0, le=8, examples=[1])


class InitializerConfig(Strict):
    """The law of the initial weights: a Keras class under a name for tables and files."""

    name: Text = "glorot_uniform"
    class_name: Text = "GlorotUniform"
    config: Arguments = Field(default_factory=dict)


class OptimizerConfig(Strict):
    """How weights follow from gradients: a Keras class under a name for tables and files."""

    name: Text = "adam"
    class_name: Text = "Adam"
    config: Arguments = Field(default_factory=lambda: {"learning_rate": 0.001})


class KerasConfig(Strict):
    """A callback or a schedule: a Keras class, with the arguments of its constructor."""

    class_name: Text
    config: Arguments = Field(default_factory=dict)


class TrainingConfig(Strict):
    """The recipe: how long, in which batches, under which callbacks."""

    name: Text = "baseline"
    epochs: int = Field(20, ge=1)
    batch_size: int = Field(128, ge=1)
    label_smoothing: float = Field(0.0, ge=0, lt=1, examples=[0.1])
    schedule: KerasConfig | None = None
    callbacks: Annotated[dict[str, KerasConfig], BeforeValidator(_given)] = Field(
        default_factory=dict
    )


class SeedsConfig(Strict):
    """A seed for one source of chance alone; null is from the run's `seed`."""

    initialization: Seed | None = None
    order: Seed | None = None
    dropout: Seed | None = None
    augmentation: Seed | None = None


Source = Literal["initialization", "order", "dropout", "augmentation"]


class RunConfig(Strict):
    """Everything that fixes one run."""

    data: DataConfig = DataConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    model: ModelConfig = ModelConfig()
    initializer: InitializerConfig = InitializerConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    engine: Literal["auto", "c", "gpu", "xla"] = "auto"
    seed: Seed = 0
    seeds: SeedsConfig = SeedsConfig()

    @property
    def own_data(self) -> DataConfig:
        """The data, split by the run's seed where `data.split_seed` is null."""
        split = self.data.split_seed
        return self.data.replaced(split_seed=self.seed if split is None else split)

    def seed_of(self, source: Source) -> int:
        """The seed of one source of chance: its own, or the run's."""
        own: int | None = getattr(self.seeds, source)
        return self.seed if own is None else own


class ExecutionConfig(Strict):
    """How runs are carried out, and what is noted about them; nothing here changes a result."""

    store: Folder = "runs"
    reuse: bool = True
    checkpoint_seconds: float = Field(30.0, ge=0)
    threads_per_run: int | None = Field(None, ge=1, examples=[1])
    dry_run: bool = False
    until_settled: int | None = Field(None, ge=5, le=1000, multiple_of=5, examples=[60])
    note: str | None = None
    tags: tuple[Text, ...] = ()


EXECUTION = tuple(ExecutionConfig.model_fields)
OF_STUDIES = ("question", "claims")  # keys of `rundir.claims.Question`; no part of a run
