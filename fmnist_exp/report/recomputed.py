"""A metric of one's own, computed from the answers that runs have stored, judged as accuracy is."""

import html
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd

from fmnist_exp.errors import ConfigError, RecordError
from fmnist_exp.report.findings import Findings, comparison_table, judged
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.runs.conditions import column
from fmnist_exp.report.runs.predictions import TIE
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.rundir import tables
from fmnist_exp.rundir.records import PREDICTIONS
from fmnist_exp.statistics.seeds import standard_deviation, t_interval
from fmnist_exp.statistics.verdicts import SESOI, Comparison

Metric = Callable[[np.ndarray, np.ndarray], float]  # of probabilities and labels
SCALED = ("difference_mean", "ci_low", "ci_high", "equal_low", "equal_high", "difference_std")


@dataclass(frozen=True, eq=False)
class Recomputed:
    """A metric computed from stored answers.

    Attributes:
        name: of the metric.
        runs: one row per completed run with stored answers: run, condition, factors, seed, and the
            metric under its name.
        summary: one row per condition: factors, `num_runs`, and of the metric `mean`, `std` (n - 1
            in the denominator), `ci_low` and `ci_high` (95 % t interval).
        findings: one row per comparison, columns as in `comparisons.csv`.
        warnings: the checks of the study that fired, a sentence each; also those of accuracies.
    """

    name: str
    runs: pd.DataFrame
    summary: pd.DataFrame
    findings: pd.DataFrame
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """The table of conditions, the verdicts, and the checks that fired."""
        tables = (self.summary.to_string(), self._verdicts.to_string())
        return "\n".join([self.name, *tables, *self.warnings])

    def _repr_html_(self) -> str:
        told = "".join(f"<p>{html.escape(each)}</p>" for each in self.warnings)
        return self.summary.to_html(index=False) + self._verdicts.to_html(index=False) + told

    @property
    def _verdicts(self) -> pd.DataFrame:
        shown = ["condition_a", "condition_b", "place", "num_pairs", *SCALED[:3], "verdict"]
        return self.findings[shown]


def recomputed(
    findings: Findings, metric: Metric, smallest_effect: float = SESOI, more_is_better: bool = True
) -> Recomputed:
    """A metric of every run that has stored its answers, by condition, with verdicts.

    The verdicts follow the rules of test accuracy, whose smallest effect of interest is `SESOI`, on
    values times SESOI / `smallest_effect`: intervals and t tests do not depend on the unit. As
    accuracy is, a metric is taken for a mean over images: rounding to one image has an SD below
    which none is believed. Each metric is a family of statements of its own: one that is chosen
    after a look at several is no test.

    Args:
        findings: of the study.
        metric: takes the probabilities, float64 (num_images, num_classes), rows that sum to 1, and
            the labels, int64 (num_images,); returns a finite number. Probabilities are stored in
            half precision; of those that tie, the one that the run itself has named is larger by
            2^-40.
        smallest_effect: a difference below it would matter to nobody; in the metric's unit.
        more_is_better: whether a larger value is a better one.

    Raises:
        ConfigError: the metric is no finite number or called as another column, or
            `smallest_effect` is not above 0.
        RecordError: no run has stored its answers, or a file is damaged.
    """
    if not callable(metric):
        raise ConfigError(
            f"a metric must be a function of (probabilities, labels), received {metric!r:.200}. "
            "Pass one, such as one of sklearn.metrics in a function of your own."
        )
    if not isinstance(more_is_better, bool):
        raise ConfigError(
            f"more_is_better must be True or False, received {more_is_better!r:.200}. Pass False "
            "for losses."
        )
    is_number = isinstance(smallest_effect, Real) and not isinstance(smallest_effect, bool)
    if not (is_number and smallest_effect > 0 and math.isfinite(smallest_effect)):
        raise ConfigError(
            f"smallest_effect must be a finite number above 0, received {smallest_effect!r:.200}. "
            "Pass the smallest difference of the metric that matters, such as 0.003 of a share."
        )
    name = getattr(metric, "__name__", "metric").strip("<>")
    if name in (taken := {"run", "condition", "seed", *map(column, findings.study.keys)}):
        raise ConfigError(
            f"a metric must not be called as another column, received {name!r}. Give it a name "
            f"that is none of {', '.join(sorted(taken))}."
        )
    values = {each.label: dict(_values(each, metric, name)) for each in findings.study.measured}
    if not any(values.values()):
        raise RecordError(
            f"there is no {PREDICTIONS} beside a completed run, from which {name} could be "
            "computed. Load runs whose directories hold it."
        )
    unit = SESOI / smallest_effect if more_is_better else -SESOI / smallest_effect
    measured = {
        each.label: _with_values(
            each, name, {run: unit * x for run, x in values[each.label].items()}
        )
        for each in findings.study.measured
    }
    cells = {at: measured[each.label] for at, each in findings.design.cells.items()}
    design = replace(findings.design, cells={at: each for at, each in cells.items() if each.runs})
    found = [
        _in_unit(each, unit, name)
        for each in judged(findings.study, design, name, abs(unit))
        if not each.is_descriptive
    ]
    runs, summary = _tables(findings.study, values, name)
    warnings = tuple(each.warning for each in fired(findings))
    return Recomputed(name, runs, summary, comparison_table(found), warnings)


def _values(condition: Condition, metric: Metric, name: str) -> Iterator[tuple[Path, float]]:
    """The metric of each completed run with stored answers, by its directory."""
    for run in condition.runs:
        if not run.has_predictions:
            continue
        stored, predicted, labels = tables.read_predictions(run.path / PREDICTIONS)
        probabilities = stored.astype(np.float64)
        probabilities[np.arange(len(labels)), predicted] += TIE
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        value = metric(probabilities, labels.astype(np.int64))
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ConfigError(
                f"{name} must return a finite number, received {value!r:.200} for {run.name}. Let "
                "it take (probabilities, labels) and return one number."
            )
        yield run.path, number


def _with_values(condition: Condition, name: str, values: Mapping[Path, float]) -> Condition:
    """The condition with those of its results alone that have a value, as one of their numbers."""
    runs = [run for run in condition.runs if run.path in values]
    return replace(
        condition, runs=tuple(replace(run, recomputed={name: values[run.path]}) for run in runs)
    )


def _in_unit(comparison: Comparison, unit: float, name: str) -> Comparison:
    """A comparison of values that were multiplied by `unit`, in the metric's own."""
    numbers = {each: getattr(comparison, each) / unit for each in SCALED}
    for low, high in (("ci_low", "ci_high"), ("equal_low", "equal_high")):
        numbers[low], numbers[high] = sorted((numbers[low], numbers[high]))
    numbers["difference_std"] = abs(numbers["difference_std"])
    return replace(comparison, metric=name, **numbers)


def _tables(
    study: Study, values: Mapping[str, Mapping[Path, float]], name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of runs and of conditions; values by label and directory."""
    runs, rows = [], []
    for each in study.measured:
        own, levels = values[each.label], study.levels(each)
        numbers = np.array([*own.values()], dtype=float)
        low, high = t_interval(numbers)
        row = {"condition": each.label, **levels, "num_runs": len(own)}
        row |= {"mean": np.mean(numbers) if own else math.nan, "std": standard_deviation(numbers)}
        rows.append(row | {"ci_low": low, "ci_high": high})
        runs += [
            {"run": run.name, "condition": each.label, **levels, "seed": run.record.seed}
            | {name: own[run.path]}
            for run in each.runs
            if run.path in own
        ]
    return pd.DataFrame(runs), pd.DataFrame(rows)
