"""Every run below some folders, read into a study."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from fmnist_exp.console import typed
from fmnist_exp.errors import RecordError
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.conditions import printable
from fmnist_exp.report.runs.run import Run, read_run, read_tuned, run_dirs, such_as
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.presence import state_without_record
from fmnist_exp.rundir.records import RunRecord


def read_study(folders: Sequence[Path]) -> Study:
    """Read every run below the given folders, finished or not.

    Raises:
        RecordError: a folder is not one or holds no run, or a file of a run cannot be read.
    """
    found = {path: recorded for folder in folders for path, recorded in run_dirs(folder)}
    parent = os.path.commonpath([folder.resolve().parent for folder in folders])
    names = {path: printable(os.path.relpath(path, parent)) for path in found}
    runs = tuple(read_run(Path(path), names[path]) for path in found if found[path])
    unfinished = [
        f"{names[path]} ({state_without_record(Path(path))})" for path in found if not found[path]
    ]
    tops = [str(folder.resolve()) for folder in folders]
    unfinished += [
        f"{printable(os.path.relpath(path, parent))} (not begun)"
        for path in _not_begun(found, tops)
    ]
    if not runs:
        raise RecordError(
            f"there is no finished run in {', '.join(map(str, folders))}"
            + (f" ({len(unfinished)} unfinished)" if unfinished else "")
            + ": a run directory holds run.json. Name a directory that "
            f"`{typed('train')}` has written, {such_as()}."
        )
    inside = {os.path.dirname(path): path for path in found}
    sweeps = dict.fromkeys(str(plan.sweep_dir_of(Path(path))) for path in inside.values())
    asked = (read_tuned(Path(path), printable(os.path.relpath(path, parent))) for path in sweeps)
    tuned = tuple(filter(None, asked))
    flat = conditions.with_hidden_layers(
        conditions.without_chance([_what_fixes(run.record) for run in runs])
    )
    keys = conditions.naming_keys(flat, [key for each in tuned for key in each.factors])
    labels = tuple(conditions.label(config, keys) for config in flat)
    planned = list(filter(None, map(plan.read_study, map(Path, sweeps))))
    looks = [plan.read_looks(Path(path)) for path in sweeps]
    alone = planned[0] if len(planned) == len(sweeps) == 1 else None
    return Study(
        runs,
        labels,
        tuple(keys),
        _grouped(runs, labels, flat),
        tuple(unfinished),
        tuned,
        command=(alone.command if alone else ()) or None,
        directory=_from_here(next(iter(sweeps))) if alone else None,
        settling=alone.settling if alone else None,
        has_unused_looks=alone is None and any(each.settling for each in planned),
        looked=frozenset(key for each in looks for key in each.run_keys),
        added_before=frozenset(key for each in looks for key in each.added_keys),
        questions=tuple(dict.fromkeys(each.question for each in planned if each.question)),
        claims=tuple(dict.fromkeys(claim for each in planned for claim in each.claims)),
    )


def _from_here(path: str) -> str:
    """A path as a command names it: relative where it lies below."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _not_begun(found: Collection[str], tops: Collection[str]) -> list[str]:
    """Directories of runs that were planned, and that are not there.

    Args:
        found: directories of runs.
        tops: the folders that they were looked for in.
    """
    sweeps = {*tops, *map(os.path.dirname, found)}
    sweeps |= {str(above) for each in sweeps for above in Path(each).parents}
    missing = []
    for sweep in sorted(each for each in sweeps if any(map(each.startswith, tops))):
        study = plan.read_study(Path(sweep))
        if study and sum(path.startswith(f"{sweep}/") for path in found) < study.num_runs:
            planned = (os.path.join(sweep, run.directory) for run in plan.read_runs(Path(sweep)))
            missing += [path for path in planned if path not in found]
    return missing


def _grouped(
    runs: Sequence[Run], labels: Sequence[str], configs: Sequence[dict[str, str]]
) -> tuple[Condition, ...]:
    """The conditions; all runs of one have equal configs. RecordError: two results differ."""
    config_of = dict(zip(labels, configs, strict=True))
    groups: dict[str, list[Run]] = {}
    for run, label in zip(runs, labels, strict=True):
        groups.setdefault(label, []).append(run)
    found: list[Condition] = []
    index = 0
    names = conditions.short_names(list(groups))
    for (label, every), name in zip(groups.items(), names, strict=True):
        completed = [run for run in every if run.record.status == "completed"]
        by_seed = {run.record.seeds: run for run in reversed(completed)}  # the first of each seed
        results = tuple(run for run in completed if by_seed[run.record.seeds] is run)
        for run in completed:
            counted = by_seed[run.record.seeds]
            same = run.record.run_key == counted.record.run_key  # maybe of another processor
            if not same and run.record.metrics != counted.record.metrics:
                raise RecordError(
                    f"a condition must have one result for a seed, received two of {label}, seed "
                    f"{run.record.seeds}: {counted.name} and {run.name}. Aggregate only one of "
                    f"them; `{typed('store', '--why', 'DIR', 'DIR')}` says what differs."
                )
        found.append(Condition(index, label, name, config_of[label], tuple(every), results))
        index += bool(results)
    return tuple(found)


def _what_fixes(record: RunRecord) -> dict[str, str]:
    """What makes a run's condition: its config, and which data the config's words have meant."""
    config = record.config
    if config.get("engine") == "auto":  # of former code, which settled it as late as this
        config = config | {"engine": str(record.provenance.get("engine", "C")).lower()}
    found = conditions.flatten(config) | {conditions.SPLIT_SEED: str(record.seeds.split)}
    found |= {key: text for key, text in conditions.FORMER.items() if key not in found}
    if (name := record.provenance.get("data_name")) is not None:  # maybe of published IDX files
        found["data.name"] = printable(str(name))
    found["data.class_names"] = printable(json.dumps(record.class_names))
    sha256 = record.provenance.get("data_sha256")
    return found | ({} if sha256 is None else {conditions.DATA_HASH: printable(str(sha256))[:12]})
