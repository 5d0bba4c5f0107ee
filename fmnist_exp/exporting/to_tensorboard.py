"""A sweep as event files of TensorBoard: scalars, hyperparameters, confusion matrices.

Written with TensorBoard's own protocol buffers, without TensorFlow. Each run has one file of a
fixed name, so that a second export replaces the first.

Source:
    The events and the hyperparameters of a session: event.proto, summary.proto and the plugin
    hparams (api.proto, plugin_data.proto) of TensorBoard 2.21.
"""

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from fmnist_exp.exporting.shared import Shared, ended
from fmnist_exp.files import write_bytes
from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.run_charts import confusion_of
from fmnist_exp.report.runs import conditions, differing
from fmnist_exp.report.runs.run import METRICS, Run
from fmnist_exp.rundir import records

EVENTS = "events.out.tfevents.0.fmnist_exp"  # TensorBoard reads what has tfevents in its name
VERSION = "brain.Event:2"  # of the format, in the first event of each file
TAGS = {
    "train_loss": "loss/train",
    "validation_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "validation_accuracy": "accuracy/validation",
    "learning_rate": "learning_rate",
}  # column of history.csv -> its tag
FINAL = {name: f"final/{name}" for name in METRICS}  # of the saved weights
CONFUSION = "confusion_matrix"
Hparams = dict[str, dict[Path, str]]  # key that differs -> directory of a run -> value


def write_events(shared: Shared, out: Path) -> list[Path]:
    """Write a folder that `tensorboard --logdir` shows.

    Args:
        shared: the sweep.
        out: the folder.

    Returns:
        Files of former exports to the folder that are of no run of this sweep; left as they are.

    Raises:
        RecordError: a file of a run cannot be read, or `out` cannot be written.
    """
    varied = hparams_of(shared)
    ends = {run.path: ended(run) for run in shared.study.runs}
    columns = {key: _typed(values) for key, values in varied.items()}
    of_runs = {run.path: out / shared.place(run) / EVENTS for run in shared.study.runs}
    _write(out / EVENTS, [(min(ends.values()), 0, _experiment(columns, shared))])
    for run in shared.study.runs:
        values = {key: column[run.path] for key, column in columns.items()}
        _write(of_runs[run.path], _events(run, values, ends[run.path]))
    return sorted({*out.rglob(EVENTS)} - {out / EVENTS, *of_runs.values()})


def hparams_of(shared: Shared) -> Hparams:
    """What differs between runs: factors, the keys that follow them, and the seed."""
    study = shared.study
    configs = [each.config for each in study.conditions]
    keys = list(differing.differences(configs, study.keys)) or list(study.keys)
    found = {
        conditions.column(key): {
            run.path: shared.conditions[run.path].config.get(key, "") for run in study.runs
        }
        for key in keys
    }
    return found | {"seed": {run.path: str(run.record.seed) for run in study.runs}}


def _typed(values: Mapping[Path, str]) -> dict[Path, float] | dict[Path, str]:
    """The values as numbers if all of them are."""
    numbers = {path: conditions.number(text) for path, text in values.items()}
    known = {path: value for path, value in numbers.items() if value is not None}
    return known if len(known) == len(values) else dict(values)


def _experiment(columns: Mapping[str, Mapping[Path, float | str]], shared: Shared) -> Summary:
    """Which hyperparameters and metrics the runs have."""
    kinds = {float: api_pb2.DATA_TYPE_FLOAT64, str: api_pb2.DATA_TYPE_STRING}
    infos = [
        api_pb2.HParamInfo(name=key, type=kinds[type(next(iter(values.values())))])
        for key, values in columns.items()
    ]
    measured = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=name)
        for name, tag in FINAL.items()
    ]
    experiment = api_pb2.Experiment(
        description=shared.answer.first, hparam_infos=infos, metric_infos=measured
    )
    data = plugin_data_pb2.HParamsPluginData(experiment=experiment)
    return _of_hparams(metadata.EXPERIMENT_TAG, data)


def _events(
    run: Run, values: Mapping[str, float | str], end: float
) -> Iterator[tuple[float, int, Summary]]:
    """Time in seconds, step and content of each event of a run; a step is an epoch."""
    start = end - run.record.timing_seconds.get("total", 0.0)
    yield start, 0, _start(values, start)
    time = start
    for row, seconds in enumerate(run.history.get("seconds", ())):
        time += float(seconds)
        found = {tag: float(run.history[name][row]) for name, tag in TAGS.items()}
        yield time, row + 1, _scalars(found)
    if run.record.status in records.FINISHED:
        step = run.record.evaluated_epoch or run.record.num_epochs
        yield end, step, _scalars({tag: run.numbers[name] for name, tag in FINAL.items()})
        yield end, step, _picture(drawing.render(confusion_of(run.path), "png"))
    is_whole = run.record.status in records.ENDED
    status = api_pb2.STATUS_SUCCESS if is_whole else api_pb2.STATUS_FAILURE
    ended = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=ended)
    yield end, 0, _of_hparams(metadata.SESSION_END_INFO_TAG, data)


def _start(values: Mapping[str, float | str], time: float) -> Summary:
    """The hyperparameters of a run."""
    info = plugin_data_pb2.SessionStartInfo(start_time_secs=time)
    for key, value in values.items():
        if isinstance(value, str):
            info.hparams[key].string_value = value
        else:
            info.hparams[key].number_value = value
    data = plugin_data_pb2.HParamsPluginData(session_start_info=info)
    return _of_hparams(metadata.SESSION_START_INFO_TAG, data)


def _of_hparams(tag: str, data: plugin_data_pb2.HParamsPluginData) -> Summary:
    about = metadata.create_summary_metadata(data)
    value = Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])


def _scalars(values: Mapping[str, float]) -> Summary:
    return Summary(value=[Summary.Value(tag=tag, simple_value=x) for tag, x in values.items()])


def _picture(png: bytes) -> Summary:
    width, height = struct.unpack(">II", png[16:24])  # PNG specification, section 11.2.2, IHDR
    image = Summary.Image(width=width, height=height, colorspace=3, encoded_image_string=png)
    return Summary(value=[Summary.Value(tag=CONFUSION, image=image)])


def _write(path: Path, events: Iterable[tuple[float, int, Summary]]) -> None:
    """Write an event file; one that is there is replaced."""
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(file_version=VERSION).SerializeToString())
    for time, step, summary in events:
        writer.write(Event(wall_time=time, step=step, summary=summary).SerializeToString())
    write_bytes(path, file.getvalue())
