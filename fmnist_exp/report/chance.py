"""What of the spread between seeds comes from which source of chance.

Some runs of a condition vary in one source alone, as the others have seeds of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmnist_exp.report.runs.predictions import Predictions
from fmnist_exp.report.runs.run import Run
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import MIN_SEEDS, NAN, standard_deviation
from fmnist_exp.statistics.spread import independent_std, std_interval
from fmnist_exp.statistics.verdicts import PRIMARY

ALL = "all"


@dataclass(frozen=True)
class Spread:
    """Runs of a condition that vary in the same sources of chance.

    Attributes:
        condition: its label.
        varied: the sources whose seeds differ between the runs, in words.
        num_runs: how many runs there are.
        mean: of their test accuracy, a fraction.
        std: SD of their test accuracy.
        std_low, std_high: its 95 % interval.
        independent_std: what it would be if errors on different images were independent; NaN
            without stored answers.
    """

    condition: str
    varied: str
    num_runs: int
    mean: float
    std: float
    std_low: float
    std_high: float
    independent_std: float


def spreads(study: Study, answers: Mapping[str, Predictions]) -> list[Spread]:
    """The spread of each kind of runs, of conditions that have several; of others none.

    A kind is made of runs that hold the same sources; it has `MIN_SEEDS` runs or more.

    Args:
        study: its runs and conditions.
        answers: condition -> its answers to the test images, where they are known.
    """
    return [
        _spread(condition.label, varied, runs, answers.get(condition.label))
        for condition in study.measured
        if len(kinds := _kinds(condition)) > 1
        for varied, runs in kinds.items()
    ]


def chance_table(found: Sequence[Spread]) -> pd.DataFrame:
    """One row for each, columns as the attributes of `Spread`."""
    return pd.DataFrame(found)


def _kinds(condition: Condition) -> dict[str, list[Run]]:
    """Results by the sources of chance that vary in them; single sources first, then several."""
    groups: dict[frozenset[str], list[Run]] = {}
    for run in condition.runs:
        groups.setdefault(run.record.held, []).append(run)
    sources = condition.sources_of_chance
    found: dict[tuple[str, ...], list[Run]] = {}
    for runs in groups.values():
        seeds = [run.record.seeds for run in runs]
        varied = [name for name in sources if len({getattr(at, name) for at in seeds}) > 1]
        found.setdefault(tuple(varied), []).extend(runs)
    return {
        ALL if len(varied) == len(sources) else " and ".join(varied): runs
        for varied, runs in sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
        if varied and len(runs) >= MIN_SEEDS
    }


def _spread(
    condition: str, varied: str, runs: Sequence[Run], answers: Predictions | None
) -> Spread:
    values = np.array([run.numbers[PRIMARY] for run in runs])
    std = standard_deviation(values)
    seeds = {run.record.seeds for run in runs}
    known = [] if answers is None else [each for each in answers.seeds if each in seeds]
    return Spread(
        condition,
        varied,
        len(runs),
        float(values.mean()),
        std,
        *std_interval(std, len(runs)),
        NAN if answers is None else independent_std(answers.correct_with(known)),
    )
