"""`parse` accepts what can be trained and says clearly what is wrong with the rest."""

import pytest
from conftest import compose_config, config_of
from omegaconf import open_dict

from fmnist_exp.config.parsing import check_batch_size, parse
from fmnist_exp.errors import ConfigError

# override -> the whole message
BAD_VALUES = {
    "seed=-1": (
        "seed must be an integer in [0, 4294967295], received -1. Pass for example seed=0."
    ),
    "seed=4294967296": (
        "seed must be an integer in [0, 4294967295], received 4294967296. Pass for example seed=0."
    ),
    "seed=1.5": (
        "seed must be an integer in [0, 4294967295], received 1.5. Pass for example seed=0."
    ),
    "seed=true": (
        "seed must be an integer in [0, 4294967295], received True. Pass for example seed=0."
    ),
    "seed=null": (
        "seed must be an integer in [0, 4294967295], received None. Pass for example seed=0."
    ),
    "training.epochs=0": (
        "training.epochs must be an integer of at least 1, received 0. Pass for example "
        "training.epochs=20."
    ),
    "training.batch_size=0": (
        "training.batch_size must be an integer of at least 1, received 0. Pass for example "
        "training.batch_size=128."
    ),
    "data.validation_fraction=1.5": (
        "data.validation_fraction must be a number in (0, 1), received 1.5. Pass for example "
        "data.validation_fraction=0.2."
    ),
    "data.validation_fraction=0": (
        "data.validation_fraction must be a number in (0, 1), received 0. Pass for example "
        "data.validation_fraction=0.2."
    ),
    "data.validation_fraction=nan": (
        "data.validation_fraction must be a number in (0, 1), received nan. Pass for example "
        "data.validation_fraction=0.2."
    ),
    "data.num_train=5": (
        "data.num_train must be an integer of at least 20, or null, received 5. Pass for "
        "example data.num_train=2000."
    ),
    "model.hidden=64": (
        "model.hidden must be a list, each item an integer of at least 1, received 64. Pass "
        "for example model.hidden=[256,128]."
    ),
    "model.hidden=[64,0]": (
        "model.hidden[1] must be an integer of at least 1, received 0. Pass for example "
        "model.hidden=[256,128]."
    ),
    "model.activation=rleu": (
        "model.activation must be one of celu, elu, exponential, gelu, hard_shrink, "
        "hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear, log_sigmoid, log_softmax, "
        "mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, "
        "sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, received "
        "'rleu'. Pass for example model.activation=relu."
    ),
    "model.dropout=1": (
        "model.dropout must be a number in [0, 1), received 1. Pass for example model.dropout=0.3."
    ),
    "model.batch_normalization=2": (
        "model.batch_normalization must be true or false, received 2. Pass for example "
        "model.batch_normalization=false."
    ),
    "optimizer.config.learning_rate=-1": (
        "optimizer.config.learning_rate must be a number in (0, inf), received -1. "
        "Pass for example optimizer.config.learning_rate=0.001."
    ),
    "optimizer.config.learning_rate=abc": (
        "optimizer.config.learning_rate must be a number in (0, inf), received 'abc'. "
        "Pass for example optimizer.config.learning_rate=0.001."
    ),
    "optimizer.config.learning_rate=inf": (
        "optimizer.config.learning_rate must be a number in (0, inf), received inf. "
        "Pass for example optimizer.config.learning_rate=0.001."
    ),
    "optimizer.config.learning_rate=null": (
        "optimizer.config.learning_rate is missing. Pass ++optimizer.config.learning_rate=0.001."
    ),
    "optimizer.class_name=Adm": (
        "optimizer.class_name must name one of Keras's optimizers that plain values can build,"
        " received 'Adm'. Did you mean Adam?"
    ),
    "optimizer.class_name=Optimizer": (
        "optimizer.class_name must name one of Keras's optimizers that plain values can build,"
        " received 'Optimizer'. Known: Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, "
        "Ftrl, Lamb, Lion, Muon, Nadam, RMSprop, SGD."
    ),
    "+optimizer.config.beta1=0.9": (
        "optimizer.config.beta1 is not an argument of Keras's Adam, received 0.9. Did you mean"
        " beta_1? Remove it, or correct its spelling."
    ),
    "+optimizer.config.beta_1=1": (
        "optimizer.config.beta_1 must be a number in [0, 1), received 1. Pass for example "
        "optimizer.config.beta_1=0.9."
    ),
    "+optimizer.config.amsgrad=3": (
        "optimizer.config.amsgrad must be true or false, received 3. Pass for example "
        "optimizer.config.amsgrad=false."
    ),
    "+optimizer.config.loss_scale_factor=8": (
        "optimizer.config.loss_scale_factor must be null, received 8. The engine takes one "
        "unscaled step per batch. Leave it out."
    ),
    "+optimizer.config.ema_momentum=2": (
        "optimizer.config.ema_momentum must be a number in [0, 1], received 2. Pass for "
        "example optimizer.config.ema_momentum=0.99."
    ),
    "+optimizer.config.ema_overwrite_frequency=0": (
        "optimizer.config.ema_overwrite_frequency must be an integer of at least 1, received "
        "0. Pass for example optimizer.config.ema_overwrite_frequency=100."
    ),
    "+optimizer.config.name=3": (
        "optimizer.config.name must be a non-empty text, received 3. Pass for example "
        "optimizer.config.name=NAME."
    ),
    "+initializer.config.input_axes=[0]": (
        "initializer.config.input_axes must be null, as nothing here can make use of it, "
        "received [0]. Leave it out."
    ),
    "+initializer.config.output_axes=x": (
        "initializer.config.output_axes must be null, as nothing here can make use of it, "
        "received 'x'. Leave it out."
    ),
    "optimizer.config.learning_rate=0": (
        "optimizer.config.learning_rate must be a number in (0, inf), received 0. "
        "Pass for example optimizer.config.learning_rate=0.001."
    ),
    "seed=x": (
        "seed must be an integer in [0, 4294967295], received 'x'. Pass for example seed=0."
    ),
    "optimizer.class_name=ScheduleFreeAdamW": (
        "optimizer.class_name must name one of Keras's optimizers that plain values can build,"
        " received 'ScheduleFreeAdamW'. Known: Adadelta, Adafactor, Adagrad, Adam, AdamW, "
        "Adamax, Ftrl, Lamb, Lion, Muon, Nadam, RMSprop, SGD."
    ),
    "initializer.class_name=HeNormall": (
        "initializer.class_name must name one of Keras's initializers that plain values can "
        "build, received 'HeNormall'. Did you mean HeNormal?"
    ),
    "initializer.class_name=HeNormal": (
        "initializer.class_name must be GlorotUniform under the name glorot_uniform, received "
        "'HeNormal': tables and files use that name. Pass initializer=OPTION, or give it a "
        "name of its own: initializer.name=he_normal."
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
    "data.name=mnist": (
        "data.name must be one of digits, fashion_mnist, synthetic, received 'mnist'. Pass for"
        " example data.name=fashion_mnist."
    ),
}
CALLBACK = "+training.callbacks.extra"
BAD_CALLBACKS = {
    "{class_name: EarlyStopping, config: {monitor: val_acc}}": (
        "training.callbacks.extra.config.monitor must be one of accuracy, loss, val_accuracy, "
        "val_loss, received 'val_acc'. Pass for example "
        "training.callbacks.extra.config.monitor=val_loss."
    ),
    "{class_name: EarlyStopping, config: {patience: -1}}": (
        "training.callbacks.extra.config.patience must be an integer of at least 0, received "
        "-1. Pass for example training.callbacks.extra.config.patience=3."
    ),
    "{class_name: EarlyStopping, config: {mode: mx}}": (
        "training.callbacks.extra.config.mode must be one of auto, max, min, received 'mx'. "
        "Pass for example training.callbacks.extra.config.mode=auto."
    ),
    "{class_name: ModelCheckpoint, config: {filepath: x}}": (
        "training.callbacks.extra.class_name must name one of Keras's callbacks that plain "
        "values can build, received 'ModelCheckpoint'. Known: EarlyStopping, "
        "ReduceLROnPlateau, SwapEMAWeights, TerminateOnNaN."
    ),
    "{class_name: EarlyStoping, config: {}}": (
        "training.callbacks.extra.class_name must name one of Keras's callbacks that plain "
        "values can build, received 'EarlyStoping'. Did you mean EarlyStopping?"
    ),
    "{config: {}}": (
        "training.callbacks.extra.class_name is missing. Pass "
        "++training.callbacks.extra.class_name=NAME."
    ),
    "3": ("training.callbacks.extra must be a mapping of keys to values, received 3."),
}


@pytest.mark.parametrize("override", BAD_VALUES)
def test_E24_bad_value_is_refused_by_name(override):
    with pytest.raises(ConfigError) as refused:
        config_of(override)
    assert str(refused.value) == BAD_VALUES[override]


@pytest.mark.parametrize("callback", BAD_CALLBACKS)
def test_E24_bad_callback_is_refused_by_name(callback):
    with pytest.raises(ConfigError) as refused:
        config_of(f"{CALLBACK}={callback.replace(': ', ':')}")
    assert str(refused.value) == BAD_CALLBACKS[callback]


def test_learning_rate_must_be_stated():
    with pytest.raises(ConfigError, match=r"learning_rate is missing"):
        config_of("~optimizer.config.learning_rate")


def test_variance_scaling_mode_is_checked():
    with pytest.raises(ConfigError, match=r"mode must be one of fan_avg, fan_in, fan_out"):
        config_of("initializer=variance_scaling", "initializer.config.mode=fan")


def test_key_that_is_left_out_has_its_default():
    composed = compose_config("model=regularized")
    with open_dict(composed):
        del composed.training.epochs, composed.model.dropout, composed.seed
    config = parse(composed)
    assert (config.training.epochs, config.model.dropout, config.seed) == (20, 0, 0)
    assert config.training.batch_size == 64


def test_data_dir_belongs_to_fashion_mnist_only():
    with pytest.raises(ConfigError, match=r"data.dir is read by data=fashion_mnist only"):
        config_of("data=digits", "data.dir=somewhere")


def test_E24_batch_larger_than_split_is_refused(tiny_config):
    with pytest.raises(ConfigError, match=r"batch_size must be at most the 47 images .* 48"):
        check_batch_size(tiny_config(), 47)


def test_batch_as_large_as_split_is_accepted(tiny_config):
    check_batch_size(tiny_config(), 48)


@pytest.mark.parametrize("name", ["glorot_uniform", "glorot", "Glorot-Uniform", "GlorotUniform"])
def test_no_other_class_bears_the_name_of_an_initializer(name):
    with pytest.raises(ConfigError, match=r"be GlorotUniform .* initializer.name=random_normal"):
        config_of(f"initializer.name={name}", "initializer.class_name=RandomNormal")


@pytest.mark.parametrize("name", ["sgd", "SGD", "rmsprop", "Adam-W"])
def test_no_other_class_bears_the_name_of_an_optimizer(name):
    with pytest.raises(ConfigError, match=rf"under the name {name}, .* optimizer.name=adam\."):
        config_of(f"optimizer.name={name}")


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
    with pytest.raises(ConfigError, match="learning_rate must be a number"):
        config_of(f"optimizer.config.learning_rate={10**400}")


def test_recipe_that_does_not_exist_is_the_baseline():
    choices = {"model": "wide", "initializer": "glorot", "optimizer": "sub/adam", "training": None}
    config = parse(compose_config(), choices)
    assert (config.model.name, config.optimizer.name) == ("wide", "adam")
    assert config.training.name == "baseline"


def test_option_without_a_name_needs_choices():
    with pytest.raises(ConfigError, match=r"model.name must be a name of letters.*received None"):
        parse(compose_config(), {})
