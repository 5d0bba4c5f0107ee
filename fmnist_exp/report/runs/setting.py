"""What runs have in common, in a few words: data, network, number of seeds, origin."""

from collections.abc import Mapping, Sequence
from typing import Any

from fmnist_exp.console import counted
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.study import Condition

ORIGINS = {
    "commit": "git_commit",
    "TensorFlow": "tensorflow",
    "Keras": "keras",
    "Python": "python",
    "trained by": "engine",
    "device": "device",
    "processor": "cpu",
    "threads": "threads",
    "data": "data_sha256",
}  # what it is called -> its key in the record of a run


def network(config: Mapping[str, Any]) -> str:
    """A network in a line, such as 256 and 128 units, relu; 64 x 30 for thirty equal widths."""
    model = config["model"]
    widths = list(map(str, model["hidden"]))
    *others, last = widths or ["no"]
    if len({*widths}) == 1 < len(widths):
        units = f"{last} x {len(widths)}"
    else:
        units = f"{', '.join(others)} and {last}" if others else last
    extras = ["batch normalization"] * bool(model.get("batch_normalization"))
    extras += ["layer normalization"] * bool(model.get("layer_normalization"))
    dropout = [f"dropout {model['dropout']:g}"] if model.get("dropout") else []
    return ", ".join([f"{units} units", str(model.get("activation", "relu")), *extras, *dropout])


def _layers(model: dict[str, Any]) -> dict[str, Any]:
    """What networks share that differ in their depth alone."""
    same = {key: value for key, value in model.items() if key not in ("name", "hidden")}
    return same | {"widths": {*model["hidden"]}}


def setting(conditions: Sequence[Condition]) -> str:
    """Data, networks and seeds of conditions with results, as the second line of a title."""
    records = [each.runs[0].record for each in conditions]
    data = list(dict.fromkeys(record.data_name for record in records))
    networks = list(dict.fromkeys(network(record.config) for record in records))
    layers = [_layers(record.config["model"]) for record in records]
    noun = "depth" if all(each == layers[0] for each in layers) else "network"
    counts = [len(each.runs) for each in conditions]
    fewest, most = min(counts), max(counts)
    seeds = counted(most, "seed")
    return "; ".join(
        [
            data[0] if len(data) == 1 else counted(len(data), "data set"),
            networks[0] if len(networks) == 1 else counted(len(networks), noun),
            seeds if fewest == most else f"{fewest} to {seeds}",
        ]
    )


def origins(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Code, libraries, machines and data of runs: what each is called -> its different values."""
    found = {
        name: dict.fromkeys(str(run.record.provenance.get(key) or "unknown") for run in runs)
        for name, key in ORIGINS.items()
    }
    return {name: list(values) for name, values in found.items()}
