"""A sweep in MLflow: a run for the sweep, with a child for each of its runs.

A sweep is known by the path of its directory, a child by its place there and the hash of its
record. The hash is noted last: a run without it was cut off, and is deleted and exported again.
Children whose parent was deleted are given the new one.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlflow.entities import LoggedModelOutput, ViewType
from mlflow.entities import Run as Tracked
from mlflow.utils import mlflow_tags

from fmnist_exp.errors import RecordError
from fmnist_exp.exporting.mlflow_content import metrics_of, name_of_model, params_of, write_model
from fmnist_exp.exporting.mlflow_server import FAILURES, connected, in_a_line, without_password
from fmnist_exp.exporting.shared import OPTIONS, Shared, ended, files_of, model_of
from fmnist_exp.files import sha256_of
from fmnist_exp.report.page.build import title_of
from fmnist_exp.report.page.rendering import escape_markdown
from fmnist_exp.report.runs.run import Run
from fmnist_exp.rundir import plan, records

SWEEP, PLACE, CONTENT = (f"fmnist_exp.{name}" for name in ("sweep", "place", "content"))
MAX_PARAMS, MAX_METRICS = 100, 1000  # of a request; MLflow, REST API, Log Batch
STATUS = {"failed": "FAILED", "interrupted": "KILLED", "pruned": "KILLED"}  # others: FINISHED


@dataclass
class Outcome:
    """What has become of an export.

    Attributes:
        exported: how many runs are there now that were not.
        kept: how many were there already.
        failed: run that was not exported -> why.
        others: runs that are there, and not in the sweep any more.
    """

    exported: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


class Exporter:
    """Exports one sweep to one server."""

    def __init__(self, shared: Shared, uri: str) -> None:
        """Find the experiment, or make it.

        Args:
            shared: the sweep.
            uri: of the server, or of a database such as sqlite:///mlflow.db.

        Raises:
            RecordError: there is no such server, or it refuses.
        """
        self._shared, self._uri = shared, uri
        self._sweep = hashlib.sha256(str(shared.folder).encode()).hexdigest()
        self._client, self._experiment = connected(uri)

    def export(self, write_report: Callable[[Path], object]) -> Outcome:
        """Export the sweep; what is there already stays as it is.

        Args:
            write_report: writes the report of the sweep into a directory; called if it is needed.
        """
        outcome = Outcome()
        runs = self._shared.study.runs
        try:
            former = self._found()
            parent = self._parent(former.get("", []), write_report)
        except FAILURES as error:
            why = in_a_line(error)
            outcome.failed = {self._shared.place(run): why for run in runs}
            return outcome
        places = {self._shared.place(run): run for run in runs}
        outcome.others = sorted(former.keys() - places.keys() - {""})
        lost = ""
        for place, run in places.items():
            try:
                if lost:
                    raise RecordError(f"not tried: {lost}")
                is_new = self._child(run, parent, former.get(place, []))
                outcome.exported += is_new
                outcome.kept += not is_new
            except FAILURES as error:
                outcome.failed[place] = in_a_line(error)
                lost = lost or self._lost()
        return outcome

    def _lost(self) -> str:
        """Why the server cannot be used any more; empty if it can."""
        try:
            self._client.get_experiment(self._experiment)
        except FAILURES:
            return f"{without_password(self._uri)} does not answer any more"
        return ""

    def _found(self) -> dict[str, list[Tracked]]:
        """Runs of this sweep that are there, by their place; that of the sweep itself is empty."""
        condition = f"tags.`{SWEEP}` = '{self._sweep}'"
        found: dict[str, list[Tracked]] = {}
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], condition, ViewType.ACTIVE_ONLY, page_token=token
            )
            for each in page:
                found.setdefault(each.data.tags.get(PLACE, ""), []).append(each)
            token = page.token
            if not token:
                return found

    def _parent(self, former: list[Tracked], write_report: Callable[[Path], object]) -> str:
        """The run of the sweep, made or brought up to date; its id."""
        shared = self._shared
        hashes = [sha256_of(run.path / records.RECORD) for run in shared.study.runs]
        content = hashlib.sha256("".join([*hashes, *shared.study.unfinished]).encode()).hexdigest()
        if former and former[0].data.tags.get(CONTENT) == content:
            return str(former[0].info.run_id)
        answer = [f"**{escape_markdown(title_of(shared.findings))}**", ""]
        answer += [escape_markdown(shared.answer.first), ""]
        answer += [f"- {escape_markdown(line)}" for line in shared.answer.lines]
        tags = {
            SWEEP: self._sweep,
            mlflow_tags.MLFLOW_RUN_NAME: "_".join(shared.folder.parts[-2:]),
            mlflow_tags.MLFLOW_RUN_NOTE: "\n".join(answer),
            "fmnist_exp.command": shared.command(OPTIONS) or "not known",
        }
        parent = former[0].info.run_id if former else self._made(tags, min(self._ends()))
        for name, value in tags.items():
            self._client.set_tag(parent, name, value)
        with tempfile.TemporaryDirectory() as report:
            write_report(Path(report))
            for path in sorted(Path(report).glob("*.*")):  # figures are in index.html
                self._client.log_artifact(parent, str(path), "report")
        for name in (plan.STUDY, plan.FOLDER):
            if (shared.folder / name).exists():
                self._client.log_artifact(parent, str(shared.folder / name))
        for path, name in shared.own_options.items():
            self._client.log_artifact(parent, str(path), str(Path(OPTIONS, name).parent))
        self._client.set_terminated(parent, "FINISHED", round(1000 * max(self._ends())))
        self._client.set_tag(parent, CONTENT, content)
        return parent

    def _ends(self) -> list[float]:
        """When each run ended, in seconds."""
        return [ended(run) for run in self._shared.study.runs]

    def _made(self, tags: Mapping[str, str], start: float) -> str:
        """A new run; its id."""
        known = {name: value for name, value in tags.items() if value}
        made = self._client.create_run(self._experiment, round(1000 * start), known)
        return str(made.info.run_id)

    def _child(self, run: Run, parent: str, former: list[Tracked]) -> bool:
        """Export a run, in the place of what is there of it; whether that was needed."""
        content = sha256_of(run.path / records.RECORD)
        if [each.data.tags.get(CONTENT) for each in former] == [content]:
            if former[0].data.tags.get(mlflow_tags.MLFLOW_PARENT_RUN_ID) != parent:
                self._client.set_tag(
                    former[0].info.run_id, mlflow_tags.MLFLOW_PARENT_RUN_ID, parent
                )
            return False
        files = list(files_of(run))  # checked before anything is sent
        for each in former:
            self._delete(each)
        record, end = run.record, ended(run)
        condition = self._shared.conditions[run.path]
        tags = {
            mlflow_tags.MLFLOW_PARENT_RUN_ID: parent,
            mlflow_tags.MLFLOW_RUN_NAME: f"{condition.label}, seed {record.seeds}",
            SWEEP: self._sweep,
            PLACE: self._shared.place(run),
            "fmnist_exp.run_key": record.run_key,
            "fmnist_exp.status": record.status,
            "fmnist_exp.condition": condition.label,
            "fmnist_exp.tags": ", ".join(record.tags),
            mlflow_tags.MLFLOW_RUN_NOTE: record.note or "",
            mlflow_tags.MLFLOW_GIT_COMMIT: str(record.provenance.get("git_commit") or "unknown"),
        }
        child = self._made(tags, end - record.timing_seconds.get("total", 0.0))
        params, metrics = params_of(run, condition), list(metrics_of(run, end))
        for first in range(0, len(params), MAX_PARAMS):
            self._client.log_batch(child, params=params[first : first + MAX_PARAMS])
        for first in range(0, len(metrics), MAX_METRICS):
            self._client.log_batch(child, metrics=metrics[first : first + MAX_METRICS])
        for path in files:
            folder = path.relative_to(run.path).parent.as_posix()
            self._client.log_artifact(child, str(path), None if folder == "." else folder)
        if model_of(run):
            self._log_model(run, child)
        self._client.set_terminated(child, STATUS.get(record.status, "FINISHED"), round(1000 * end))
        self._client.set_tag(child, CONTENT, content)
        return True

    def _log_model(self, run: Run, child: str) -> None:
        """Export the model of a run, tied to the run."""
        made = self._client.create_logged_model(
            self._experiment, name_of_model(run), source_run_id=child
        )
        with tempfile.TemporaryDirectory() as temporary:
            write_model(run, Path(temporary), made.model_id, child)
            self._client.log_model_artifacts(made.model_id, temporary)
        self._client.finalize_logged_model(made.model_id, "READY")
        step = run.record.evaluated_epoch or run.record.num_epochs
        self._client.log_outputs(child, [LoggedModelOutput(made.model_id, step)])

    def _delete(self, former: Tracked) -> None:
        """Delete a run and its models."""
        run_id = former.info.run_id
        for each in self._client.search_logged_models(
            [self._experiment], f"source_run_id = '{run_id}'"
        ):
            self._client.delete_logged_model(each.model_id)
        self._client.delete_run(run_id)
