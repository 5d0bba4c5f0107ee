"""`fit` trains a config as it says: same seed, same bits; best weights; divergence."""

import itertools

import numpy as np
import pytest
from conftest import FIELD

from fmnist_exp.data import loading
from fmnist_exp.engine import models, training


@pytest.mark.parametrize("settings", [["model=baseline"], ["model=regularized"], FIELD])
def test_same_seed_gives_the_same_bits_and_another_seed_does_not(tiny_config, settings):
    """Also after another run has used the shared program in between."""
    config, other = (tiny_config(*settings, f"seed={seed}") for seed in (0, 1))
    splits = loading.load(config.data)
    first, between, again = (
        training.fit(c, splits).model.get_weights() for c in (config, other, config)
    )
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(first[0], between[0])


def test_learning_rate_starts_anew_in_each_run(tiny_config):
    """A plateau callback lowers it in place; the next run must not inherit that."""
    plateau = "{class_name:ReduceLROnPlateau,config:{patience:0,min_delta:100,factor:0.5}}"
    splits = loading.load(tiny_config().data)
    lowered = training.fit(
        tiny_config(f"+training.callbacks.plateau={plateau}", "training.epochs=3"), splits
    )
    # Keras stores the rate as float32: 0.001 is kept to one part in 2**24.
    rates = [row.learning_rate for row in lowered.history]
    assert rates == pytest.approx([0.001, 0.001, 0.0005], rel=1e-6)
    assert training.fit(tiny_config(), splits).history[0].learning_rate == rates[0]


def test_history_is_the_loss_of_the_epoch(tiny_config):
    """The row's validation loss is what the finished model has on the validation split."""
    config = tiny_config()
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    probabilities = models.predict_probabilities(result.model, splits.validation.images)
    chosen = probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    # Two programs, one rounding each: float32 has 2**-23 relative precision, sums of 40 terms.
    assert result.history[-1].validation_loss == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_best_weights_are_restored_and_named(tiny_config):
    stopping = "{class_name:EarlyStopping,config:{patience:1,restore_best_weights:true}}"
    config = tiny_config(
        f"+training.callbacks.stop={stopping}",
        "training.epochs=40",
        "optimizer.config.learning_rate=0.05",
    )
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    losses = [row.validation_loss for row in result.history]
    assert len(losses) < 40
    assert result.evaluated_epoch == result.best_epoch == int(np.argmin(losses)) + 1
    probabilities = models.predict_probabilities(result.model, splits.validation.images)
    chosen = probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    assert min(losses) == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


@pytest.mark.slow
def test_infinite_loss_ends_the_run_as_diverged(tiny_config):
    config = tiny_config(
        "optimizer=sgd", "optimizer.config.learning_rate=1e30", "training.epochs=9"
    )
    result = training.fit(config, loading.load(config.data))
    assert result.diverged
    assert len(result.history) < 9


def test_averaged_weights_are_validated_saved_and_measured(tiny_config):
    """And they are those of Keras: weights as trained, averaged after each update."""
    config = tiny_config(*FIELD, "training.epochs=4")
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    row = result.history[-1]
    assert validation_loss_of(result.model, splits) == pytest.approx(row.validation_loss, 1e-5)
    plain = config.optimizer.config | {"use_ema": False}
    trained = training.fit(
        config.replaced(optimizer=config.optimizer.replaced(config=plain)), splits
    )
    assert [each.train_loss for each in trained.history] == [
        each.train_loss for each in result.history
    ]  # averaging changes no update
    assert trained.history[-1].validation_loss != row.validation_loss


def test_best_averaged_weights_are_restored(tiny_config):
    stopping = f"+training.callbacks.stop={{{STOPPING},patience:1}}}}"
    rate = "optimizer.config.learning_rate=0.05"
    config = tiny_config(*FIELD, stopping, rate, "training.epochs=60", "training.schedule=null")
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    assert len(result.history) < 60
    losses = [row.validation_loss for row in result.history]
    assert validation_loss_of(result.model, splits) == pytest.approx(min(losses), 1e-5)


STOPPING = "class_name:EarlyStopping,config:{restore_best_weights:true"


def validation_loss_of(model, splits):
    probabilities = models.predict_probabilities(model, splits.validation.images)
    return -np.log(
        probabilities[np.arange(len(splits.validation)), splits.validation.labels]
    ).mean()


def test_of_two_early_stoppings_the_last_names_the_epoch(tiny_config):
    """Both put their best weights back, one after the other: Keras's last word counts."""
    config = tiny_config(
        f"+training.callbacks.by_loss={{{STOPPING},monitor:val_loss,patience:9}}}}",
        f"+training.callbacks.latest={{{STOPPING},monitor:loss,mode:max,patience:9}}}}",
        "training.epochs=5",
    )
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    assert result.evaluated_epoch == 1  # the training loss was highest in the first epoch
    row = result.history[0]
    assert validation_loss_of(result.model, splits) == pytest.approx(row.validation_loss, 1e-5)


def test_early_stopping_that_never_began_restores_nothing(tiny_config):
    config = tiny_config(
        f"+training.callbacks.stop={{{STOPPING},start_from_epoch:50}}}}", "training.epochs=3"
    )
    splits = loading.load(config.data)
    result = training.fit(config, splits)
    assert result.evaluated_epoch == 3
    row = result.history[-1]
    assert validation_loss_of(result.model, splits) == pytest.approx(row.validation_loss, 1e-5)


def test_visiting_orders_are_permutations_that_differ(run_seed):
    orders = [*itertools.islice(training.visiting_orders(50, run_seed), 3)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
