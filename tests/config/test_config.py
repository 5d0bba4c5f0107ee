"""`parse` accepts what can be trained and says clearly what is wrong with the rest."""

import pytest
from conftest import compose_config, config_of
from omegaconf import open_dict

from fmnist_exp.config.parsing import check_batch_size, parse
from fmnist_exp.errors import ConfigError

# override -> what the message must say: the key, the value, the rule
BAD_VALUES = {
    "seed=-1": r"seed must be an integer in \[0, 4294967295\], received -1",
    "seed=4294967296": r"seed must be an integer in .* received 4294967296",
    "seed=1.5": r"seed must be an integer .* received 1.5",
    "seed=true": r"seed must be an integer .* received True",
    "seed=null": r"seed must be an integer .* received None",
    "training.epochs=0": r"training.epochs must be an integer of at least 1, received 0",
    "training.batch_size=0": r"training.batch_size must be an integer of at least 1, received 0",
    "data.validation_fraction=1.5": r"data.validation_fraction must be a number in \(0, 1\)",
    "data.validation_fraction=0": r"data.validation_fraction must be a number in \(0, 1\)",
    "data.validation_fraction=nan": r"data.validation_fraction must be a number .* received nan",
    "data.num_train=5": r"data.num_train must be an integer of at least 20, or null, received 5",
    "model.hidden=64": r"model.hidden must be a list of layer widths, .* received 64",
    "model.hidden=[64,0]": r"model.hidden must be a list of layer widths",
    "model.activation=rleu": r"model.activation must be one of .* received 'rleu'",
    "model.dropout=1": r"model.dropout must be a number in \[0, 1\), received 1",
    "model.batch_normalization=2": r"model.batch_normalization must be true or false, received 2",
    "optimizer.config.learning_rate=-1": r"learning_rate must be .* \(0, inf\), received -1",
    "optimizer.config.learning_rate=abc": r"learning_rate must be a number .* received 'abc'",
    "optimizer.config.learning_rate=inf": r"learning_rate must be a number .* received inf",
    "optimizer.config.learning_rate=null": r"learning_rate must be a number .* received None",
    "optimizer.class_name=Adm": r"optimizers .* received 'Adm'. Did you mean Adam\?",
    "optimizer.class_name=Optimizer": r"received 'Optimizer'",
    "+optimizer.config.beta1=0.9": r"beta1 is not an argument of Keras's Adam.*mean beta_1\?",
    "+optimizer.config.beta_1=1": r"beta_1 must be a number in \[0, 1\), received 1",
    "+optimizer.config.amsgrad=3": r"amsgrad must be true or false, received 3",
    "+optimizer.config.loss_scale_factor=8": r"loss_scale_factor is not supported: .* received 8",
    "+optimizer.config.ema_momentum=2": r"ema_momentum must be a number in \[0, 1\], received 2",
    "+optimizer.config.ema_overwrite_frequency=0": r"ema_overwrite_frequency must be an integer",
    "+optimizer.config.name=3": r"optimizer.config.name must be a non-empty text, received 3",
    "+initializer.config.input_axes=[0]": r"input_axes must be null, .* received \[0\]",
    "+initializer.config.output_axes=x": r"output_axes must be null, .* received 'x'",
    "optimizer.config.learning_rate=0": r"learning_rate must be a number in \(0, inf\), received 0",
    "seed=x": r"seed must be an integer .* received 'x'",
    "optimizer.class_name=ScheduleFreeAdamW": r"received 'ScheduleFreeAdamW'",
    "initializer.class_name=HeNormall": r"initializers .* Did you mean HeNormal\?",
    "initializer.class_name=HeNormal": r"must be GlorotUniform under .*, received 'HeNormal'",
    "+initializer.config.seed=3": r"initializer.config.seed would repeat one draw .* seed=N",
    "+training.epohcs=3": r"training.epohcs is not a key .* received 3. Did you mean epochs\?",
    "+optimzer.x=1": r"optimzer is not a key .* Did you mean optimizer\?",
    "model.hidden=???": r"model.hidden: ",
    "data.name=mnist": r"data.name must be one of digits, fashion_mnist, synthetic",
}
CALLBACK = "+training.callbacks.extra"
BAD_CALLBACKS = {
    "{class_name: EarlyStopping, config: {monitor: val_acc}}": r"monitor must be one of .*val_loss",
    "{class_name: EarlyStopping, config: {patience: -1}}": r"patience must be an integer of at",
    "{class_name: EarlyStopping, config: {mode: mx}}": r"mode must be one of auto, max, min",
    "{class_name: ModelCheckpoint, config: {filepath: x}}": r"class_name must name one of Keras's",
    "{class_name: EarlyStoping, config: {}}": r"Did you mean EarlyStopping\?",
    "{config: {}}": r"training.callbacks.extra.class_name is missing",
    "3": r"training.callbacks.extra must be a mapping",
}


@pytest.mark.parametrize("override", BAD_VALUES)
def test_E24_bad_value_is_refused_by_name(override):
    with pytest.raises(ConfigError, match=BAD_VALUES[override]):
        config_of(override)


@pytest.mark.parametrize("callback", BAD_CALLBACKS)
def test_E24_bad_callback_is_refused_by_name(callback):
    with pytest.raises(ConfigError, match=BAD_CALLBACKS[callback]):
        config_of(f"{CALLBACK}={callback.replace(': ', ':')}")


def test_learning_rate_must_be_stated():
    with pytest.raises(ConfigError, match=r"learning_rate is missing"):
        config_of("~optimizer.config.learning_rate")


def test_variance_scaling_mode_is_checked():
    with pytest.raises(ConfigError, match=r"mode must be one of fan_avg, fan_in, fan_out"):
        config_of("initializer=variance_scaling", "initializer.config.mode=fan")


def test_E24_missing_key_is_refused():
    composed = compose_config()
    with open_dict(composed):
        del composed.training.epochs
    with pytest.raises(ConfigError, match=r"training.epochs is missing"):
        parse(composed)


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
