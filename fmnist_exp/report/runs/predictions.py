"""What the runs of a condition predict for each test image, as they have stored it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmnist_exp.files import read_arrays
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import cannot_read

MAX_RUNS = 30  # runs of a condition whose predictions are read; a page says so if there are more
NUM_BINS = 15
MAX_BYTES = 200_000_000  # of a file; Fashion-MNIST takes 0.1 MB


@dataclass(frozen=True)
class Predictions:
    """The answers of the runs of one condition to the test images.

    Attributes:
        seeds: seed of each run.
        labels: int (num_images,); the true classes.
        predicted: uint8 (num_runs, num_images); the most probable classes.
        ece: float (num_runs,); expected calibration error.
    """

    seeds: tuple[int, ...]
    labels: np.ndarray
    predicted: np.ndarray
    ece: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Bool (num_runs, num_images); which answers are right."""
        return self.predicted == self.labels


def read_predictions(run_dirs: Sequence[tuple[int, Path]]) -> Predictions | None:
    """Read the predictions of runs of one condition; None if they are not of the same images.

    Args:
        run_dirs: seed and directory of each run, at least one; the first `MAX_RUNS` are read.

    Raises:
        RecordError: a file is missing or damaged.
    """
    chosen = run_dirs[:MAX_RUNS]
    confidences, answers, truths = zip(
        *(_read(run_dir / records.PREDICTIONS) for _, run_dir in chosen), strict=True
    )
    labels = truths[0]
    if any(not np.array_equal(other, labels) for other in truths):
        return None
    confidence, predicted = np.stack(confidences), np.stack(answers).astype(np.uint8)
    right = predicted == labels
    return Predictions(
        seeds=tuple(seed for seed, _ in chosen),
        labels=labels.astype(int),
        predicted=predicted,
        ece=np.array(list(map(expected_calibration_error, confidence, right))),
    )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each image: the probability of the likeliest class, float16; that class; the true one."""
    try:
        arrays = read_arrays(path, MAX_BYTES)
        probabilities, labels = arrays["probabilities"], arrays["labels"]
        num_images, num_classes = probabilities.shape
        if probabilities.dtype.kind != "f" or not np.isfinite(probabilities).all():
            raise ValueError("probabilities must be finite")
        # Runs of former code have not stored it; half precision has ties that they did not have.
        predicted = arrays.get("predicted", probabilities.argmax(axis=1))
        for each in (labels, predicted):
            is_one_each = each.dtype.kind in "iu" and each.shape == (num_images,)
            if not is_one_each or not 0 <= each.min() <= each.max() < num_classes:
                raise ValueError(f"a class for each of {num_images} images, received {each.shape}")
    except (OSError, ValueError, KeyError) as error:
        raise cannot_read(path, f"it must hold `probabilities` and `labels` ({error})") from error
    return probabilities.max(axis=1), predicted, labels


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
