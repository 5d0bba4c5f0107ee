"""What the runs of a condition predict for each test image, as they have stored it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fmnist_exp.files import read_arrays
from fmnist_exp.report.statistics import correctness, reliability
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
    curve: reliability.Reliability

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
        brier=np.array([reliability.brier_score(each.probabilities, labels) for each in stored]),
        ece=np.array(list(map(reliability.expected_calibration_error, confidence, right))),
        curve=reliability.reliability_curve(confidence.ravel(), right.ravel()),
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
        or labels.dtype.kind not in "iu"
        or labels.shape != probabilities.shape[:1]
        or not len(labels)
        or not (labels.min() >= 0 and labels.max() < probabilities.shape[1])
        or not np.isfinite(probabilities).all()
    ):
        raise cannot_read(
            path,
            "probabilities must be finite, one row for each label, one column for each class; "
            f"received {probabilities.shape} for {labels.shape}",
        )
    # Runs of former code have not stored it; half precision has ties that they did not have.
    predicted = arrays.get("predicted", probabilities.argmax(axis=1))
    if (
        predicted.dtype.kind not in "iu"
        or predicted.shape != labels.shape
        or not (predicted.min() >= 0 and predicted.max() < probabilities.shape[1])
    ):
        raise cannot_read(
            path,
            "predicted must hold a class for each label, received "
            f"{predicted.dtype} {predicted.shape} for {labels.shape}",
        )
    return _Stored(probabilities, labels, predicted)


@dataclass(frozen=True)
class Agreement:
    """How far the runs of several conditions agree, image by image.

    Attributes:
        share_right: float (num_images,); share of all runs that are right about each image.
        all_right: condition -> share of the images that all its runs get right.
        none_right: condition -> share of the images that none of its runs gets right.
        std: condition -> SD of the accuracy of its runs; NaN for one run.
        independent_std: condition -> the same, if every image were answered on its own.
        always_wrong: indices of images that every run gets wrong, those first on whose wrong
            class the most runs agree.
        disputed: indices of images about which the runs disagree most.
    """

    share_right: np.ndarray
    all_right: dict[str, float]
    none_right: dict[str, float]
    std: dict[str, float]
    independent_std: dict[str, float]
    always_wrong: np.ndarray
    disputed: np.ndarray


def agreement(predictions: dict[str, Predictions]) -> Agreement:
    """Compare the answers of all runs; every condition must have the same images."""
    correct = {name: each.correct for name, each in predictions.items()}
    share = np.concatenate(list(correct.values())).mean(axis=0)
    commonest = commonest_share(np.concatenate([each.predicted for each in predictions.values()]))
    wrong = np.flatnonzero(share == 0)
    mixed = np.flatnonzero((share > 0) & (share < 1))
    return Agreement(
        share_right=share,
        all_right={name: float(right.all(axis=0).mean()) for name, right in correct.items()},
        none_right={name: float((~right).all(axis=0).mean()) for name, right in correct.items()},
        std={
            name: float(right.mean(axis=1).std(ddof=1)) if len(right) > 1 else float("nan")
            for name, right in correct.items()
        },
        independent_std={
            name: correctness.independent_error_std(right) for name, right in correct.items()
        },
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
