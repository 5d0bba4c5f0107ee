"""Everything that a report says beside its runs: comparisons, verdicts, answers to the images."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd

from fmnist_exp.report.chance import Spread, spreads
from fmnist_exp.report.design import INTERACTION, Design, design_of
from fmnist_exp.report.runs import conditions, differing
from fmnist_exp.report.runs.predictions import Predictions, read_answers
from fmnist_exp.report.runs.study import Study
from fmnist_exp.report.statements import by_planned_seed, statements
from fmnist_exp.rundir.records import Seeds
from fmnist_exp.statistics import sequential, verdicts
from fmnist_exp.statistics.seeds import new_images_interval
from fmnist_exp.statistics.verdicts import (
    ALPHA,
    MIN_PAIRS,
    PRIMARY,
    SETTLED,
    Comparison,
    Verdict,
)

RESULTS = (PRIMARY, "test_loss")  # the first has verdicts, all others are described
SPEEDS = ("first_epoch_train_loss", "mean_validation_loss")
MAX_PANELS = 8  # conditions that are shown in a panel each


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found.

    Attributes:
        study: its runs and conditions.
        design: what is compared with what.
        comparisons: metric -> its comparisons; empty without two that may be compared.
        together: key -> name of what is determined by the factor that is asked about, and so
            changes together with it between some of its levels.
        predictions: condition -> its answers to the test images, for those whose runs have stored
            them; of a very large study the first.
        new_images: place and both levels of a comparison -> interval for new seeds and images.
        spreads: of runs that vary in single sources of chance.
    """

    study: Study
    design: Design
    comparisons: dict[str, list[Comparison]]
    together: dict[str, str]
    predictions: dict[str, Predictions]
    new_images: dict[tuple[str, str, str], tuple[float, float]]
    spreads: list[Spread]

    @property
    def judged(self) -> list[Comparison]:
        """The comparisons that have a verdict."""
        return [each for each in self.comparisons[PRIMARY] if not each.is_descriptive]

    @property
    def leading(self) -> list[Comparison]:
        """The comparisons that the answer is made of: averages, unless they would hide something.

        With one factor all that have a verdict.
        """
        if not self.design.is_crossed:
            return self.judged
        average = [each for each in self.judged if each.place == self.design.average]
        places = [each for each in self.judged if each.place != self.design.average]
        settled = [any(each.verdict in SETTLED for each in group) for group in (average, places)]
        if not average or depends_on_place(self.comparisons[PRIMARY]) or settled == [False, True]:
            return places
        return average

    def by_number(self, key: str) -> dict[float, dict[Seeds, float]]:
        """Mean test accuracy at each level of a factor of numbers, by seed, the smallest first.

        It is the mean over all conditions with this level; only of seeds that all of them have.
        """
        cells: dict[float, list[dict[Seeds, float]]] = {}
        for each in self.study.measured:
            number = conditions.number(each.config.get(key, ""))
            if number is not None:
                cells.setdefault(number, []).append(each.by_seed(PRIMARY))
        return {
            number: {
                seed: float(np.mean([each[seed] for each in cells[number]]))
                for seed in set(cells[number][0]).intersection(*cells[number][1:])
            }
            for number in sorted(cells)
        }

    def changed_with_it(self, each: Comparison) -> list[str]:
        """What changed together with the factor between the arms of a comparison, by name."""
        places = self.design.places if each.place == self.design.average else (each.place,)
        found: dict[str, None] = {}
        for place in places:
            configs = [
                self.design.cells[arm, place].config for arm in (each.condition_a, each.condition_b)
            ]
            for key, name in self.together.items():
                if configs[0].get(key) != configs[1].get(key):
                    found[name] = None
        return list(found)


def depends_on_place(comparisons: Sequence[Comparison]) -> bool:
    """Whether what is found depends on the other factors.

    A difference of differences leaves out 0, or a pair is better here and worse there. Better here
    and equal there is no reason: of the same difference everywhere chance alone makes both.

    Args:
        comparisons: all of test accuracy.
    """
    found: dict[tuple[str, str], set[Verdict]] = {}
    for each in comparisons:
        found.setdefault((each.condition_a, each.condition_b), set()).add(each.verdict)
    if any({Verdict.BETTER, Verdict.WORSE} <= verdicts for verdicts in found.values()):
        return True
    contrasts = [each for each in comparisons if each.place == INTERACTION]
    return any(each.ci_low > 0 or each.ci_high < 0 for each in contrasts)


def find(study: Study, baseline: str | None = None, factor: str | None = None) -> Findings:
    """Compute everything that the report of a study says.

    Args:
        study: its runs and conditions.
        baseline: condition or level that the others are compared with; None compares all pairs.
        factor: column of the factor that is asked about; None asks about the first.

    Raises:
        ConfigError: there is no such baseline or factor.
        RecordError: a file cannot be read.
    """
    answers = read_answers(study.measured)
    design = design_of(study, factor, baseline)
    others = [metric for metric in (*RESULTS, *SPEEDS) if metric != PRIMARY]
    comparisons = {PRIMARY: judged(study, design, PRIMARY)} | {
        metric: verdicts.compare(statements(design, metric), metric) for metric in others
    }
    looks = study.settling.looks if study.settling else ()
    new_images = {
        (each.place, each.condition_a, each.condition_b): interval
        for each in comparisons[PRIMARY]
        if (interval := _new_images(design, answers, each, looks)) is not None
    }
    together = _together(study, design)
    varied = spreads(study, answers)
    return Findings(study, design, comparisons, together, answers, new_images, varied)


def comparison_table(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """One row per comparison, columns as the attributes and `descriptive`; seeds as text."""
    rows = [
        asdict(each)
        | {
            "verdict": str(each.verdict),
            "descriptive": each.is_descriptive,
            "odd_seeds": " ".join(map(str, each.odd_seeds)),
        }
        for each in comparisons
    ]
    names = [each.name for each in fields(Comparison)]
    return pd.DataFrame(rows, columns=[*names, "descriptive"]).astype({"look": "Int64"})


def judged(study: Study, design: Design, metric: str, one: float = 1.0) -> list[Comparison]:
    """Comparisons with verdicts, by the rules of test accuracy; by looks as planned.

    Args:
        study: its runs and conditions.
        design: what is compared with what.
        metric: one of `Run.numbers`, a mean over images of which more is better.
        one: what the metric is if every image counts 1.
    """
    images = [float(each.runs[0].confusion.sum()) for each in study.measured]
    resolution, asked = one / max(images, default=math.inf), statements(design, metric)
    if study.settling is None:
        return verdicts.compare(asked, resolution=resolution)
    count = math.comb(len(study.settling.levels), 2)
    asked = [by_planned_seed(each) for each in asked]
    return sequential.follow(asked, study.settling.looks, count, resolution=resolution)


def _together(study: Study, design: Design) -> dict[str, str]:
    """Keys that the factor which is asked about determines -> what names them."""
    keys = {conditions.column(key): key for key in study.keys}
    key = keys.get(design.factor)
    configs = [each.config for each in design.cells.values()]
    if key is None or len(study.keys) > 1 + len(design.others):
        return {}
    if differing.changed_one_at_a_time(configs):
        return {}
    found = differing.differences(configs, study.keys)
    own = key.removesuffix("name") if key.endswith(".name") else f"{key}."
    follow = [each for each, of in found.items() if of == (key,) and not each.startswith(own)]
    groups = {f"{group}.name": group for group in conditions.GROUPS}
    named = [groups[each] for each in follow if each in groups]
    names = {
        each: group if (group := each.partition(".")[0]) in named else conditions.column(each)
        for each in follow
    }
    return dict(sorted(names.items(), key=lambda item: item[1] not in named))


def _new_images(
    design: Design,
    answers: dict[str, Predictions],
    comparison: Comparison,
    looks: tuple[int, ...],
) -> tuple[float, float] | None:
    """Interval for new seeds and images; None without an interval for new seeds alone.

    With planned looks it has the seeds and the level of the look that is shown.
    """
    names = (comparison.condition_a, comparison.condition_b)
    level = ALPHA / max(comparison.num_comparisons, 1)
    cells = [design.cells.get((name, comparison.place)) for name in names]
    first, second = (answers.get(each.label) if each else None for each in cells)
    if first is None or second is None or not np.array_equal(first.labels, second.labels):
        return None
    common = sorted(set(first.seeds) & set(second.seeds))
    if looks and comparison.look is not None:  # as the verdict that stands
        common = [seed for seed in common if seed.seed < comparison.look]
        at_look = sequential.levels(looks, comparison.num_comparisons)
        level = at_look[looks.index(comparison.look)].difference
    if len(common) < MIN_PAIRS or comparison.verdict == Verdict.IDENTICAL:
        return None
    right_a, right_b = (each.correct_with(common) for each in (first, second))
    return new_images_interval(right_a, right_b, 1 - level)
