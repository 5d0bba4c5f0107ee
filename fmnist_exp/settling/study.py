"""A sweep of one factor that adds seeds until each comparison of its levels is settled.

What is planned stands in `study.json` before the first run: the looks, which are the numbers of
seeds after which all is compared. The verdicts follow from the run directories alone, here as in
the report.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from hydra.core.override_parser.types import Override

from fmnist_exp.config.parsing import parse_execution
from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.records import RunRecord, sources_of_chance
from fmnist_exp.settling.said import described, progressed, schedule
from fmnist_exp.statistics import sequential
from fmnist_exp.statistics.verdicts import (
    ALPHA,
    MAX_LEVELS,
    MIN_PAIRS,
    SESOI,
    Arm,
    Comparison,
    Statement,
)
from fmnist_exp.sweep import composing
from fmnist_exp.sweep.checking import listed
from fmnist_exp.sweep.growing import GrowingStudy
from fmnist_exp.sweep.hydra_private import task_overrides
from fmnist_exp.sweep.progress import SweepProgress

OWN_KEYS = ("seed", "until_settled")
UNCOMPARED = ("data", "data.name", "data.dir", "data.num_test", "engine")  # as in no report
OF_CHANCE = ("chance", "data.split_seed", "seeds")  # and all below `seeds`
INSTEAD = "Or leave out until_settled and give the seeds yourself, such as 'seed=range(20)'."


class SettledStudy(GrowingStudy):
    """A sweep that adds seeds; its `runs` are those that are planned so far.

    Attributes:
        settling: factor, levels and looks.
        fixed: overrides that all runs have.
        ended: number of a run -> its record, of those that are known to have ended.
    """

    kind = plan.SETTLED
    settling: plan.Settling
    fixed: tuple[str, ...]
    ended: dict[int, RunRecord]

    def prepare(self) -> None:
        """Check the runs of the first look, and read the data.

        Raises:
            FmnistError: as `Study.prepare`; also if there is not one factor with several levels,
                or the directory holds a sweep that was begun with something else.
        """
        self.check_place()
        self.check_factors()
        factor = self._factor()
        most = parse_execution(self.master).until_settled
        assert most is not None
        lines = {each.get_key_element(): str(each.input_line) for each in self.composer.factors}
        own = (*OWN_KEYS, factor.get_key_element())
        self.fixed = tuple(line for key, line in lines.items() if key not in own)
        self.settling = plan.Settling(
            factor=factor.key_or_group,
            levels=tuple(composing.levels(factor)),
            looks=sequential.planned_looks(most),
            sesoi=SESOI,
            alpha=ALPHA,
        )
        self.configs, _ = self.checked(self._first_look())
        if len({*map(repr, self.configs)}) < len(self.configs):
            raise ConfigError(
                f"the levels of a factor must differ, received {factor.input_line}, of which two "
                "make the same runs. Leave one of them out."
            )
        self._check_chance()
        self.ended = {}
        self.least_runs = len(self.configs)
        self.go_on({"factor": str(factor.input_line), "until_settled": most})

    def batches(self, progress: SweepProgress) -> Iterator[list[int]]:
        """The missing runs of each look, as long as a comparison is open."""
        planned = {self._level_and_seed(run): run.number for run in self.runs}
        for start, stop in pairwise((0, *self.settling.looks)):
            wanted = list(itertools.product(self._open_levels(start), range(start, stop)))
            for each in wanted:
                if each not in planned:
                    planned[each] = len(self.runs)
                    self.add(self.planned(self._overrides(*each)), progress)
            self.write_study()
            numbers = [planned[each] for each in wanted]
            if batch := [each for each in numbers if not self._has_ended(each)]:
                yield batch
            if not wanted or not all(map(self._has_ended, numbers)):
                return
            for line in progressed(self.compared(), stop):
                progress.say(line)

    def compared(self) -> list[Comparison]:
        """What the runs that have ended say of each pair of levels."""
        results: dict[str, dict[int, RunRecord]] = {level: {} for level in self.settling.levels}
        for run in self.runs:
            if self._has_ended(run.number):
                level, seed = self._level_and_seed(run)
                results[level][seed] = self.ended[run.number]
        arms = [_arm(level, found) for level, found in results.items()]
        pairs = zip(combinations(arms, 2), combinations(results.values(), 2), strict=True)
        statements = [
            Statement(later, earlier, identical=_identical(found))
            for (earlier, later), found in pairs
        ]
        num_images = len(loading.load(self.configs[0].own_data).test)
        return sequential.follow(
            statements, self.settling.looks, len(statements), resolution=1 / num_images
        )

    def description(self, store: Store | None) -> str:
        """What a dry run says: looks and their levels, and the runs of the first."""
        first = listed(self.configs, self._first_look(), store)
        return "\n".join([*schedule(self.settling), "the first look:", first])

    def result(self) -> str:
        """What is settled, and what is not."""
        most = self.settling.looks[-1]
        return "\n".join(described(each, most) for each in self.compared())

    def _factor(self) -> Override:
        """The one factor; its levels are compared at any number of seeds."""
        given = {each.partition("=")[0].lstrip("+") for each in task_overrides(self.master)}
        if "seed" in given:
            raise ConfigError(
                "seed must not be given beside until_settled, which adds seeds from 0 on. "
                "Leave it out."
            )
        factors = [
            each
            for each in self.composer.factors
            if each.is_sweep_override() and each.get_key_element() != "seed"
        ]
        if len(factors) != 1:
            named = " ".join(str(each.input_line) for each in factors) or "none"
            raise ConfigError(
                "until_settled must have one factor, as its comparisons share what they may be "
                f"false with, received {named}. Vary one, such as initializer=glorot,he,lecun. "
                f"{INSTEAD}"
            )
        (factor,) = factors
        count = len(composing.levels(factor))
        if not 2 <= count <= MAX_LEVELS:
            raise ConfigError(
                f"until_settled must compare 2 to {MAX_LEVELS} levels, received {count}: "
                f"{factor.input_line}. {INSTEAD}"
            )
        if factor.key_or_group.startswith(OF_CHANCE):
            raise ConfigError(
                f"until_settled must ask about a choice, received {factor.input_line}, which is a "
                f"source of chance: runs that differ in it are of one condition. {INSTEAD}"
            )
        if factor.key_or_group in UNCOMPARED:
            raise ConfigError(
                f"until_settled must ask about something else than {factor.key_or_group}, received "
                f"{factor.input_line}: runs on other data, other test images or of another engine "
                f"are not compared. {INSTEAD}"
            )
        return factor

    def _check_chance(self) -> None:
        """Refuse runs that all seeds would repeat to the bit."""
        for config in self.configs:
            own = config.seeds.plain() | {"split": config.data.split_seed}
            sources = sources_of_chance(config.plain())
            if all(own[each] is not None for each in sources):
                raise ConfigError(
                    "until_settled must leave a source of chance to the seeds that it adds, "
                    f"received a seed of its own for each: {', '.join(sources)}. Leave out one of "
                    "seeds.*, or pass data.split_seed=null."
                )

    def _level_and_seed(self, run: PlannedRun) -> tuple[str, int]:
        (level,) = {*run.overrides} & {*self.settling.levels}
        return level, int(run.config["seed"])

    def _overrides(self, level: str, seed: int) -> tuple[str, ...]:
        return (*self.fixed, level, f"seed={seed}")

    def _first_look(self) -> list[tuple[str, ...]]:
        return [
            self._overrides(level, seed)
            for level in self.settling.levels
            for seed in range(MIN_PAIRS)
        ]

    def _open_levels(self, num_seeds: int) -> list[str]:
        """Levels with a comparison that was not settled by so many seeds; all of them before.

        A level that has no result after two looks is not waited for.
        """
        pairs = combinations(self.settling.levels, 2)
        open_pairs = [
            pair
            for pair, each in zip(pairs, self.compared(), strict=True)
            if (each.settled_after is None or each.settled_after > num_seeds)
            and (each.num_pairs or num_seeds < 2 * MIN_PAIRS)
        ]
        return [level for level in self.settling.levels if any(level in one for one in open_pairs)]

    def _has_ended(self, number: int) -> bool:
        """Whether a run has left a result; what is damaged is trained again."""
        if number not in self.ended:
            record = plan.read_result(self.directory, self.runs[number])
            if record is not None:
                self.ended[number] = record
        return number in self.ended


def _arm(level: str, results: Mapping[int, RunRecord]) -> Arm:
    """A level as it is compared: seed -> test accuracy, and the seeds that have none."""
    found = {seed: each.metrics["test"]["accuracy"] for seed, each in results.items()}
    values = {
        seed: accuracy
        for seed, accuracy in found.items()
        if accuracy is not None and results[seed].status == "completed"
    }
    diverged = frozenset(results.keys() - values.keys())
    return Arm(level.partition("=")[2], values, len(diverged), diverged)


def _identical(pair: Sequence[Mapping[int, RunRecord]]) -> bool:
    """Whether two levels have ended alike in every seed that both have."""
    first, second = pair
    return bool(first.keys() & second.keys()) and all(
        (first[seed].status, first[seed].metrics) == (second[seed].status, second[seed].metrics)
        for seed in first.keys() & second.keys()
    )
