"""A run trained again from its record, and compared to the bit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fmnist_exp.run import runner
from fmnist_exp.rundir import records, tables
from fmnist_exp.rundir.records import RunRecord
from fmnist_exp.strict import entries
from fmnist_exp.using.networks import read_model
from fmnist_exp.using.verifying import Check, config_of

# Of the machine, what may change the last bits and is no part of a run's key.
MACHINE = ("engine", "library", "device", "cpu", "platform", "python", "threads")
OF_THE_CLOCK = "seconds"  # the one column of the history that no second training repeats


def retrain(run_dir: Path) -> Iterator[Check]:
    """Train a run again in a directory of its own, which is removed, and compare all it leaves.

    Raises:
        FmnistError: the run cannot be trained here; as `runner.run` and `records.read_record`.
    """
    record = records.read_record(run_dir)
    if record.status not in records.FINISHED:
        return
    config = config_of(record)
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        again = runner.run(config, Path(folder), record.choices)
        same = _compared(run_dir, record, Path(folder), again)
    wrong = [name for name, is_same in same.items() if not is_same]
    if not wrong:
        yield Check(True, f"trained again, equal to the bit: {', '.join(same)}")
        return
    yield Check(False, f"trained again, other bits in: {', '.join(wrong)}")
    why = "; ".join(differences(record, again)) or "nothing that the record names"
    yield Check(False, f"what differs from then: {why}")


def differences(record: RunRecord, again: RunRecord) -> list[str]:
    """What of versions, code, engine and machine is not as it was: `NAME THEN -> NOW`."""
    then, now = ({**_keyed(each), **_of_machine(each)} for each in (record, again))
    names = [name for name in then | now if then.get(name) != now.get(name)]
    return [f"{name} {then.get(name, '-')} -> {now.get(name, '-')}" for name in names]


def _keyed(record: RunRecord) -> dict[str, str]:
    """What the key is a hash of, a config value by value; hashes by their first digits."""
    parts = entries(record.key_parts)
    return {name: str(value)[:12] for name, value in parts if not isinstance(value, dict | list)}


def _of_machine(record: RunRecord) -> dict[str, str]:
    return {name: str(record.provenance.get(name, "-")) for name in MACHINE}


def _compared(run_dir: Path, record: RunRecord, new_dir: Path, again: RunRecord) -> dict[str, bool]:
    """What a run leaves -> whether the second training has left the same bits."""
    model = records.model_name(record.config)
    same = {"weights": _are_same(*(_weights(each / model) for each in (run_dir, new_dir)))}
    for name, read in ((records.HISTORY, _history), (records.PREDICTIONS, _predictions)):
        same[name] = _are_same(read(run_dir / name), read(new_dir / name))
    for name in (records.SIGNAL, records.CONFUSION_MATRIX, records.CLASSIFICATION_REPORT):
        if name in record.artifacts:  # former code wrote no signal.csv
            same[name] = (run_dir / name).read_bytes() == (new_dir / name).read_bytes()
    return same | {"metrics": record.metrics == again.metrics}


def _weights(path: Path) -> list[np.ndarray]:
    return read_model(path).get_weights()


def _history(path: Path) -> list[np.ndarray]:
    columns = tables.read_history(path)
    return [column for name, column in columns.items() if name != OF_THE_CLOCK]


def _predictions(path: Path) -> list[np.ndarray]:
    return list(tables.read_predictions(path))


def _are_same(then: list[np.ndarray], now: list[np.ndarray]) -> bool:
    """Whether arrays are equal to the bit; what is not a number equals itself."""
    return len(then) == len(now) and all(
        one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
        for one, other in zip(then, now, strict=True)
    )
