"""Calibration measures agree with hand calculation and with scikit-learn's own bins."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from fmnist_exp.report.runs.predictions import (
    expected_calibration_error,
)


def two_classes(confidence: list[float]) -> np.ndarray:
    first = np.array(confidence)
    return np.stack([first, 1 - first], axis=1)


def answers(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each answer, and whether it is right."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def draw(seed: int, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels drawn from them: perfectly calibrated."""
    generator = np.random.default_rng(seed)
    weights = np.exp(3 * generator.normal(size=(count, 5)))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    draws = generator.random((count, 1))
    return probabilities, (probabilities.cumsum(axis=1) < draws).sum(axis=1).clip(max=4)


def test_two_bins_by_hand():
    # {0.6 right, 0.7 wrong}: accuracy 0.5 at 0.65; {0.8, 0.9 right}: accuracy 1 at 0.85
    probabilities, labels = two_classes([0.9, 0.6, 0.7, 0.8]), np.array([0, 0, 1, 0])
    error = expected_calibration_error(*answers(probabilities, labels), num_bins=2)
    assert error == pytest.approx(0.15)


def test_bins_are_those_of_scikit_learn(run_seed):
    confidence, right = answers(*draw(run_seed))
    observed, stated = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    gap = np.abs(observed - stated).mean()  # 200 of 3,000 in each bin
    assert expected_calibration_error(confidence, right) == pytest.approx(gap)


def test_order_means_nothing_even_where_confidences_tie(run_seed):
    probabilities, labels = draw(run_seed)
    rounded = probabilities.round(1)
    order = np.random.default_rng(run_seed).permutation(len(labels))
    error = expected_calibration_error(*answers(rounded, labels))
    assert expected_calibration_error(*answers(rounded[order], labels[order])) == pytest.approx(
        error
    )


def test_true_probabilities_have_a_small_error_and_sharper_ones_a_large_one(run_seed):
    probabilities, labels = draw(run_seed, 30_000)
    # 2,000 examples a bin, whose gap has an SD of at most sqrt(0.25 / 2000) = 0.011. The absolute
    # gap is 0.8 of that on average, with an SD of 0.6 of it; five SDs of the mean of 15 bins.
    bound = (0.8 + 5 * 0.6 / 15**0.5) * (0.25 / 2000) ** 0.5
    assert expected_calibration_error(*answers(probabilities, labels)) < bound
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert expected_calibration_error(*answers(sharper, labels)) > 0.05


def test_certain_and_right_is_perfect():
    probabilities, labels = np.eye(3), np.arange(3)
    assert expected_calibration_error(*answers(probabilities, labels)) == 0
