"""What is measured on a trained model, and the files that a finished run leaves."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fmnist_exp.data.loading import DataSplits
from fmnist_exp.files import sha256_of
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.records import RunRecord

if TYPE_CHECKING:
    from fmnist_exp.engine.training import FitResult  # TensorFlow takes seconds


def metrics(answers: np.ndarray, labels: np.ndarray) -> dict[str, float | None]:
    """Loss and accuracy, as a record has them of a split; None if an answer is not finite.

    Args:
        answers: float (num_examples, num_classes); probabilities.
        labels: int (num_examples,); class indices.
    """
    from fmnist_exp.engine import evaluation

    is_finite = np.isfinite(answers).all()
    return {
        metric: getattr(evaluation, metric)(answers, labels) if is_finite else None
        for metric in records.METRICS
    }


def leave_results(
    folder: Path, record: RunRecord, result: "FitResult", splits: DataSplits
) -> RunRecord:
    """Measure a trained model, and write every file of a finished run but its record.

    Args:
        folder: where the files go.
        record: what was known before the training.
        result: the trained model, and how it came about.
        splits: the data; of the test split this is the only use.

    Returns:
        The record with what was measured; `diverged` if a loss or an answer is not finite.

    Raises:
        RecordError: a file cannot be written.
    """
    from fmnist_exp.engine import evaluation, models

    measured = {}
    for name in records.SPLITS:
        split = getattr(splits, name)
        answers = models.predict_probabilities(result.model, split.images)
        measured[name] = metrics(answers, split.labels)
    diverged = result.diverged or any(each["loss"] is None for each in measured.values())
    labels, class_names = splits.test.labels, splits.class_names  # as `answers`, the last ones
    per_class = evaluation.per_class(answers, labels, class_names)
    model_name = records.model_name(record.config)
    tables.write_history(folder, result.history)
    tables.write_predictions(folder, answers, labels)
    tables.write_confusion_matrix(folder, evaluation.confusion_matrix(answers, labels), class_names)
    tables.write_class_scores(folder, per_class)
    models.write_model(folder / model_name, result.model)
    return record.replaced(
        status="diverged" if diverged else "completed",
        metrics=measured,
        per_class=per_class,
        num_epochs=len(result.history),
        best_epoch=result.best_epoch,
        evaluated_epoch=result.evaluated_epoch,
        provenance=record.provenance | result.provenance,
        artifacts={name: sha256_of(folder / name) for name in (*records.RESULTS, model_name)},
    )
