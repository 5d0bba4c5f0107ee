"""One run from start to finish: read, train, measure, write; the record last."""

import csv
import io
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fmnist_exp import data, records
from fmnist_exp.config import RunConfig, check_batch_size
from fmnist_exp.data import DataSplits
from fmnist_exp.progress import EpochProgress
from fmnist_exp.provenance import describe_machine, run_key
from fmnist_exp.records import RunRecord, write_text

if TYPE_CHECKING:
    from fmnist_exp.training import FitResult

EpochRow = dict[str, float]  # keys as in records.HISTORY_COLUMNS


@dataclass
class _Stopwatch:
    """Seconds spent in each part of a run."""

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - begun

    def parts(self) -> dict[str, float]:
        return self.seconds | {"total": time.perf_counter() - self.started}


def run(config: RunConfig, run_dir: Path, choices: dict[str, str], *, figures: bool) -> RunRecord:
    """Train and measure one configuration, and leave a complete run directory behind.

    Args:
        config: the run.
        run_dir: where its files go.
        choices: config group -> chosen option, as the user spelled it.
        figures: whether to draw the curves and the confusion matrix.

    Returns:
        The record, as written: `completed`, or `diverged` if a loss or an answer is not finite.

    Raises:
        ConfigError: the config does not fit the data; nothing is recorded.
        DataError: the data are missing or damaged; nothing is recorded.
        RecordError: the run directory cannot be written.
        Exception: whatever else goes wrong, after it was recorded as `failed`.
    """
    watch = _Stopwatch()
    with watch.part("data"):
        splits = data.load(config.data)
    check_batch_size(config, len(splits.train))
    record = _blank_record(config, choices, splits)
    (run_dir / records.RECORD).unlink(missing_ok=True)  # of an earlier run in the same place
    rows: list[EpochRow] = []
    try:
        result, probabilities = _train(config, splits, rows, watch)
        with watch.part("writing"):
            record = _with_results(record, result, probabilities, splits)
            _write_results(run_dir, record, result, probabilities["test"], splits)
            if figures:
                _draw(run_dir)
            record = replace(record, artifacts=_hash_artifacts(run_dir, record))
    except KeyboardInterrupt:
        _write_unfinished(run_dir, replace(record, status="interrupted"), rows, watch)
        raise
    except Exception as error:
        details = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": traceback.format_exc(),
        }
        _write_unfinished(run_dir, replace(record, status="failed", error=details), rows, watch)
        raise
    record = replace(record, timing_seconds=watch.parts())
    records.write_record(run_dir, record)
    return record


def _blank_record(config: RunConfig, choices: dict[str, str], splits: DataSplits) -> RunRecord:
    return RunRecord(
        schema_version=records.SCHEMA_VERSION,
        status="interrupted",
        run_key=run_key(config, splits.sha256),
        seed=config.seed,
        choices=choices,
        config=asdict(config),
        class_names=list(splits.class_names),
        metrics={},
        per_class={},
        num_epochs=0,
        best_epoch=None,
        evaluated_epoch=None,
        timing_seconds={},
        provenance=describe_machine()
        | {"data_sha256": splits.sha256, "data_source": splits.source},
        artifacts={},
        error=None,
    )


def _train(
    config: RunConfig, splits: DataSplits, rows: list[EpochRow], watch: _Stopwatch
) -> tuple["FitResult", dict[str, np.ndarray]]:
    """The trained model and its probabilities for every split; `rows` grows with every epoch."""
    with watch.part("import"):
        from fmnist_exp import prediction, training  # import TensorFlow, which takes seconds
    with watch.part("fit"), EpochProgress(config.training.epochs) as progress:

        def on_epoch(row: EpochRow) -> None:
            rows.append(row)
            progress.show(row)

        result = training.fit(config, splits, on_epoch)
    with watch.part("evaluation"):
        probabilities = {
            name: prediction.predict_probabilities(result.model, getattr(splits, name).images)
            for name in records.SPLITS
        }
    return result, probabilities


def _write_unfinished(
    run_dir: Path, record: RunRecord, rows: Sequence[EpochRow], watch: _Stopwatch
) -> None:
    """Leave what is known of a run that did not come to its end."""
    if rows:
        _write_history(run_dir, rows)
    record = replace(
        record,
        metrics={},
        per_class={},
        num_epochs=len(rows),
        best_epoch=None,
        evaluated_epoch=None,
        timing_seconds=watch.parts(),
    )
    records.write_record(run_dir, record)


def _with_results(
    record: RunRecord,
    result: "FitResult",
    probabilities: Mapping[str, np.ndarray],
    splits: DataSplits,
) -> RunRecord:
    from fmnist_exp import evaluation  # scikit-learn takes a second

    metrics: dict[str, dict[str, float | None]] = {}
    for name, predicted in probabilities.items():
        labels = getattr(splits, name).labels
        metrics[name] = {
            "loss": evaluation.loss(predicted, labels),
            "accuracy": evaluation.accuracy(predicted, labels),
        }
    finite = all(np.isfinite(predicted).all() for predicted in probabilities.values())
    return replace(
        record,
        status="completed" if finite and not result.diverged else "diverged",
        metrics=metrics,
        per_class=evaluation.per_class(
            probabilities["test"], splits.test.labels, splits.class_names
        ),
        num_epochs=len(result.history),
        best_epoch=result.best_epoch,
        evaluated_epoch=result.evaluated_epoch,
    )


def _write_results(
    run_dir: Path,
    record: RunRecord,
    result: "FitResult",
    probabilities: np.ndarray,
    splits: DataSplits,
) -> None:
    """Write every file of a run directory but the figures and the record."""
    from fmnist_exp import evaluation

    _write_history(run_dir, result.history)
    records.write_atomically(
        run_dir / records.PREDICTIONS,
        lambda file: np.savez_compressed(
            file,
            probabilities=probabilities.astype(np.float16),
            labels=splits.test.labels.astype(np.uint8),
            labels_sha256=data.sha256_of_arrays(splits.test.labels),
        ),
    )
    matrix = evaluation.confusion_matrix(probabilities, splits.test.labels)
    counts = [[name, *row] for name, row in zip(splits.class_names, matrix.tolist(), strict=True)]
    header = ["true \\ predicted", *splits.class_names]
    write_text(run_dir / records.CONFUSION_MATRIX, _csv([header, *counts]))
    columns = ["precision", "recall", "f1", "support"]
    report = [[name, *(row[c] for c in columns)] for name, row in record.per_class.items()]
    write_text(run_dir / records.CLASSIFICATION_REPORT, _csv([["class", *columns], *report]))
    with records.atomic_path(run_dir / records.model_name(record.choices)) as path:
        result.model.save(path)


def _write_history(run_dir: Path, rows: Sequence[EpochRow]) -> None:
    values = [[row[name] for name in records.HISTORY_COLUMNS] for row in rows]
    write_text(run_dir / records.HISTORY, _csv([records.HISTORY_COLUMNS, *values]))


def _draw(run_dir: Path) -> None:
    from fmnist_exp.report.charts import run_charts  # matplotlib takes a second

    run_charts.draw_run(run_dir)


def _hash_artifacts(run_dir: Path, record: RunRecord) -> dict[str, str]:
    names = [
        records.HISTORY,
        records.PREDICTIONS,
        records.CONFUSION_MATRIX,
        records.CLASSIFICATION_REPORT,
        records.model_name(record.choices),
        *(f"{records.FIGURES}/{path.name}" for path in sorted((run_dir / "figures").glob("*.png"))),
    ]
    return {name: records.sha256_of(run_dir / name) for name in names}


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
