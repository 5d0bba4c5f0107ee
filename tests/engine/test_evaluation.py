"""Metrics agree with hand calculation."""

import numpy as np
import pytest

from fmnist_exp.engine import evaluation

# Labels 0, 0, 1; answers 0, 1, 1. Class 2 never occurs.
PROBABILITIES = np.array([[0.5, 0.3, 0.2], [0.25, 0.5, 0.25], [0.1, 0.8, 0.1]], np.float32)
LABELS = np.array([0, 0, 1])


def test_loss_is_the_mean_negative_log_of_the_label_s_probability():
    # -(ln 0.5 + ln 0.25 + ln 0.8) / 3
    assert evaluation.loss(PROBABILITIES, LABELS) == pytest.approx(0.76752836, rel=1e-6)


def test_impossible_answer_costs_a_finite_loss():
    certain = np.array([[1.0, 0.0]], np.float32)
    # -ln(2**-126), the smallest normal float32
    assert evaluation.loss(certain, np.array([1])) == pytest.approx(126 * np.log(2))


def test_accuracy_is_the_share_of_correct_answers():
    assert evaluation.accuracy(PROBABILITIES, LABELS) == pytest.approx(2 / 3)


def test_confusion_matrix_keeps_classes_that_do_not_occur():
    expected = [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert evaluation.confusion_matrix(PROBABILITIES, LABELS).tolist() == expected


def test_per_class_metrics_by_hand():
    report = evaluation.per_class(PROBABILITIES, LABELS, ["a", "b", "c"])
    assert report["a"] == pytest.approx(
        {"precision": 1, "recall": 1 / 2, "f1": 2 / 3, "support": 2}
    )
    assert report["b"] == pytest.approx(
        {"precision": 1 / 2, "recall": 1, "f1": 2 / 3, "support": 1}
    )


def test_case_12_what_a_class_without_examples_or_predictions_lacks_is_not_zero():
    report = evaluation.per_class(PROBABILITIES, np.array([0, 2, 0]), ["a", "b", "c"])
    assert report["b"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert report["c"] == {"precision": None, "recall": 0, "f1": 0, "support": 1}


def test_order_of_examples_does_not_matter(run_seed):
    order = np.random.default_rng(run_seed).permutation(3)
    for metric in (evaluation.loss, evaluation.accuracy):
        shuffled = metric(PROBABILITIES[order], LABELS[order])
        assert shuffled == pytest.approx(metric(PROBABILITIES, LABELS), rel=1e-12)
