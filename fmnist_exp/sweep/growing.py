"""A sweep that plans runs while it goes on, batch by batch, from what earlier runs have shown."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.core.utils import JobReturn

from fmnist_exp.data import loading
from fmnist_exp.errors import ConfigError
from fmnist_exp.run.provenance import hash_of, run_key
from fmnist_exp.rundir import plan
from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.sweep.progress import SweepProgress
from fmnist_exp.sweep.study import Study


class GrowingStudy(Study):
    """Plans and launches batches; a run that has ended is not launched again.

    The plan says what each run is, its directory how it has ended: a sweep that was stopped
    anywhere goes on from there.
    """

    least_runs = 0  # that it will have

    @abstractmethod
    def batches(self, progress: SweepProgress) -> Iterator[list[int]]:
        """Numbers of the planned runs to launch together, batch by batch."""

    def carry_out(self) -> list[JobReturn]:
        """Launch batch after batch; what their runs have returned."""
        returned: list[JobReturn] = []
        with self.shown(max(self.least_runs, len(self.runs))) as progress:
            for batch in self.batches(progress):
                returned += self.launch({number: self.runs[number].overrides for number in batch})
        return returned

    def go_on(self, begun_with: Mapping[str, Any]) -> None:
        """Take over the runs that are planned already, if the sweep was begun with the same.

        Args:
            begun_with: what must stay the same, by name; configs, data and code are added.

        Raises:
            ConfigError: the directory holds a sweep that was begun with something else.
        """
        hashes = [run_key(each, loading.load(each.own_data).sha256) for each in self.configs]
        self.begun_with = {
            **begun_with,
            "engine": self.configs[0].engine,
            "configs, data or training code": hash_of({"keys": hashes})[:12],
        }
        self.runs = list(plan.read_runs(self.directory))
        former = plan.read_study(self.directory)
        held = (former and former.begun_with) or self.begun_with
        for name, wanted in self.begun_with.items():
            if held.get(name) != wanted:
                raise ConfigError(
                    f"{self.directory} holds {self.kind} that was begun with other {name}, so that "
                    f"its runs do not go together with new ones: {held.get(name)}, received "
                    f"{wanted}. Pass hydra.sweep.dir=DIR to begin another."
                )

    def planned(self, overrides: Sequence[str]) -> PlannedRun:
        """What the next run would be; errors as `checked_run`."""
        config, directory = self.checked_run(len(self.runs), overrides)
        return PlannedRun(
            number=len(self.runs),
            directory=directory,
            overrides=tuple(overrides),
            config=config.replaced(engine=self.configs[0].engine).plain(),
        )

    def add(self, run: PlannedRun, progress: SweepProgress) -> None:
        """Fix what the next run is, before it starts."""
        plan.write_run(self.directory, run)
        self.runs.append(run)
        progress.watch.add(run)
