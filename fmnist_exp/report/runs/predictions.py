"""What the runs of a condition predict for each test image, as they have stored it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fmnist_exp.files import read_arrays
from fmnist_exp.report.statistics.images import (
    Reliability,
    brier_score,
    expected_calibration_error,
    reliability_curve,
)
from fmnist_exp.rundir import records
from fmnist_exp.rundir.records import cannot_read

MAX_RUNS = 30  # runs of a condition whose predictions are read; a page says so if there are more
MAX_BYTES = 200_000_000  # of a file; Fashion-MNIST takes 0.1 MB


@dataclass(frozen=True)
class Predictions:
    """The answers of the runs of one condition to the test images.

    Attributes:
        seeds: seed of each run.
        labels: int (num_images,); the true classes.
        predicted: uint8 (num_runs, num_images); the most probable classes.
        brier: float (num_runs,); Brier score.
        ece: float (num_runs,); expected calibration error.
        curve: the reliability diagram of all runs together.
    """

    seeds: tuple[int, ...]
    labels: np.ndarray
    predicted: np.ndarray
    brier: np.ndarray
    ece: np.ndarray
    curve: Reliability

    @property
    def correct(self) -> np.ndarray:
        """Bool (num_runs, num_images); which answers are right."""
        return self.predicted == self.labels

    @property
    def all_right(self) -> float:
        """Share of the images that all runs get right."""
        return float(self.correct.all(axis=0).mean())

    @property
    def none_right(self) -> float:
        """Share of the images that no run gets right."""
        return float((~self.correct).all(axis=0).mean())


def read_predictions(run_dirs: Sequence[tuple[int, Path]]) -> Predictions | None:
    """Read the predictions of runs of one condition; None if they are not of the same images.

    Args:
        run_dirs: seed and directory of each run, at least one; the first `MAX_RUNS` are read.

    Raises:
        RecordError: a file is missing or damaged.
    """
    chosen = run_dirs[:MAX_RUNS]
    stored = [_read(run_dir / records.PREDICTIONS) for _, run_dir in chosen]
    labels = stored[0].labels
    if any(not np.array_equal(other.labels, labels) for other in stored):
        return None
    confidence = np.stack([each.probabilities.max(axis=1) for each in stored])
    predicted = np.stack([each.predicted for each in stored]).astype(np.uint8)
    right = predicted == labels
    return Predictions(
        seeds=tuple(seed for seed, _ in chosen),
        labels=labels.astype(int),
        predicted=predicted,
        brier=np.array([brier_score(each.probabilities, labels) for each in stored]),
        ece=np.array(list(map(expected_calibration_error, confidence, right))),
        curve=reliability_curve(confidence.ravel(), right.ravel()),
    )


class _Stored(NamedTuple):
    """Probabilities float16 (num_images, num_classes); the rest uint8 (num_images,)."""

    probabilities: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray


def _read(path: Path) -> _Stored:
    try:
        arrays = read_arrays(path, MAX_BYTES)
        probabilities, labels = arrays["probabilities"], arrays["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise cannot_read(path, f"it must hold `probabilities` and `labels` ({error})") from error
    if (
        (probabilities.dtype.kind, probabilities.ndim) != ("f", 2)
        or not _are_classes(labels, probabilities)
        or not len(labels)
        or not np.isfinite(probabilities).all()
    ):
        raise cannot_read(
            path,
            "probabilities must be finite, one row for each label, one column for each class; "
            f"received {probabilities.shape} for {labels.shape}",
        )
    # Runs of former code have not stored it; half precision has ties that they did not have.
    predicted = arrays.get("predicted", probabilities.argmax(axis=1))
    if not _are_classes(predicted, probabilities):
        raise cannot_read(
            path,
            "predicted must hold a class for each label, received "
            f"{predicted.dtype} {predicted.shape} for {labels.shape}",
        )
    return _Stored(probabilities, labels, predicted)


def _are_classes(answers: np.ndarray, probabilities: np.ndarray) -> bool:
    """Whether an array has a class, as a column of the probabilities, for each of their rows."""
    num_images, num_classes = probabilities.shape
    is_one_each = answers.dtype.kind in "iu" and answers.shape == (num_images,)
    return is_one_each and bool((answers >= 0).all() and (answers < num_classes).all())


@dataclass(frozen=True)
class Agreement:
    """How far the runs of several conditions agree, image by image.

    Attributes:
        num_images: test images.
        always_wrong: indices of images that every run gets wrong, those first on whose wrong
            class the most runs agree.
        disputed: indices of images about which the runs disagree most.
    """

    num_images: int
    always_wrong: np.ndarray
    disputed: np.ndarray


def agreement(predictions: Iterable[Predictions]) -> Agreement | None:
    """Compare the answers of all runs; None if they are not to the same images."""
    answers = list(predictions)
    if len({each.labels.tobytes() for each in answers}) != 1:
        return None
    predicted = np.concatenate([each.predicted for each in answers])
    num_right = (predicted == answers[0].labels).sum(axis=0)
    commonest = commonest_share(predicted)
    wrong = np.flatnonzero(num_right == 0)
    mixed = np.flatnonzero((num_right > 0) & (num_right < len(predicted)))
    return Agreement(
        num_images=len(num_right),
        always_wrong=wrong[np.argsort(-commonest[wrong], kind="stable")],
        disputed=mixed[np.argsort(commonest[mixed], kind="stable")],
    )


def commonest_share(predicted: np.ndarray) -> np.ndarray:
    """Share of the runs that give each image its commonest answer.

    Args:
        predicted: int (num_runs, num_images); class indices.

    Returns:
        float (num_images,) in (0, 1].
    """
    counts = [(predicted == answer).sum(axis=0) for answer in range(int(predicted.max()) + 1)]
    return np.max(counts, axis=0) / len(predicted)
