"""Everything that a report is made of: runs, and the conditions that they belong to."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from fmnist_exp.report.runs import conditions, differing
from fmnist_exp.report.runs.conditions import printable
from fmnist_exp.report.runs.run import METRICS, Run, Tuned
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.claims import Claim
from fmnist_exp.rundir.records import Seeds, sources_of_chance
from fmnist_exp.rundir.tables import shares_of
from fmnist_exp.statistics.verdicts import MIN_PAIRS

ABOVE_CHANCE = 0.05  # of test accuracy, below which next to nothing was learned


@dataclass(frozen=True, eq=False)
class Condition:
    """Runs that differ in nothing but their seeds.

    Attributes:
        index: its place among the conditions with results, which fixes its colour and marker.
        label: its name in tables.
        name: its name in figures, in two lines at most.
        config: its flat config, see `conditions.flatten`.
        every: all its runs, however they ended.
        runs: its results: the completed runs, one for each seed.
    """

    index: int
    label: str
    name: str
    config: dict[str, str]
    every: tuple[Run, ...]
    runs: tuple[Run, ...]

    @cached_property
    def grounds(self) -> dict[str, str]:
        """Data and engine; conditions are compared only where these are equal."""
        return conditions.grounds(self.config)

    @property
    def class_names(self) -> list[str]:
        """Names of the classes of its data."""
        return self.runs[0].record.class_names

    @property
    def seeds(self) -> list[Seeds]:
        """The seeds of every result."""
        return [run.record.seeds for run in self.runs]

    @property
    def shared_chance(self) -> list[str]:
        """Sources of chance, but for the split, of which some of its results have the same seed."""
        sources = [name for name in self.sources_of_chance if name != "split"]
        seeds = {name: {getattr(at, name) for at in self.seeds} for name in sources}
        return [name for name, values in seeds.items() if len(values) < len(self.runs)]

    @property
    def sources_of_chance(self) -> tuple[str, ...]:
        """What chance decides in its runs, as `Seeds` names it."""
        return sources_of_chance(self.runs[0].record.config)

    @property
    def confusions(self) -> np.ndarray:
        """Shares of each true class: float (num_runs, num_classes, num_classes)."""
        return shares_of(np.stack([run.confusion for run in self.runs]))

    @property
    def is_guessing(self) -> bool:
        """Whether its mean test accuracy is hardly above that of guessing."""
        return self.values("test_accuracy").mean() < 1 / len(self.class_names) + ABOVE_CHANCE

    def ended(self, *statuses: str) -> list[Run]:
        """Its runs with one of these statuses."""
        return [run for run in self.every if run.record.status in statuses]

    @property
    def failed_seeds(self) -> frozenset[Seeds]:
        """Seeds whose every run has diverged or failed; one that was interrupted may go on."""
        return frozenset(run.record.seeds for run in self.ended("diverged", "failed")) - {
            *self.seeds
        }

    @property
    def is_asked(self) -> bool:
        """Whether it has results, or should have; a tuner gives up trials on purpose."""
        return bool(self.runs) or not self.ended("pruned")

    def values(self, number: str, *, diverged: bool = False) -> np.ndarray:
        """One of `Run.numbers` of every result, maybe of diverged runs as well: float (count,)."""
        runs = [*self.runs, *(self.ended("diverged") if diverged else ())]
        return np.array([run.numbers[number] for run in runs], dtype=float)

    def by_seed(self, number: str) -> dict[Seeds, float]:
        """One of `Run.numbers` of every result, by its seed."""
        return {run.record.seeds: run.numbers[number] for run in self.runs}

    def class_scores(self, name: str, metric: str) -> np.ndarray:
        """A class's score in every result: float (num_runs,); NaN where there can be none."""
        return np.array([run.record.per_class[name][metric] for run in self.runs], dtype=float)


@dataclass(frozen=True, eq=False)
class Study:
    """What lies in the folders of a report.

    Attributes:
        runs: every run that has a record.
        labels: of each of them, the label of its condition.
        keys: full keys of the factors, which tell conditions apart.
        conditions: in the order of their first run.
        unfinished: names of run directories without a record, each with what can be said of it.
        tuned: sweeps whose runs a tuner has proposed.
        command: words of the command line that started the only sweep, after the program; None if
            there are several sweeps, or it is not known.
        directory: that of the only sweep, as a command names it; None if there are several.
        settling: how the only sweep adds seeds until it is settled; None if it does not.
        has_unused_looks: whether a sweep that adds seeds is read together with other folders, and
            its looks are not those of the report.
        looked: keys of the runs that a former report of these sweeps has shown with verdicts.
        added_before: those of them that were added when others had been shown.
        questions: what the sweeps were to answer.
        claims: what was claimed about the answer before the first run.
    """

    runs: tuple[Run, ...]
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    conditions: tuple[Condition, ...]
    unfinished: tuple[str, ...]
    tuned: tuple[Tuned, ...]
    command: tuple[str, ...] | None = None
    directory: str | None = None
    settling: plan.Settling | None = None
    has_unused_looks: bool = False
    looked: frozenset[str] = frozenset()
    added_before: frozenset[str] = frozenset()
    questions: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def is_extended(self) -> bool:
        """Whether results were added after others had been seen, and no plan allows for it."""
        return self.has_unused_looks or (self.settling is None and bool(self.added))

    @cached_property
    def added(self) -> frozenset[str]:
        """Keys of the results that came after a report had shown others with verdicts."""
        keys = {run.record.run_key for each in self.measured for run in each.runs}
        new = keys - self.looked
        return frozenset(new if keys & self.looked else ()) | (keys & self.added_before)

    def levels(self, condition: Condition) -> dict[str, str]:
        """The value of every factor in a condition, under its column; empty where it lacks one."""
        return {conditions.column(key): condition.config.get(key, "") for key in self.keys}

    @cached_property
    def measured(self) -> list[Condition]:
        """The conditions with results."""
        return [each for each in self.conditions if each.runs]

    @cached_property
    def blocks(self) -> dict[str, list[Condition]]:
        """Conditions that may be compared with each other, by what their data and engine are."""
        keys = conditions.naming_keys([each.grounds for each in self.conditions])
        found: dict[str, list[Condition]] = {}
        for each in self.conditions:
            found.setdefault(conditions.label(each.grounds, keys), []).append(each)
        return found

    def confirmed(self, tuned: Tuned) -> np.ndarray:
        """Test accuracies of the best trial's settings with new seeds: float (count,).

        None where there are fewer than `MIN_PAIRS`, with which a trial is not confirmed.
        """
        found = [
            run.numbers["test_accuracy"]
            for each in self.measured
            if any(run.record.run_key == tuned.best_key for run in each.runs)
            for run in each.runs
            if run.record.run_key != tuned.best_key
        ]
        return np.array(found if len(found) >= MIN_PAIRS else [], dtype=float)

    @property
    def repeated(self) -> list[str]:
        """Names of completed runs that are no results: an earlier one has their seed."""
        counted = {run.name for each in self.conditions for run in each.runs}
        return [
            run.name
            for run in self.runs
            if run.record.status == "completed" and run.name not in counted
        ]

    def _is_own(self, source: str) -> bool:
        """Whether a source of chance must be told beside the seed of the runs."""
        found = {(getattr(run.record.seeds, source), run.record.seed) for run in self.runs}
        if source == "split":
            return len({value for value, _ in found}) > 1
        return any(value != seed for value, seed in found)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per run: run, status, seed, factors and every other key that differs, numbers.

        A key is empty where a config lacks it. A source of chance has a column if its seed is not
        the run's in some run; a split, if it has several.
        """
        sources = [name for name in Seeds._fields[1:] if self._is_own(name)]
        configs = [each.config for each in self.conditions]
        others = [key for key in differing.differences(configs, self.keys) if key not in self.keys]
        levels = {
            each.label: self.levels(each) | {key: each.config.get(key, "") for key in others}
            for each in self.conditions
        }
        rows = [
            {
                "run": run.name,
                "status": run.record.status,
                "seed": run.record.seed,
                **{f"seed of {name}": getattr(run.record.seeds, name) for name in sources},
                **levels[label],
                "condition": label,
                **{name: run.numbers[name] for name in METRICS},
                "num_epochs": run.record.num_epochs,
                "best_epoch": run.record.best_epoch,
                "evaluated_epoch": run.record.evaluated_epoch,
                "fit_seconds": run.numbers["fit_seconds"],
                "total_seconds": run.numbers["total_seconds"],
                "run_key": printable(run.record.run_key),
            }
            for run, label in zip(self.runs, self.labels, strict=True)
        ]
        return pd.DataFrame(rows).astype({"best_epoch": "Int64", "evaluated_epoch": "Int64"})
