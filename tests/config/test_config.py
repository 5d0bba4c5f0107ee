"""`parse` accepts what can be trained and says clearly what is wrong with the rest."""

import math

import pytest
from conftest import compose_config, config_of
from omegaconf import open_dict

from fmnist_exp.config.parsing import check_batch_size, parse
from fmnist_exp.errors import ConfigError

RATE = "optimizer.config.learning_rate"
ARGUMENT = "+optimizer.config"
AT_LEAST_0, AT_LEAST_1 = "greater than or equal to 0", "greater than or equal to 1"
# override, what its value must be, what was received, what is passed for example
BROKEN_RULES = [
    ("seed=-1", AT_LEAST_0, -1, "0"),
    ("seed=4294967296", "less than or equal to 4294967295", 4294967296, "0"),
    ("seed=1.5", "a valid integer", 1.5, "0"),
    ("seed=true", "a valid integer", True, "0"),
    ("seed=null", "a valid integer", None, "0"),
    ("seed=x", "a valid integer", "x", "0"),
    ("seed=0-4", "a valid integer", "0-4", "0"),
    ("training.epochs=0", AT_LEAST_1, 0, "20"),
    ("training.batch_size=0", AT_LEAST_1, 0, "128"),
    (
        "data.name=mnist",
        "'digits', 'fashion_mnist', 'idx' or 'synthetic'",
        "mnist",
        "fashion_mnist",
    ),
    ("data.validation_fraction=1.5", "less than 1", 1.5, "0.2"),
    ("data.validation_fraction=0", "greater than 0", 0, "0.2"),
    ("data.validation_fraction=nan", "a finite number", math.nan, "0.2"),
    ("data.num_train=5", "greater than or equal to 20", 5, "2000"),
    ("model.hidden=64", "a list", 64, "[256,128]"),
    ("model.hidden[1]=0", AT_LEAST_1, 0, "[256,128]"),
    ("model.dropout=1", "less than 1", 1, "0.3"),
    ("model.batch_normalization=2", "a valid boolean", 2, "false"),
    ("augmentation.shift_pixels=-1", AT_LEAST_0, -1, "1"),
    ("training.label_smoothing=1", "less than 1", 1, "0.1"),
    (f"{RATE}=-1", "greater than 0", -1, "0.001"),
    (f"{RATE}=0", "greater than 0", 0, "0.001"),
    (f"{RATE}=abc", "a valid number", "abc", "0.001"),
    (f"{RATE}=inf", "a finite number", math.inf, "0.001"),
    (f"{ARGUMENT}.beta_1=1", "less than 1", 1, "0.9"),
    (f"{ARGUMENT}.amsgrad=3", "a valid boolean", 3, "false"),
    (f"{ARGUMENT}.ema_momentum=2", "less than or equal to 1", 2, "0.99"),
    (f"{ARGUMENT}.ema_overwrite_frequency=0", AT_LEAST_1, 0, "100"),
    (f"{ARGUMENT}.name=3", "a valid string", 3, "VALUE"),
]
CALLBACK = "+training.callbacks.extra"
BROKEN_CALLBACKS = [
    ("monitor:val_acc", "'accuracy', 'loss', 'val_accuracy' or 'val_loss'", "val_loss"),
    ("patience:-1", AT_LEAST_0, "3"),
    ("mode:mx", "'auto', 'max' or 'min'", "auto"),
]
SCHEDULE = "training.schedule={class_name"
NO_CLASS = "must name one of Keras's {} that plain values can build, received"
NO_OPTIMIZER, NO_CALLBACK = NO_CLASS.format("optimizers"), NO_CLASS.format("callbacks")
OPTIMIZERS = (
    "Known: Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, "
    "RMSprop, SGD."
)
# override -> the whole message
OTHER_MESSAGES = {
    f"{RATE}=null": f"{RATE} is missing. Pass ++{RATE}=0.001.",
    "model.name=a/b": (
        r"model.name must match pattern '^[A-Za-z0-9][\w.-]*$', received 'a/b'. "
        "A name has letters, digits, '_', '-' and '.' alone. Pass for example model.name=baseline."
    ),
    "optimizer.class_name=Adm": (f"optimizer.class_name {NO_OPTIMIZER} 'Adm'. Did you mean Adam?"),
    "optimizer.class_name=Optimizer": (
        f"optimizer.class_name {NO_OPTIMIZER} 'Optimizer'. {OPTIMIZERS}"
    ),
    "optimizer.class_name=ScheduleFreeAdamW": (
        f"optimizer.class_name {NO_OPTIMIZER} 'ScheduleFreeAdamW'. {OPTIMIZERS}"
    ),
    "+optimizer.config.beta1=0.9": (
        "optimizer.config.beta1 is not an argument of Keras's Adam, received 0.9. Did you mean"
        " beta_1? Remove it, or correct its spelling."
    ),
    "+optimizer.config.loss_scale_factor=8": (
        "optimizer.config.loss_scale_factor must be null, received 8. The engine takes one "
        "unscaled step per batch. Leave it out."
    ),
    "+initializer.config.input_axes=[0]": (
        "initializer.config.input_axes must be null, received [0]. Leave it out."
    ),
    "+initializer.config.output_axes=x": (
        "initializer.config.output_axes must be null, received 'x'. Leave it out."
    ),
    "initializer.class_name=HeNormall": (
        "initializer.class_name must name one of Keras's initializers that plain values can "
        "build, received 'HeNormall'. Did you mean HeNormal?"
    ),
    "+initializer.config.seed=3": (
        "initializer.config.seed must be null, received 3. It would repeat one draw in every "
        "layer; each layer's seed follows from the run's, seed=N. Leave it out."
    ),
    "+training.epohcs=3": (
        "training.epohcs is not a key that anything reads, received 3. Did you mean epochs? "
        "Remove it, or correct its spelling."
    ),
    "+optimzer.x=1": (
        "optimzer is not a key that anything reads, received {'x': 1}. Did you mean optimizer?"
        " Remove it, or correct its spelling."
    ),
    "model.hidden=???": (
        "model.hidden: Missing mandatory value: hidden. Correct the value, or leave it out."
    ),
    f"{CALLBACK}={{class_name:ModelCheckpoint,config:{{filepath:x}}}}": (
        f"training.callbacks.extra.class_name {NO_CALLBACK} 'ModelCheckpoint'. Known: "
        "EarlyStopping, ReduceLROnPlateau, TerminateOnNaN."
    ),
    f"{CALLBACK}={{class_name:EarlyStoping,config:{{}}}}": (
        f"training.callbacks.extra.class_name {NO_CALLBACK} 'EarlyStoping'. "
        "Did you mean EarlyStopping?"
    ),
    f"{CALLBACK}={{config:{{}}}}": (
        "training.callbacks.extra.class_name is missing. Pass "
        "++training.callbacks.extra.class_name=VALUE."
    ),
    f"{SCHEDULE}:CosneDecay}}": (
        "training.schedule.class_name must name one of Keras's schedules that plain values can "
        "build, received 'CosneDecay'. Did you mean CosineDecay?"
    ),
    f"{SCHEDULE}:CosineDecay,config:{{decay_steps:500}}}}": (
        "training.schedule.config.decay_steps must be null, received 500. A schedule counts in "
        "epochs: write `epochs` in the place of `steps`. Leave it out."
    ),
    f"{SCHEDULE}:CosineDecay,config:{{initial_learning_rate:1}}}}": (
        "training.schedule.config.initial_learning_rate must be null, received 1. It is given as "
        "optimizer.config.learning_rate. Leave it out."
    ),
    f"{SCHEDULE}:CosineDecayRestarts,config:{{first_decay_epochs:1,t_mul:0.5}}}}": (
        "training.schedule.config.t_mul must be greater than or equal to 1, received 0.5. Pass "
        "for example training.schedule.config.t_mul=1.0."
    ),
    f"{SCHEDULE}:CosineDecay,config:{{warmup_epochs:20}}}}": (
        "training.schedule.config.warmup_epochs must be less than training.epochs=20, received 20. "
        "Pass fewer, or more epochs."
    ),
    f"{CALLBACK}=3": "training.callbacks.extra must be an object, received 3.",
}


def refusal_of(*overrides):
    with pytest.raises(ConfigError) as refused:
        config_of(*overrides)
    return str(refused.value)


@pytest.mark.parametrize(("override", "rule", "received", "example"), BROKEN_RULES)
def test_E24_value_that_breaks_its_rule_is_refused(override, rule, received, example):
    key = override.partition("=")[0].lstrip("+")
    whole = key.removesuffix("[1]")
    shown = "null" if received is None else repr(received)
    said = f"{key} must be {rule}, received {shown}. Pass for example {whole}={example}."
    assert refusal_of(override.replace("[1]=0", "=[64,0]")) == said


@pytest.mark.parametrize(("argument", "rule", "example"), BROKEN_CALLBACKS)
def test_E24_argument_of_a_callback_that_breaks_its_rule_is_refused(argument, rule, example):
    name, _, received = argument.partition(":")
    key = f"training.callbacks.extra.config.{name}"
    shown = received if name == "patience" else repr(received)
    said = f"{key} must be {rule}, received {shown}. Pass for example {key}={example}."
    override = f"{CALLBACK}={{class_name:EarlyStopping,config:{{{argument}}}}}"
    assert refusal_of(override) == said


@pytest.mark.parametrize("override", OTHER_MESSAGES)
def test_E24_other_bad_value_is_refused_by_name(override):
    assert refusal_of(override) == OTHER_MESSAGES[override]


def test_activation_that_there_is_not_is_refused_with_those_that_there_are():
    said = refusal_of("model.activation=rleu")
    assert said.startswith("model.activation must be 'celu', 'elu', 'exponential', 'gelu', ")
    repair = "received 'rleu'. Pass for example model.activation=relu."
    assert said.endswith(f", 'tanh' or 'tanh_shrink', {repair}")


def test_learning_rate_must_be_stated():
    with pytest.raises(ConfigError, match=r"learning_rate is missing"):
        config_of("~optimizer.config.learning_rate")


def test_variance_scaling_mode_is_checked():
    with pytest.raises(
        ConfigError, match=r"mode must be 'fan_avg', 'fan_in' or 'fan_out', received"
    ):
        config_of("initializer=variance_scaling", "initializer.config.mode=fan")


def test_key_that_is_left_out_has_its_default():
    composed = compose_config("model=regularized")
    with open_dict(composed):
        del composed.training.epochs, composed.model.dropout, composed.seed
    config = parse(composed)
    assert (config.training.epochs, config.model.dropout, config.seed) == (20, 0, 0)
    assert config.training.batch_size == 64


def test_a_schedule_and_a_plateau_are_not_taken_together():
    said = refusal_of("model=regularized", f"{SCHEDULE}:CosineDecay}}")
    assert "the callback reduce_learning_rate must not: received both. Pass " in said


def test_two_normalizations_are_not_taken_together():
    said = refusal_of("model=regularized", "model.layer_normalization=true")
    assert said.startswith("model.layer_normalization and model.batch_normalization must not both")


def test_data_dir_belongs_to_data_in_files_only():
    with pytest.raises(ConfigError, match=r"read by data=fashion_mnist and data=idx only"):
        config_of("data=digits", "data.dir=somewhere")


def test_files_of_ones_own_must_be_named():
    with pytest.raises(ConfigError, match=r"data.dir must name the folder .* received null. Pass"):
        config_of("data=idx")


def test_E24_batch_larger_than_split_is_refused(tiny_config):
    with pytest.raises(ConfigError, match=r"batch_size must be at most the 47 images .* 48"):
        check_batch_size(tiny_config(), 47)


def test_batch_as_large_as_split_is_accepted(tiny_config):
    check_batch_size(tiny_config(), 48)


def test_seed_zero_is_a_seed():
    assert config_of("seed=0").seed == 0


SAME = {
    "initializer=variance_scaling initializer.config.scale=2": "initializer.config.scale=2.0",
    "model.dropout=0": "model.dropout=0.0",
    "optimizer=sgd optimizer.config.learning_rate=1": "optimizer.config.learning_rate=1.0",
    "+optimizer.config.clipnorm=1": "+optimizer.config.clipnorm=1.0",
    "model=regularized +training.callbacks.early_stopping.config.min_delta=0": (
        "+training.callbacks.early_stopping.config.min_delta=0.0"
    ),
}


@pytest.mark.parametrize("spelling", SAME)
def test_a_number_has_one_form_however_it_is_spelled(spelling):
    *choices, _ = spelling.split()
    one, other = config_of(*spelling.split()), config_of(*choices, SAME[spelling])
    assert repr(one) == repr(other)


def test_integer_too_large_for_a_float_is_refused():
    with pytest.raises(ConfigError, match="learning_rate must be a finite number"):
        config_of(f"optimizer.config.learning_rate={10**400}")


def test_recipe_that_does_not_exist_is_the_baseline():
    choices = {"model": "wide", "initializer": "glorot", "optimizer": "sub/adam", "training": None}
    config = parse(compose_config(), choices | {"augmentation": "mirror"})
    assert (config.model.name, config.optimizer.name) == ("wide", "adam")
    assert config.training.name == "baseline"


def test_option_without_a_name_needs_choices():
    with pytest.raises(ConfigError, match=r"model.name must be a valid string, received null"):
        parse(compose_config(), {})
