"""Calibration of the verdicts: simulated studies whose truth is known, through the whole path.

`python benchmarks/calibration.py` prints a section in Markdown, in about two minutes. A study has
three conditions; its runs are normal, with a share of their variance common to the runs of one
seed, and rounded as accuracies on 10,000 images are.
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fmnist_exp.report.statistics import power
from fmnist_exp.report.statistics.seeds import t_interval
from fmnist_exp.report.statistics.verdicts import ALPHA, SESOI, Comparison, Verdict, compare

METRIC = "test_accuracy"
BOUND = SESOI[METRIC]
MEAN, STD = 0.888, 0.0035  # the baseline over seeds
NAMES = ("first", "second", "third")
NUM_COMPARISONS = 3  # all pairs
SEEDS = (5, 10, 20)
CORRELATIONS = (0.0, 0.5)
NUM_STUDIES = 2000


@dataclass(frozen=True)
class Setting:
    """Paired seeds of a simulated study, and the correlation of its arms over them."""

    num_seeds: int
    correlation: float

    @property
    def detectable(self) -> float:
        """The minimum detectable difference, from the true SD of the differences."""
        std = STD * math.sqrt(2 * (1 - self.correlation))
        return power.minimum_detectable(std, self.num_seeds, ALPHA / NUM_COMPARISONS)


@dataclass(frozen=True)
class Null:
    """Shares of simulated studies of three identical conditions.

    Attributes:
        false_verdicts: any `better` or `worse`.
        mean_coverage: intervals of a condition's mean that hold it.
        difference_coverage: intervals of one difference that hold 0.
        simultaneous_coverage: studies in which all three intervals hold 0.
    """

    false_verdicts: float
    mean_coverage: float
    difference_coverage: float
    simultaneous_coverage: float


def studies(
    setting: Setting, num_studies: int, gap: float = 0.0, seed: int = 0
) -> Iterator[dict[str, dict[int, float]]]:
    """Simulated studies, condition -> seed -> accuracy; the third condition is `gap` better."""
    generator = np.random.default_rng([seed, setting.num_seeds, int(100 * setting.correlation)])
    for _ in range(num_studies):
        noise = generator.normal(size=(len(NAMES) + 1, setting.num_seeds))
        own = math.sqrt(1 - setting.correlation) * noise[1:]
        values = MEAN + STD * (math.sqrt(setting.correlation) * noise[0] + own)
        values[-1] += gap
        rows = values.round(4).tolist()
        yield {name: dict(enumerate(row)) for name, row in zip(NAMES, rows, strict=True)}


def null(setting: Setting, num_studies: int) -> Null:
    """How often the tool is wrong where there is nothing to find."""
    rows = []
    for study in studies(setting, num_studies):
        every = verdicts(study)
        one = verdicts({name: study[name] for name in NAMES[:2]})
        means = [t_interval(np.array(list(runs.values()))) for runs in study.values()]
        rows.append(
            (
                any(each.verdict in (Verdict.BETTER, Verdict.WORSE) for each in every),
                np.mean([low <= MEAN <= high for low, high in means]),
                one[0].ci_low <= 0 <= one[0].ci_high,
                all(each.ci_low <= 0 <= each.ci_high for each in every),
            )
        )
    return Null(*np.array(rows, dtype=float).mean(axis=0).tolist())


def right_verdicts(setting: Setting, num_studies: int) -> float:
    """Share of comparisons called `better` at a true gap of twice the minimum detectable one."""
    gap = 2 * setting.detectable
    found = [
        each.verdict == Verdict.BETTER
        for study in studies(setting, num_studies, gap, seed=1)
        for each in verdicts(study)
        if each.condition_a == NAMES[-1]
    ]
    return float(np.mean(found))


def false_equality(setting: Setting, num_studies: int) -> float:
    """Share of studies with a false `practically equal`: the true gap is the whole bound."""
    found = [
        any(
            each.verdict == Verdict.EQUAL and each.condition_a == NAMES[-1]
            for each in verdicts(study)
        )
        for study in studies(setting, num_studies, BOUND, seed=2)
    ]
    return float(np.mean(found))


def verdicts(study: dict[str, dict[int, float]]) -> list[Comparison]:
    """The verdict path as the aggregator takes it."""
    return compare(study, METRIC)


def lines(num_studies: int) -> list[str]:
    """The section in Markdown: a row for each setting."""
    error = math.sqrt(0.05 * 0.95 / num_studies)
    about = (
        f"Simulated studies of three conditions, {num_studies:,} for each row and column group, "
        f"runs of SD {100 * STD:.2f} points. One standard error of a 5 % or 95 % entry is "
        f"{100 * error:.1f} points."
    )
    heads = (
        "seeds",
        "correlation of the arms",
        "false better or worse (at most 5 %)",
        "false practically equal (at most 5 %)",
        "95 % interval of a mean holds it",
        "95 % interval of a difference holds it",
        "simultaneous intervals hold all (at least 95 %)",
        "right verdict at twice the minimum detectable difference (at least 80 %)",
    )
    rows = [f"| {' | '.join(heads)} |", f"|{' ---: |' * len(heads)}"]
    for setting in (Setting(count, rho) for rho in CORRELATIONS for count in SEEDS):
        rates = null(setting, num_studies)
        shares = (
            rates.false_verdicts,
            false_equality(setting, num_studies),
            rates.mean_coverage,
            rates.difference_coverage,
            rates.simultaneous_coverage,
            right_verdicts(setting, num_studies),
        )
        cells = (f"{100 * share:.1f} %" for share in shares)
        rows.append(f"| {setting.num_seeds} | {setting.correlation} | {' | '.join(cells)} |")
    return ["## Calibration of the verdicts", "", about, "", *rows, ""]


def main() -> None:
    """Print the section."""
    print("\n".join(lines(int(sys.argv[1]) if len(sys.argv) > 1 else NUM_STUDIES)))


if __name__ == "__main__":
    main()
