"""What the runs of a condition predict for each test image, as they have stored it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmnist_exp.rundir import tables
from fmnist_exp.rundir.records import PREDICTIONS, Seeds

MAX_RUNS = 30  # runs of a condition whose predictions are read; a page says so if there are more
NUM_BINS = 15


@dataclass(frozen=True)
class Predictions:
    """The answers of the runs of one condition to the test images.

    Attributes:
        seeds: of each run.
        labels: uint8 (num_images,); the true classes.
        predicted: uint8 (num_runs, num_images); the most probable classes.
        ece: float (num_runs,); expected calibration error.
    """

    seeds: tuple[Seeds, ...]
    labels: np.ndarray
    predicted: np.ndarray
    ece: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Bool (num_runs, num_images); which answers are right."""
        return self.predicted == self.labels


def read_predictions(run_dirs: Sequence[tuple[Seeds, Path]]) -> Predictions | None:
    """Read the predictions of runs of one condition; None if they are not of the same images.

    Args:
        run_dirs: seeds and directory of each run, of which the first `MAX_RUNS` are read.

    Raises:
        RecordError: a file is missing or damaged.
    """
    chosen = run_dirs[:MAX_RUNS]
    read = [tables.read_predictions(run_dir / PREDICTIONS) for _, run_dir in chosen]
    if len({labels.tobytes() for *_, labels in read}) != 1:
        return None
    confidences, predicted, (labels, *_) = zip(*read, strict=True)
    errors = [
        expected_calibration_error(confidence, answers == labels)
        for confidence, answers in zip(confidences, predicted, strict=True)
    ]
    seeds = tuple(seed for seed, _ in chosen)
    return Predictions(seeds, labels, np.stack(predicted), np.array(errors))


def expected_calibration_error(
    confidence: np.ndarray, right: np.ndarray, *, num_bins: int = NUM_BINS
) -> float:
    """Average gap between stated confidence and observed accuracy, in bins of equal mass.

    A fraction in [0, 1]; 0 is perfectly calibrated. Biased upwards, the more so the smaller the
    bins. They are cut at quantiles of the confidence. Examples of equal confidence share a bin, so
    the order of the examples means nothing; where many tie, there are fewer and larger bins.

    Args:
        confidence: float (num_examples,); probability of the predicted class.
        right: bool (num_examples,); whether that is the label.
        num_bins: number of bins, if no confidences tie.

    Source:
        Guo et al. (2017), On calibration of modern neural networks, section 2; adaptive bins of
        Nguyen & O'Connor (2015). scikit-learn has no such function.
    """
    confidence = confidence.astype(np.float64)
    edges = np.quantile(confidence, np.arange(1, num_bins) / num_bins)
    gaps = np.bincount(np.searchsorted(edges, confidence), right - confidence)
    return float(np.abs(gaps).sum() / len(confidence))
