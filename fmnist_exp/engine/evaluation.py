"""Metrics from probabilities and labels; NumPy and scikit-learn only."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import confusion_matrix as count_confusions
from sklearn.metrics import precision_recall_fscore_support


def loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy, in nats.

    Args:
        probabilities: float (num_examples, num_classes); rows sum to 1.
        labels: int (num_examples,); class indices in [0, num_classes).
    """
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    # A softmax in float32 underflows to 0 below this number.
    return float(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)).mean())


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of examples whose most probable class is their label; arguments as `loss`."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def confusion_matrix(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Counts int (num_classes, num_classes): row is the true class, column the predicted one."""
    classes = range(probabilities.shape[1])  # also those that do not occur
    return count_confusions(labels, probabilities.argmax(axis=1), labels=classes)


def per_class(
    probabilities: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Precision, recall, F1 and support of each class.

    None is what cannot be known: everything but the support of a class without an example, and
    the precision of a class that is never predicted.
    """
    predicted = probabilities.argmax(axis=1)
    columns = precision_recall_fscore_support(
        labels, predicted, labels=range(len(class_names)), zero_division=0.0
    )
    return {
        class_name: {
            "precision": float(precision) if support and np.any(predicted == index) else None,
            "recall": float(recall) if support else None,
            "f1": float(f1) if support else None,
            "support": float(support),
        }
        for index, (class_name, precision, recall, f1, support) in enumerate(
            zip(class_names, *columns, strict=True)
        )
    }
