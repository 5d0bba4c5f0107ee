"""What the runs of a condition predict for each test image, as they have stored it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir import tables
from fmnist_exp.rundir.records import PREDICTIONS, Seeds
from fmnist_exp.statistics.seeds import NAN

MAX_READ = 500  # runs of a study whose predictions are read, which takes two seconds
FIRST, MAX_RUNS = 8, 30  # conditions, and runs of each, that are read even beyond that
NUM_BINS = 15
TIE = 2.0**-40  # of `MAX_READ` runs together less than the smallest step of half precision, 2^-24


@dataclass(frozen=True)
class Predictions:
    """The answers of the runs of one condition to the test images.

    Attributes:
        seeds: of each run.
        labels: uint8 (num_images,); the true classes.
        predicted: uint8 (num_runs, num_images); the most probable classes.
        ece: float (num_runs,); expected calibration error.
        ensemble_accuracy: test accuracy of all these networks together, a fraction; NaN of one
            alone, and where the condition has more than were read.
    """

    seeds: tuple[Seeds, ...]
    labels: np.ndarray
    predicted: np.ndarray
    ece: np.ndarray
    ensemble_accuracy: float

    @property
    def correct(self) -> np.ndarray:
        """Bool (num_runs, num_images); which answers are right."""
        return self.predicted == self.labels

    def correct_with(self, seeds: Sequence[Seeds]) -> np.ndarray:
        """Bool (num_seeds, num_images); which answers of the runs with these seeds are right."""
        rows = {seed: row for row, seed in enumerate(self.seeds)}
        return self.predicted[[rows[seed] for seed in seeds]] == self.labels


def read_answers(conditions: Sequence[Condition]) -> dict[str, Predictions]:
    """The predictions of conditions, by label; each file is read once.

    Of conditions in order all runs are read, up to `MAX_READ`. A condition that has more than are
    left is skipped, but for the first `MAX_RUNS` runs where it is among the `FIRST` conditions.
    One without stored predictions, or whose runs are not of the same images, has none.

    Raises:
        RecordError: a file is damaged.
    """
    answers, left = {}, MAX_READ
    for place, condition in enumerate(conditions):
        stored = [(run.record.seeds, run.path) for run in condition.runs if run.has_predictions]
        is_whole = len(stored) <= left
        if not is_whole and place >= FIRST:
            continue
        chosen = stored if is_whole else stored[:MAX_RUNS]
        left -= len(chosen)
        if (read := read_predictions(chosen)) is not None:
            answers[condition.label] = read if is_whole else replace(read, ensemble_accuracy=NAN)
    return answers


def read_predictions(run_dirs: Sequence[tuple[Seeds, Path]]) -> Predictions | None:
    """Read the predictions of runs of one condition; None if they are not of the same images.

    The ensemble names the class with the highest mean of the probabilities. They are stored in
    half precision, so their sum is exact and does not depend on the order of the runs. Rounding
    makes ties, which go to the class that more runs have named before it, then to the first.

    Args:
        run_dirs: seeds and directory of each run.

    Raises:
        RecordError: a file is missing or damaged.

    Source:
        Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation using
        deep ensembles, section 2.4: networks that differ in their seeds, averaged uniformly.
    """
    predicted: list[np.ndarray] = []
    errors, labels, total = [], np.empty(0), np.empty(0)
    for _, run_dir in run_dirs:
        probabilities, answers, truth = tables.read_predictions(run_dir / PREDICTIONS)
        if not predicted:
            labels, total = truth, np.zeros(probabilities.shape)
        if probabilities.shape != total.shape or not np.array_equal(truth, labels):
            return None
        predicted.append(answers)
        errors.append(expected_calibration_error(probabilities.max(axis=1), answers == truth))
        total += probabilities
        total[np.arange(len(answers)), answers] += TIE
    if not predicted:
        return None
    together = float(np.mean(total.argmax(axis=1) == labels)) if len(predicted) > 1 else NAN
    seeds = tuple(seed for seed, _ in run_dirs)
    return Predictions(seeds, labels, np.stack(predicted), np.array(errors), together)


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
