"""One run from start to finish: read, train, measure, write; the record last."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fmnist_exp import files
from fmnist_exp.config.parsing import check_batch_size
from fmnist_exp.config.schema import RunConfig
from fmnist_exp.data import loading
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import Pruned, RecordError, StoreError
from fmnist_exp.run.provenance import check_imported_code, describe_machine, run_key
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.rundir.progress import remove_epochs
from fmnist_exp.rundir.records import EpochRow, RunRecord

if TYPE_CHECKING:
    from fmnist_exp.engine.training import FitResult

log = logging.getLogger(__name__)
OnEpoch = Callable[[EpochRow], None]


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


def run(
    config: RunConfig,
    run_dir: Path,
    choices: dict[str, str],
    *,
    figures: bool,
    store: Store | None = None,
    checkpoint_seconds: float = 30,
    threads: int | None = None,
    on_epoch: OnEpoch | None = None,
    prune_below: Sequence[float | None] = (),
) -> RunRecord:
    """Leave a complete run directory behind: trained, or reused if the same run was before.

    Args:
        config: the run.
        run_dir: where its files go.
        choices: config group -> chosen option, as the user spelled it.
        figures: whether to draw the curves and the confusion matrix.
        store: where finished runs are kept, and the state of unfinished ones; without it the run
            is trained from its beginning.
        checkpoint_seconds: least time between two saves of the state.
        threads: processor threads of the run; None for all.
        on_epoch: called after each epoch, as `EpochProgress.show`.
        prune_below: for each epoch from the first, the validation accuracy below which the run is
            given up, or None.

    Returns:
        The record, as written: `completed`, `diverged` if a loss or an answer is not finite, or
        `pruned` if the run was given up, which then is measured on no split and not kept.

    Raises:
        ConfigError: the config does not fit the data, or its engine this machine; nothing is
            recorded.
        DataError: the data are missing or damaged; nothing is recorded.
        RecordError: the run directory cannot be written.
        BaseException: whatever else goes wrong, after it was recorded as `failed` or, if the
            process was asked to stop, as `interrupted`.
    """
    config = settled(config)
    splits = loading.load(config.data)
    check_batch_size(config, len(splits.train))
    record = _blank_record(config, choices, splits, threads)
    task = _Task(config, splits, record, checkpoint_seconds, threads, on_epoch, prune_below)
    with working_in(run_dir, wait=True):
        return _run_in(run_dir, task, store, figures)


def _run_in(run_dir: Path, task: "_Task", store: Store | None, figures: bool) -> RunRecord:
    """Train or reuse, and write the record, of whatever end the run comes to."""
    try:
        _clear(run_dir)
        if store is None:
            record = task.train_into(run_dir, checkpoint=None)
        else:
            record = _train_once(task, store, run_dir)
        if figures:
            record = _with_figures(record, run_dir)
    except Pruned:
        return task.write_unfinished(run_dir, "pruned", error=None)
    except KeyboardInterrupt:
        with suppress(RecordError):  # a full disk must not keep a sweep from ending
            task.write_unfinished(run_dir, "interrupted", error=None)
        raise
    except BaseException as error:
        # Shown on the console by what follows: the traceback, or the end of this run in a sweep.
        log.debug("failed: %s: %s", type(error).__name__, error)
        details = {
            "type": type(error).__name__,
            "message": str(error),
            "traceback": traceback.format_exc(),
        }
        task.write_unfinished(run_dir, "failed", details)
        raise
    records.write_record(run_dir, record)
    return record


def _clear(run_dir: Path) -> None:
    """Remove the files of an earlier run in the same place, half-written ones too."""
    names = (records.RECORD, records.HISTORY, records.PREDICTIONS, records.CONFUSION_MATRIX)
    former = [run_dir / name for name in (*names, records.CLASSIFICATION_REPORT)]
    if any(path.exists() for path in former):  # a model in a folder of something else is not ours
        former += run_dir.glob("*_model.keras")
    former += [run_dir / records.FIGURES / name for name in records.RUN_FIGURES]
    former += run_dir.glob(files.TEMPORARIES)
    former += [*(run_dir / records.FIGURES).glob(files.TEMPORARIES)]
    try:
        for path in former:  # the record first
            path.unlink(missing_ok=True)
    except OSError as error:
        raise files.cannot_write(path, error) from error
    remove_epochs(run_dir)


def _train_once(task: "_Task", store: Store, run_dir: Path) -> RunRecord:
    """Train a run unless it is kept already; no two processes train one run.

    A store that cannot be read or written costs no run: it is trained without being kept.
    """
    run_key = task.record.run_key
    with ExitStack() as claim:
        try:
            claim.enter_context(store.claim(run_key))
            kept = store.find(run_key)
        except StoreError as error:
            log.warning("this run is trained without being kept: %s", error)
            return task.train_into(run_dir, checkpoint=None)
        if kept is not None:
            record = store.hand_out(kept, run_dir, task.record)
        else:
            try:
                record = task.train_into(run_dir, store.checkpoint(run_key))
            except Pruned:
                store.clear(run_key)
                raise
            try:
                store.keep(record, run_dir)
            except StoreError as error:
                log.warning("this run is complete but not kept: %s", error)
        store.clear(run_key)  # also what a process killed here has left
        return record


@dataclass
class _Task:
    """One run in the making: what is known of it so far."""

    config: RunConfig
    splits: DataSplits
    record: RunRecord
    checkpoint_seconds: float
    threads: int | None
    on_epoch: OnEpoch | None
    prune_below: Sequence[float | None]
    rows: list[EpochRow] = field(default_factory=list)
    watch: _Stopwatch = field(default_factory=_Stopwatch)

    def train_into(self, folder: Path, checkpoint: Path | None) -> RunRecord:
        """Train, measure and write every file but the record, which is returned."""
        with self.watch.part("import"):
            # TensorFlow takes seconds. All that is imported here is imported before the check.
            from fmnist_exp.engine import backend, evaluation, prediction, saving

            check_imported_code()
            backend.use_threads(self.threads)
        with self.watch.part("fit"):
            result = self._fit(checkpoint)
        with self.watch.part("evaluation"):
            probabilities = {
                name: prediction.predict_probabilities(
                    result.model, getattr(self.splits, name).images
                )
                for name in records.SPLITS
            }
        with self.watch.part("writing"):
            record = _with_results(self.record, result, probabilities, self.splits)
            tables.write_history(folder, self.rows)
            labels = self.splits.test.labels
            answers = probabilities["test"]
            tables.write_predictions(folder, answers, labels, loading.sha256_of_arrays(labels))
            matrix = evaluation.confusion_matrix(answers, labels)
            tables.write_confusion_matrix(folder, matrix, self.splits.class_names)
            tables.write_class_scores(folder, record.per_class)
            model_name = records.model_name(record.config)
            saving.write_model(folder / model_name, result.model)
            hashes = tables.hash_artifacts(folder, model_name)
        needs = {"model_needs_keras": saving.least_keras(self.config)}
        record = replace(record, provenance=record.provenance | needs)
        return replace(record, artifacts=hashes, timing_seconds=self.watch.parts())

    def write_unfinished(
        self, run_dir: Path, status: str, error: dict[str, str] | None
    ) -> RunRecord:
        """Leave what is known of a run that did not come to its end."""
        if self.rows:
            tables.write_history(run_dir, self.rows)
        record = replace(
            self.record,
            status=status,
            num_epochs=len(self.rows),
            timing_seconds=self.watch.parts(),
            error=error,
        )
        records.write_record(run_dir, record)
        return record

    def _fit(self, checkpoint: Path | None) -> "FitResult":
        from fmnist_exp.engine import training

        def on_epoch(row: EpochRow) -> None:
            self.rows.append(row)
            if self.on_epoch is not None:
                self.on_epoch(row)
            if is_hopeless(self.rows, self.prune_below):
                raise Pruned

        saving = None
        if checkpoint is not None:
            saving = training.Checkpoint(checkpoint, self.checkpoint_seconds)
        return training.fit(self.config, self.splits, on_epoch, saving)


def is_hopeless(rows: Sequence[EpochRow], prune_below: Sequence[float | None]) -> bool:
    """Whether the best epoch so far is below the limit; a diverging run is left to diverge.

    Args:
        rows: the epochs so far, at least one; keys as in `records.HISTORY_COLUMNS`.
        prune_below: for each epoch from the first, the limit or None.
    """
    limit = prune_below[len(rows) - 1] if len(rows) <= len(prune_below) else None
    losses = (rows[-1]["train_loss"], rows[-1]["validation_loss"])
    if limit is None or not np.isfinite(losses).all():
        return False
    return max(row["validation_accuracy"] for row in rows) < limit


def _blank_record(
    config: RunConfig, choices: dict[str, str], splits: DataSplits, threads: int | None
) -> RunRecord:
    provenance = describe_machine() | ({} if threads is None else {"threads": threads})
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
        provenance=provenance | {"data_sha256": splits.sha256, "data_source": splits.source},
        artifacts={},
        error=None,
        reused=False,
    )


def _with_results(
    record: RunRecord,
    result: "FitResult",
    probabilities: Mapping[str, np.ndarray],
    splits: DataSplits,
) -> RunRecord:
    from fmnist_exp.engine import evaluation  # scikit-learn takes a second

    metrics: dict[str, dict[str, float | None]] = {}
    diverged = result.diverged
    for name, predicted in probabilities.items():
        labels = getattr(splits, name).labels
        metrics[name] = {"loss": None, "accuracy": None}  # of answers that are no numbers
        if np.isfinite(predicted).all():
            metrics[name]["loss"] = evaluation.loss(predicted, labels)
            metrics[name]["accuracy"] = evaluation.accuracy(predicted, labels)
        else:
            diverged = True
    return replace(
        record,
        status="diverged" if diverged else "completed",
        metrics=metrics,
        per_class=evaluation.per_class(
            probabilities["test"], splits.test.labels, splits.class_names
        ),
        num_epochs=len(result.history),
        best_epoch=result.best_epoch,
        evaluated_epoch=result.evaluated_epoch,
        provenance=record.provenance | result.provenance,
    )


def _with_figures(record: RunRecord, run_dir: Path) -> RunRecord:
    """Draw the figures of a single run, and add them to what it has left."""
    hashes = {}
    for name in records.RUN_FIGURES:
        path = run_dir / records.FIGURES / name
        try:
            from fmnist_exp.report.charts import run_charts  # matplotlib takes a second

            run_charts.draw_run(run_dir, name)
            hashes[f"{records.FIGURES}/{name}"] = files.sha256_of(path)
        except Exception as error:  # whatever fonts and matplotlib do: the run is trained
            why = f"{type(error).__name__}: {error}".partition("\n")[0]
            log.warning("%s is left out, as it cannot be drawn (%s)", path, why)
    return replace(record, artifacts=record.artifacts | hashes)
