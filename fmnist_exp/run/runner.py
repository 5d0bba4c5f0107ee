"""One run from start to finish: read, train or reuse, measure, write; the record last."""

import logging
import math
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmnist_exp.config.parsing import check_batch_size
from fmnist_exp.config.schema import ExecutionConfig, RunConfig
from fmnist_exp.data import loading
from fmnist_exp.data.loading import DataSplits
from fmnist_exp.engine.choice import settled
from fmnist_exp.errors import Pruned, RecordError
from fmnist_exp.run import measuring
from fmnist_exp.run.provenance import check_imported_code, describe_machine, hash_of, key_parts
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.rundir.tables import Epoch

log = logging.getLogger(__name__)
OnEpoch = Callable[[Epoch, int], None]
ALONE = ExecutionConfig(reuse=False)


def run(
    config: RunConfig,
    run_dir: Path,
    choices: dict[str, str],
    execution: ExecutionConfig = ALONE,
    *,
    on_epoch: OnEpoch = lambda epoch, num_saved: None,
) -> RunRecord:
    """Leave a complete run directory behind: trained, or reused if the same run was before.

    Args:
        config: the run.
        run_dir: where its files go.
        choices: config group -> chosen option, as the user spelled it.
        execution: how it is carried out, with a store that can be found from here.
        on_epoch: called with each epoch, as soon as it has ended, and 0; first with those of a
            saved state, and how many these are. It may raise `Pruned`.

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
    splits = loading.load(config.own_data)
    check_batch_size(config, len(splits.train))
    task = _Task(config, splits, _begun(config, choices, splits, execution), execution, on_epoch)
    with working_in(run_dir, wait=True):
        try:
            records.clear(run_dir)
            record = _train_once(task, run_dir)
        except BaseException as error:
            # What follows shows it: a traceback, or the end of this run in a sweep.
            what = f"failed: {type(error).__name__}: {error}"
            log.debug("%s", "interrupted" if isinstance(error, KeyboardInterrupt) else what)
            with suppress(RecordError):  # a full disk must not keep a sweep from ending
                records.write_record(run_dir, task.unfinished(run_dir, error))
            raise
        records.write_record(run_dir, record)
    return record


def is_hopeless(epochs: Sequence[Epoch], prune_below: Mapping[int, float]) -> bool:
    """Whether the best epoch so far is below the limit; a diverging run is left to diverge.

    Args:
        epochs: the epochs so far, at least one.
        prune_below: number of an epoch -> the limit, if it has one.
    """
    best = max(each.validation_accuracy for each in epochs)
    losses = (epochs[-1].train_loss, epochs[-1].validation_loss)
    return best < prune_below.get(len(epochs), 0) and all(map(math.isfinite, losses))


def _train_once(task: "_Task", run_dir: Path) -> RunRecord:
    """Train a run unless it is kept already; no two processes train one run.

    A store that cannot be read or written costs no run: it is trained without being kept.
    """
    if not task.execution.reuse:
        return task.train_into(run_dir)
    store, run_key = Store(Path(task.execution.store)), task.record.run_key
    with ExitStack() as claim:
        try:
            claim.enter_context(store.claim(run_key))
            kept = store.find(run_key)
        except RecordError as error:
            log.warning("this run is trained without being kept: %s", error)
            return task.train_into(run_dir)
        if kept is not None:
            record = store.hand_out(kept, run_dir, task.record)
        else:
            record = task.train_into(run_dir, store.checkpoint(run_key))
            if record.status in records.FINISHED:
                store.keep(record, run_dir)
        store.clear(run_key)  # also what a process killed here has left
        return record


@dataclass
class _Task:
    """One run in the making: what is known of it so far."""

    config: RunConfig
    splits: DataSplits
    record: RunRecord
    execution: ExecutionConfig
    on_epoch: OnEpoch
    epochs: list[Epoch] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def train_into(self, run_dir: Path, state: Path | None = None) -> RunRecord:
        """Train, measure and write every file but the record, which is returned.

        The state between two epochs is saved in the file `state`, if there is one.
        """
        # TensorFlow takes seconds. All that is imported here is imported before the check.
        from fmnist_exp.engine import backend, checkpoints, evaluation, models, training  # noqa: F401
        from fmnist_exp.engine.signal_of_model import initial_signal

        check_imported_code()
        backend.use_threads(self.execution.threads_per_run)
        seconds = self.execution.checkpoint_seconds
        checkpointer = checkpoints.Checkpointer(state, seconds) if state else None
        begun = time.perf_counter()

        def end_epoch(epoch: Epoch) -> None:
            self.epochs.append(epoch)
            saved = checkpointer.found if checkpointer else None  # None once it is put back
            self.on_epoch(epoch, len(saved[0]) if saved else 0)

        def start(model: Any) -> None:
            layers = initial_signal(model, self.config.model, self.splits.train)
            tables.write_signal(run_dir, layers)

        try:
            result = training.fit(self.config, self.splits, end_epoch, checkpointer, start)
        except Pruned as pruned:
            return self.unfinished(run_dir, pruned)
        trained = time.perf_counter()
        record = measuring.leave_results(run_dir, self.record, result, self.splits)
        ended = time.perf_counter()
        needs = {"model_needs_keras": models.least_keras(self.config)}
        parts = {"fit": trained - begun, "evaluation": ended - trained}
        return record.replaced(
            provenance=record.provenance | needs,
            timing_seconds=parts | {"total": ended - self.started},
        )

    def unfinished(self, run_dir: Path, error: BaseException) -> RunRecord:
        """The record of a run that did not come to its end; its epochs are written."""
        if self.epochs:
            tables.write_history(run_dir, self.epochs)
        seconds = {"total": time.perf_counter() - self.started}
        record = self.record.replaced(num_epochs=len(self.epochs), timing_seconds=seconds)
        if isinstance(error, Pruned):
            return record.replaced(status="pruned")
        if isinstance(error, KeyboardInterrupt):
            return record  # as it was begun: interrupted
        kind, trace = type(error).__name__, "".join(traceback.format_exception(error))
        known = {"type": kind, "message": str(error), "traceback": trace}
        return record.replaced(status="failed", error=known)


def _begun(
    config: RunConfig, choices: dict[str, str], splits: DataSplits, execution: ExecutionConfig
) -> RunRecord:
    """The record of a run that has not come to its end."""
    parts = key_parts(config, splits.sha256)
    data = {"data_sha256": splits.sha256, "data_source": splits.source, "data_name": splits.name}
    provenance = describe_machine() | data
    if execution.threads_per_run is not None:
        provenance["threads"] = execution.threads_per_run
    return RunRecord(
        schema_version=records.SCHEMA_VERSION,
        status="interrupted",
        run_key=hash_of(parts),
        key_parts=parts,
        seed=config.seed,
        choices=choices,
        config=config.plain(),
        note=execution.note,
        tags=list(execution.tags),
        class_names=list(splits.class_names),
        provenance=provenance,
    )
