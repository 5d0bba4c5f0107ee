"""Trials are proposed as if a study had never been stopped, and given up as Optuna does."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from fmnist_exp.errors import RecordError
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
def study(tmp_path):
    return Proposals(tmp_path / "study.db", SETTINGS, FACTORS)


def histories(number):
    """Validation accuracies float (NUM_EPOCHS,) that cross those of other trials."""
    return np.random.default_rng(number).uniform(0.5, 0.9, NUM_EPOCHS).tolist()


@pytest.mark.slow
def test_stopped_study_proposes_what_it_would_have_proposed(tmp_path, study):
    again = None
    for number in range(8):
        if number % 2 == 0:  # a new process
            again = Proposals(tmp_path / "again.db", SETTINGS, FACTORS)
        for each in (study, again):
            each.propose()
            each.tell(number, histories(number), histories(number)[-1] if number % 3 else None)
        assert again.values(number) == study.values(number)
    assert len({tuple(study.values(number).items()) for number in range(8)}) == 8


def test_proposed_numbers_are_short_and_within_their_limits(study):
    for number in range(6):
        study.propose()
        rate = study.values(number)["optimizer.config.learning_rate"]
        assert 1e-4 <= float(rate) <= 1e-2
        assert rate == repr(float(f"{float(rate):.4g}"))
        assert study.values(number)["model.dropout"] in ("0.0", "0.1", "0.2", "0.3", "0.4", "0.5")
        assert study.values(number)["training.epochs"] in "23456789"


@pytest.mark.slow
def test_limits_give_up_the_trials_that_optuna_s_median_pruner_gives_up(study):
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=SETTINGS.prune_after_trials, n_warmup_steps=SETTINGS.prune_after_epochs
    )
    decisions = []
    for number in range(20):
        study.propose()
        limits = study.prune_below(NUM_EPOCHS)
        theirs = optuna.create_study(direction="maximize", pruner=pruner)
        theirs.add_trials([t for t in study.kept.trials if t.state.is_finished()])
        trial, values = theirs.ask(), histories(number)
        for epoch in range(1, NUM_EPOCHS):
            trial.report(values[epoch - 1], epoch)
            limit = limits[epoch - 1] if limits else None
            decisions.append(limit is not None and max(values[:epoch]) < limit)
            assert decisions[-1] == trial.should_prune()
        study.tell(number, values, values[-1] if number % 4 else None)
    assert {True, False} == set(decisions)


def test_the_last_epoch_has_no_limit(study):
    for number in range(3):
        study.propose()
        study.tell(number, [0.5] * NUM_EPOCHS, 0.5)
    assert study.prune_below(NUM_EPOCHS) == (None, 0.5, 0.5, 0.5, 0.5)


def test_trial_that_was_told_is_no_longer_open(study):
    for _ in range(3):
        study.propose()
    study.tell(1, [0.5], None)
    assert study.open == [0, 2]


def test_file_that_is_no_study_is_refused(tmp_path):
    path = tmp_path / "what? 100%.db"  # an address would cut this name short
    path.write_bytes(b"no database" * 100)
    with pytest.raises(RecordError, match=r"cannot open .*100%.db: it must be a study"):
        Proposals(path, SETTINGS, FACTORS)
    assert {each.name for each in tmp_path.iterdir()} == {path.name}
