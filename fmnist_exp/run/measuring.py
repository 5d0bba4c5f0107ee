"""What is measured on a trained model, and the files that a finished run leaves."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fmnist_exp.data.loading import DataSplits, sha256_of_arrays
from fmnist_exp.files import sha256_of
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.records import RunRecord, Table

if TYPE_CHECKING:
    from fmnist_exp.engine.training import FitResult  # TensorFlow takes seconds

log = logging.getLogger(__name__)
Draw = Callable[[Path, str], None]  # draws one of `records.RUN_FIGURES` of a run directory


def measured(
    record: RunRecord, result: "FitResult", splits: DataSplits
) -> tuple[RunRecord, np.ndarray]:
    """Measure a trained model on all splits; of the test split this is the only use.

    Args:
        record: what was known before the training.
        result: the trained model, and how it came about.
        splits: the data.

    Returns:
        The record with what was measured; `diverged` if a loss or an answer is not finite. And
        the answers to the test images, probabilities float (num_test, num_classes).
    """
    from fmnist_exp.engine import evaluation, prediction

    metrics: Table = {}
    diverged = result.diverged
    for name in records.SPLITS:
        split = getattr(splits, name)
        answers = prediction.predict_probabilities(result.model, split.images)
        metrics[name] = dict.fromkeys(records.METRICS)
        if np.isfinite(answers).all():
            metrics[name]["loss"] = evaluation.loss(answers, split.labels)
            metrics[name]["accuracy"] = evaluation.accuracy(answers, split.labels)
        else:
            diverged = True
    record = record.replaced(
        status="diverged" if diverged else "completed",
        metrics=metrics,
        per_class=evaluation.per_class(answers, splits.test.labels, splits.class_names),
        num_epochs=len(result.history),
        best_epoch=result.best_epoch,
        evaluated_epoch=result.evaluated_epoch,
        provenance=record.provenance | result.provenance,
    )
    return record, answers


def write_results(
    folder: Path, record: RunRecord, result: "FitResult", answers: np.ndarray, splits: DataSplits
) -> dict[str, str]:
    """Write every file of a finished run but its record.

    Args:
        folder: where they go.
        record: as from `measured`, like `answers`.
        result: the trained model and its history.
        answers: float (num_test, num_classes); probabilities for the test images.
        splits: the data.

    Returns:
        File name -> sha256 of its bytes.

    Raises:
        RecordError: a file cannot be written.
    """
    from fmnist_exp.engine import evaluation, saving

    labels, class_names = splits.test.labels, splits.class_names
    tables.write_history(folder, result.history)
    tables.write_predictions(folder, answers, labels, sha256_of_arrays(labels))
    matrix = evaluation.confusion_matrix(answers, labels)
    tables.write_confusion_matrix(folder, matrix, class_names)
    tables.write_class_scores(folder, record.per_class)
    model_name = records.model_name(record.config)
    saving.write_model(folder / model_name, result.model)
    return tables.hash_results(folder, model_name)


def with_figures(record: RunRecord, run_dir: Path, draw: Draw) -> RunRecord:
    """Draw the figures of a run, and add them to what it has left."""
    hashes = {}
    for name in records.RUN_FIGURES:
        path = run_dir / records.FIGURES / name
        try:
            draw(run_dir, name)
            hashes[f"{records.FIGURES}/{name}"] = sha256_of(path)
        except Exception as error:  # whatever fonts and matplotlib do: the run is trained
            why = f"{type(error).__name__}: {error}".partition("\n")[0]
            log.warning("%s is left out, as it cannot be drawn (%s)", path, why)
    return record.replaced(artifacts=record.artifacts | hashes)
