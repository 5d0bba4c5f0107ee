"""Trials are proposed as if a study had never been stopped, and given up as Optuna does."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from fmnist_exp.tuning.proposals import Proposals, Settings

FACTORS = {
    "optimizer.config.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    "model.dropout": FloatDistribution(0.0, 0.5, step=0.1),
    "model.hidden": CategoricalDistribution(("[64]", "[128,64]")),
    "training.epochs": IntDistribution(2, 9),
}
SETTINGS = Settings(
    num_trials=20,
    trials_at_once=1,
    sampler_seed=0,
    random_trials=3,
    prune=True,
    prune_after_trials=3,
    prune_after_epochs=2,
)
NUM_EPOCHS = 6


@pytest.fixture
def study():
    return Proposals(SETTINGS, FACTORS)


def histories(number):
    """Validation accuracies float (NUM_EPOCHS,) that cross those of other trials."""
    return np.random.default_rng(number).uniform(0.5, 0.9, NUM_EPOCHS).tolist()


@pytest.mark.slow
def test_stopped_study_proposes_what_it_would_have_proposed(study):
    told = []
    for number in range(8):
        again = Proposals(SETTINGS, FACTORS)  # in a new process, told in another order
        for each in reversed(told):
            again.tell(*each)
        values = study.propose(number)
        assert again.propose(number) == values
        result = histories(number)[-1] if number % 3 else None
        told.append((number, values, histories(number), result))
        study.tell(*told[-1])
    assert len({tuple(values.items()) for _, values, *_ in told}) == 8


def test_proposed_numbers_are_short_and_within_their_limits(study):
    for number in range(6):
        values = study.propose(number)
        rate = values["optimizer.config.learning_rate"]
        assert 1e-4 <= float(rate) <= 1e-2
        assert rate == repr(float(f"{float(rate):.4g}"))
        assert values["model.dropout"] in ("0.0", "0.1", "0.2", "0.3", "0.4", "0.5")
        assert values["training.epochs"] in "23456789"


@pytest.mark.slow
def test_limits_give_up_the_trials_that_optuna_s_median_pruner_gives_up(study):
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=SETTINGS.prune_after_trials, n_warmup_steps=SETTINGS.prune_after_epochs
    )
    decisions = []
    for number in range(20):
        limits = study.prune_below(NUM_EPOCHS)
        theirs = optuna.create_study(direction="maximize", pruner=pruner)
        theirs.add_trials([study.ended[each] for each in range(number)])
        trial, accuracies = theirs.ask(), histories(number)
        for epoch in range(1, NUM_EPOCHS):
            trial.report(accuracies[epoch - 1], epoch)
            decisions.append(max(accuracies[:epoch]) < limits.get(epoch, 0))
            assert decisions[-1] == trial.should_prune()
        result = accuracies[-1] if number % 4 else None
        study.tell(number, study.propose(number), accuracies, result)
    assert {True, False} == set(decisions)


def test_the_last_epoch_has_no_limit(study):
    for number in range(3):
        study.tell(number, study.propose(number), [0.5] * NUM_EPOCHS, 0.5)
    assert study.prune_below(NUM_EPOCHS) == dict.fromkeys((2, 3, 4, 5), 0.5)
