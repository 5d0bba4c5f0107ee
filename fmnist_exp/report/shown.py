"""Conditions as figures show them: those with results, under short names."""

from dataclasses import dataclass

import numpy as np

from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.sweeps import Run, Study
from fmnist_exp.rundir.tables import shares_of

MAX_ROWS = 20  # conditions that are drawn in one row each
MAX_PANELS = 8  # conditions that are drawn in one panel each, and whose answers are read
MAX_SEEDS = 100  # runs of a condition that are drawn one by one


@dataclass(frozen=True)
class Condition:
    """A condition with at least one completed run.

    Attributes:
        index: its place among these, which fixes its colour and marker in every figure.
        label: its name in the tables.
        name: its name in figures.
        runs: its completed runs, one for each seed.
        grounds: which data it was trained and measured on, and by which engine; conditions are
            compared only where these are equal.
    """

    index: int
    label: str
    name: str
    runs: list[Run]
    grounds: dict[str, str]

    @property
    def class_names(self) -> list[str]:
        """Names of the classes of its data."""
        return self.runs[0].record.class_names

    @property
    def seeds(self) -> list[int]:
        """The seed of every run."""
        return [run.record.seed for run in self.runs]

    @property
    def confusions(self) -> np.ndarray:
        """Shares of each true class: float (num_runs, num_classes, num_classes)."""
        return shares_of(np.stack([run.confusion for run in self.runs]))

    def by_seed(self, split: str, metric: str) -> dict[int, float]:
        """A metric of every run, by its seed."""
        return dict(zip(self.seeds, self.numbers(split, metric).tolist(), strict=True))

    def class_scores(self, name: str, metric: str) -> np.ndarray:
        """A class's score in every run: float (num_runs,); NaN where there can be none."""
        return np.array([run.record.per_class[name][metric] for run in self.runs], dtype=float)

    def numbers(self, split: str, metric: str) -> np.ndarray:
        """A metric of every run: float (num_runs,); NaN where it was not a finite number."""
        return np.array([run.record.metrics[split][metric] for run in self.runs], dtype=float)


def shown_conditions(study: Study) -> list[Condition]:
    """Every condition with a completed run, in the order of the tables."""
    names = conditions.short_names(study.conditions)
    completed = [
        (label, name, runs, conditions.grounds(study.configs[label]))
        for label, name in zip(study.conditions, names, strict=True)
        if (runs := study.completed(label))
    ]
    return [Condition(index, *fields) for index, fields in enumerate(completed)]
